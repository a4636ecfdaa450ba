// Everything at one moment, told at once: for whoever keeps no scheduler, and to compare one that is kept with.

/// Everything that placement depends on, at one moment.
package struct SchedulingState: Sendable {
    /// All pods.
    package var pods: [PodInfo]
    /// All nodes.
    package var nodes: [CandidateNode]
    /// Bindings that the pods do not show yet.
    package var assumed: [AssumedBinding]
    /// Pods, by uid, that wait although nothing is decided about them now.
    package var postponed: Set<String> = []
    /// Whether pods go for those of higher priority.
    package var preempts = true
    /// The labels of namespaces, by name.
    package var namespaces: [String: [String: String]] = [:]

    /// A state.
    package init(
        pods: [PodInfo], nodes: [CandidateNode], assumed: [AssumedBinding] = [], postponed: Set<String> = []
    ) {
        self.pods = pods
        self.nodes = nodes
        self.assumed = assumed
        self.postponed = postponed
    }

    /// A scheduler that knows it.
    package var scheduler: PodScheduler {
        var scheduler = PodScheduler()
        for node in nodes { scheduler.observe(node) }
        for pod in pods { scheduler.observe(pod) }
        for binding in assumed { scheduler.assume(binding) }
        scheduler.observe(namespaces: namespaces)
        scheduler.postponed = postponed
        scheduler.preempts = preempts
        return scheduler
    }

    /// Decides about every pod that waits.
    package func decisions() -> [Decision] {
        var scheduler = scheduler
        return scheduler.decide()
    }
}
