// The default scheduler: places pods with schedulerName default-scheduler by resources, node selector, affinity and taints,
// and says why it cannot.

internal import Controller
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// Binds pending pods.
struct Scheduler: Sendable {
    /// Pods with this schedulerName are its own; the API server's default.
    static let name = "default-scheduler"

    let cluster: any ClusterAPI
    let events: CoreEventRecorder

    /// Looks at all pods whenever one of them or a node changes: what one gets another lacks.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<Everything> {
        Controller(named: "scheduler", log: log, loop: loop) { _ in
            try await reconcile()
            return .requeue(after: .seconds(30))
        }
        .looks(at: Pod.self, of: cluster)
        .looks(at: Node.self, of: cluster)
    }

    /// One pass over all pending pods, oldest first.
    func reconcile() async throws(ClusterError) {
        let pods = try await cluster.list(Pod.self)
        let pending = pods.filter(Self.isPending).sorted { Self.age($0) < Self.age($1) }
        guard !pending.isEmpty else { return }
        var snapshot = SchedulerSnapshot(nodes: try await cluster.list(Node.self), pods: pods)
        for pod in pending {
            switch snapshot.decide(pod) {
            case .node(let node):
                snapshot.place(pod, on: node)
                try await bind(pod, to: node)
            case .unschedulable(let why): try await refuse(pod, why)
            }
        }
    }

    private static func isPending(_ pod: Pod) -> Bool {
        pod.spec.schedulerName == name && !pod.isBound && !pod.isTerminal && !pod.metadata.isTerminating
            && pod.spec.schedulingGates.isEmpty
    }

    private static func age(_ pod: Pod) -> (Int64, String) {
        (pod.metadata.creationTimestamp?.microseconds ?? 0, pod.metadata.name)
    }

    private func bind(_ pod: Pod, to node: String) async throws(ClusterError) {
        do throws(ClusterError) {
            try await cluster.bind(Binding(pod: pod.key, uid: pod.metadata.uid, node: node))
        } catch {
            // Somebody was faster: deleted it, or bound it.
            guard error.isWorthRetrying else { return }
            throw error
        }
        events.record(
            EventNote(
                .normal, about: pod.reference, reason: "Scheduled", action: "Binding",
                note: "Successfully assigned \(pod.key) to \(node)"))
    }

    private func refuse(_ pod: Pod, _ why: String) async throws(ClusterError) {
        guard pod.status.conditions["PodScheduled"]?.message != why else { return }
        let condition = Condition(
            type: "PodScheduled", status: .false, reason: "Unschedulable", message: why,
            lastTransitionTime: .now)
        do throws(ClusterError) {
            try await cluster.setConditions(Pod.self, pod.key, [condition])
        } catch {
            guard error.isWorthRetrying else { return }  // it is gone
            throw error
        }
        events.record(
            EventNote(
                .warning, about: pod.reference, reason: "FailedScheduling", action: "Scheduling", note: why))
    }
}
