// What the operator reads of the cluster: copies that informers keep true, and what is worked out about their objects.

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import Scheduling
internal import SystemIO

/// The operator's copies.
final class ObservedCluster: Sendable {
    let servers: Informer<ModelServer>
    let pods: Informer<Pod>
    let nodes: Informer<Node>
    let neuronNodes: Informer<NeuronNode>
    /// Their labels, which affinities between pods read.
    let namespaces: Informer<Namespace>
    /// Which pods may not go for others.
    let budgets: Informer<PodDisruptionBudget>
    /// What pods claim of storage, and what there is of it.
    let claims: Informer<PersistentVolumeClaim>
    let volumes: Informer<PersistentVolume>
    let storageClasses: Informer<StorageClass>
    /// How many volumes nodes take.
    let csiNodes: Informer<CSINode>
    /// Those that the operator made.
    let services: Informer<Service>
    /// PodDisruptionBudgets that the operator made.
    let ownBudgets: Informer<JSON>
    /// Which pods are placed together, where the cluster has a word for it.
    let podGroups: PodGroups

    /// By which names pods are placed.
    let names: PlacementNames
    private let infos = Lock(Infos())

    /// Pods of ModelServers by their node: on a large cluster they are few among many.
    private static let serversByNode = StoreIndex<Pod>("modelserver-node") { pod in
        guard let node = pod.spec.nodeName, pod.owner(of: ModelServer.resource) != nil else { return [] }
        return [node]
    }

    /// Pods of ModelServers by the server's key.
    private static let podsByServer = StoreIndex<Pod>("modelserver") { pod in
        pod.owner(of: ModelServer.resource).map { [$0.description] } ?? []
    }

    private struct Infos {
        var nodes = InfoCache<CandidateNode>()
        var clock = ReportClock()
    }

    init(
        _ client: KubernetesClient, names: PlacementNames, registry: MetricsRegistry?, log: Logger,
        loop: EventLoop
    ) {
        self.names = names
        servers = Informer(client, registry: registry, log: log, loop: loop)
        pods = Informer(
            client, indexes: [Self.serversByNode, Self.podsByServer], omitting: Pod.unreadForPlacement,
            transform: { $0.reducedToPlacement() },
            registry: registry,
            log: log, loop: loop)
        nodes = Informer(client, registry: registry, log: log, loop: loop)
        namespaces = Informer(client, registry: registry, log: log, loop: loop)
        budgets = Informer(client, registry: registry, log: log, loop: loop)
        claims = Informer(client, registry: registry, log: log, loop: loop)
        volumes = Informer(client, registry: registry, log: log, loop: loop)
        storageClasses = Informer(client, registry: registry, log: log, loop: loop)
        csiNodes = Informer(client, registry: registry, log: log, loop: loop)
        neuronNodes = Informer(client, registry: registry, log: log, loop: loop)
        podGroups = PodGroups(client, registry: registry, log: log, loop: loop)
        services = Informer(
            client, labelSelector: "\(WellKnown.managedByLabel)=\(WellKnown.operatorManager)",
            registry: registry, log: log, loop: loop)
        ownBudgets = Informer(
            client, PodDisruptionBudget.resource,
            labelSelector: "\(WellKnown.managedByLabel)=\(WellKnown.operatorManager)",
            registry: registry, log: log, loop: loop)
    }

    /// What is known of each node, by the Node and its NeuronNode.
    ///
    /// - Parameter now: on any clock that does not jump.
    func nodeInfos(now: Duration = MonotonicClock.time) -> [CandidateNode] {
        let objects = nodes.store.list()
        let reports = Dictionary(
            neuronNodes.store.list().map { ($0.metadata.name, $0) }, uniquingKeysWith: { first, _ in first })
        return infos.withLock { infos in
            infos.clock.keep(Set(reports.keys))
            var current: Set<String> = []
            for (name, report) in reports
            where infos.clock.isCurrent(name, time: report.status?.reportTime, now: now) {
                current.insert(name)
            }
            return infos.nodes.update(
                objects,
                version: { node in
                    let name = node.metadata.name
                    let report = reports[name]?.metadata.resourceVersion ?? ""
                    return "\(node.metadata.resourceVersion) \(report) \(current.contains(name))"
                },
                make: { node in
                    let name = node.metadata.name
                    return CandidateNode(
                        node, neuronNode: reports[name], isCurrent: current.contains(name),
                        resource: names.resource)
                })
        }
    }

    /// Whether a change of a NeuronNode changes anything but the time at which its agent was last heard.
    static func isNews(_ change: ObjectChange<NeuronNode>) -> Bool {
        guard case .modified(let old, let new) = change else { return true }
        var (before, after) = (old.status, new.status)
        before?.reportTime = nil
        after?.reportTime = nil
        return before != after
    }

    /// The ModelServers that have pods on a node.
    func servers(onNode name: String) -> [ObjectKey] {
        pods.store.list(index: Self.serversByNode.name, value: name)
            .compactMap { $0.owner(of: ModelServer.resource) }
    }

    /// The pods of the ModelServers that have had this key: the present one, and those before it.
    func pods(ofServer key: ObjectKey) -> [Pod] {
        pods.store.list(index: Self.podsByServer.name, value: key.description)
    }

    /// The pods of a ModelServer.
    func pods(of server: ModelServer) -> [Pod] {
        pods(ofServer: server.key).filter { $0.metadata.controller?.uid == server.metadata.uid }
    }

    /// Whether a change of a node may change whether its pods can be reached.
    static func changesReadiness(_ change: ObjectChange<Node>) -> Bool {
        guard case .modified(let old, let new) = change else { return true }
        return old.status.conditions["Ready"] != new.status.conditions["Ready"]
    }

    /// Whether a change of a pod may change who gets which cores, or who may be near whom.
    static func changesPlacement(_ change: ObjectChange<Pod>) -> Bool {
        switch change {
        case .deleted: return true
        case .added(let pod): return pod.needsPlacement || pod.isTerminal
        case .modified(let old, let new):
            return new.needsPlacement || new.isTerminal || old.isBound != new.isBound
                || old.metadata.labels != new.metadata.labels
                || old.metadata.isTerminating != new.metadata.isTerminating
        }
    }
}
