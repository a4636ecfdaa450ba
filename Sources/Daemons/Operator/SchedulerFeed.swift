// Tells the scheduler what has changed in the operator's copies, and nothing else: a pass costs what has happened since the one
// before.

internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling

/// Reads the changes of the copies that placement depends on.
struct SchedulerFeed {
    private let pods: ChangeStream<Pod>
    private let nodes: ChangeStream<Node>
    private let reports: ChangeStream<NeuronNode>
    private let rules: Rules?
    private let names: PlacementNames
    private var knownNodes: [String: Node] = [:]
    private var knownReports: [String: NeuronNode] = [:]
    private var knownNamespaces: [String: [String: String]] = [:]
    private var knownBudgets: [ObjectKey: PodDisruptionBudget] = [:]
    private var knownGroups: [ObjectKey: PodGroupRule] = [:]
    /// Whether the scheduler was told that the cluster has PodGroups.
    private var hasGroups = false
    private var clock = ReportClock()
    /// Nodes whose agents were there when that was last looked at.
    private var current: Set<String> = []
    private var lookedAt: Duration?

    /// A pod that is there, or the uid of one that is gone.
    enum PodNews {
        case present(PodInfo)
        case gone(uid: String)
    }

    /// What only a scheduler needs that chooses nodes itself.
    private struct Rules {
        let namespaces: ChangeStream<Namespace>
        let budgets: ChangeStream<PodDisruptionBudget>
        let podGroups: PodGroups
        let groupChanges: ChangeStream<PodGroup>
        let claims: ChangeStream<PersistentVolumeClaim>
        let volumes: ChangeStream<PersistentVolume>
        let storageClasses: ChangeStream<StorageClass>
        let csiNodes: ChangeStream<CSINode>
    }

    init(_ cluster: ObservedCluster) {
        pods = cluster.pods.store.changes()
        nodes = cluster.nodes.store.changes()
        reports = cluster.neuronNodes.store.changes()
        rules = Rules(
            namespaces: cluster.namespaces.store.changes(), budgets: cluster.budgets.store.changes(),
            podGroups: cluster.podGroups, groupChanges: cluster.podGroups.informer.store.changes(),
            claims: cluster.claims.store.changes(), volumes: cluster.volumes.store.changes(),
            storageClasses: cluster.storageClasses.store.changes(),
            csiNodes: cluster.csiNodes.store.changes())
        names = cluster.names
    }

    /// For a scheduler that is asked about cores and nothing else.
    init(
        pods: ChangeStream<Pod>, nodes: ChangeStream<Node>, reports: ChangeStream<NeuronNode>,
        names: PlacementNames
    ) {
        (self.pods, self.nodes, self.reports, self.names) = (pods, nodes, reports, names)
        rules = nil
    }

    /// What is worked out about a pod.
    func info(_ pod: Pod) -> PodInfo { PodInfo(pod, names: names) }

    /// Tells a scheduler what has changed.
    ///
    /// - Parameter now: on any clock that does not jump.
    /// - Returns: the pods of which something has changed.
    mutating func tell(_ scheduler: inout PodScheduler, now: Duration) -> [PodNews] {
        tellNodes(&scheduler, now: now)
        tellRules(&scheduler)
        tellVolumes(&scheduler)
        var news: [PodNews] = []
        for change in pods.takeWaiting() {
            switch change {
            case .added(let pod), .modified(_, let pod):
                let info = info(pod)
                scheduler.observe(info)
                news.append(.present(info))
            case .deleted(let pod):
                scheduler.forget(pod: pod.metadata.uid)
                news.append(.gone(uid: pod.metadata.uid))
            }
        }
        return news
    }

    private mutating func tellRules(_ scheduler: inout PodScheduler) {
        guard let rules else { return }
        let spaces = rules.namespaces.takeWaiting()
        for change in spaces {
            switch change {
            case .added(let space), .modified(_, let space):
                knownNamespaces[space.metadata.name] = space.metadata.labels
            case .deleted(let space): knownNamespaces[space.metadata.name] = nil
            }
        }
        if !spaces.isEmpty { scheduler.observe(namespaces: knownNamespaces) }
        let budgets = rules.budgets.takeWaiting()
        for change in budgets {
            switch change {
            case .added(let budget), .modified(_, let budget): knownBudgets[budget.key] = budget
            case .deleted(let budget): knownBudgets[budget.key] = nil
            }
        }
        if !budgets.isEmpty {
            scheduler.observe(budgets: knownBudgets.values.sorted { $0.key < $1.key })
        }
        let groups = rules.groupChanges.takeWaiting()
        for change in groups {
            switch change {
            case .added(let group), .modified(_, let group):
                knownGroups[group.key] = PodGroupRule(group.spec)
            case .deleted(let group): knownGroups[group.key] = nil
            }
        }
        if !groups.isEmpty || rules.podGroups.isServed != hasGroups {
            hasGroups = rules.podGroups.isServed
            scheduler.observe(podGroups: hasGroups ? knownGroups : nil)
        }
    }

    private func tellVolumes(_ scheduler: inout PodScheduler) {
        guard let rules else { return }
        for change in rules.storageClasses.takeWaiting() {
            switch change {
            case .added(let new), .modified(_, let new): scheduler.observe(new)
            case .deleted: scheduler.forget(storageClass: change.key.name)
            }
        }
        for change in rules.volumes.takeWaiting() {
            switch change {
            case .added(let new), .modified(_, let new): scheduler.observe(new)
            case .deleted: scheduler.forget(volume: change.key.name)
            }
        }
        for change in rules.claims.takeWaiting() {
            switch change {
            case .added(let new), .modified(_, let new): scheduler.observe(new)
            case .deleted: scheduler.forget(claim: change.key)
            }
        }
        for change in rules.csiNodes.takeWaiting() {
            switch change {
            case .added(let new), .modified(_, let new):
                scheduler.observe(volumeLimits: new.limits, of: change.key.name)
            case .deleted: scheduler.observe(volumeLimits: [:], of: change.key.name)
            }
        }
    }

    private mutating func tellNodes(_ scheduler: inout PodScheduler, now: Duration) {
        var touched: Set<String> = []
        for change in nodes.takeWaiting() {
            let name = change.key.name
            switch change {
            case .added(let node), .modified(_, let node): knownNodes[name] = node
            case .deleted: knownNodes[name] = nil
            }
            touched.insert(name)
        }
        for change in reports.takeWaiting() {
            let name = change.key.name
            switch change {
            case .added(let report), .modified(_, let report): knownReports[name] = report
            case .deleted: knownReports[name] = nil
            }
            if ObservedCluster.isNews(change) { touched.insert(name) }
            note(name, now: now, &touched)
        }
        // That an agent has fallen silent, no event tells.
        if now - (lookedAt ?? .zero) >= .seconds(1) || lookedAt == nil {
            lookedAt = now
            clock.keep(Set(knownReports.keys))
            for name in knownReports.keys { note(name, now: now, &touched) }
        }
        for name in touched {
            guard let node = knownNodes[name] else {
                scheduler.forget(node: name)
                continue
            }
            scheduler.observe(
                CandidateNode(
                    node, neuronNode: knownReports[name], isCurrent: current.contains(name),
                    resource: names.resource))
        }
    }

    private mutating func note(_ name: String, now: Duration, _ touched: inout Set<String>) {
        let time = knownReports[name]?.status?.reportTime
        let isCurrent = knownReports[name] != nil && clock.isCurrent(name, time: time, now: now)
        guard isCurrent != current.contains(name) else { return }
        if isCurrent { current.insert(name) } else { current.remove(name) }
        touched.insert(name)
    }
}
