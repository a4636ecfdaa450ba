// What the operator reads of the cluster: copies that informers keep true, and what is worked out about their objects.

internal import Controller
internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// The operator's copies.
final class ObservedCluster: Sendable {
    let servers: Informer<ModelServer>
    let pods: Informer<Pod>
    let nodes: Informer<Node>
    let neuronNodes: Informer<NeuronNode>
    /// Those that the operator made.
    let services: Informer<Service>

    private let resource: String
    private let infos = Lock(Infos())

    private struct Infos {
        var pods = InfoCache<PodInfo>()
        var nodes = InfoCache<CandidateNode>()
    }

    /// - Parameter resource: the extended resource of NeuronCores.
    init(
        _ client: KubernetesClient, resource: String, registry: MetricsRegistry?, log: Logger, loop: EventLoop
    ) {
        self.resource = resource
        servers = Informer(client, registry: registry, log: log, loop: loop)
        pods = Informer(
            client, transform: { $0.reducedToPlacement() }, registry: registry, log: log, loop: loop)
        nodes = Informer(client, registry: registry, log: log, loop: loop)
        neuronNodes = Informer(client, registry: registry, log: log, loop: loop)
        services = Informer(
            client, labelSelector: "\(WellKnown.managedByLabel)=\(WellKnown.operatorManager)",
            registry: registry, log: log, loop: loop)
    }

    /// What is known of each pod.
    func podInfos() -> [PodInfo] {
        let objects = pods.store.list()
        return infos.withLock { infos in
            infos.pods.update(objects, version: { "\($0.metadata.uid) \($0.metadata.resourceVersion)" }) {
                PodInfo($0, resource: resource)
            }
        }
    }

    /// What is known of each node, by the Node and its NeuronNode.
    func nodeInfos() -> [CandidateNode] {
        let objects = nodes.store.list()
        let reports = Dictionary(
            neuronNodes.store.list().map { ($0.metadata.name, $0) }, uniquingKeysWith: { first, _ in first })
        func version(_ node: Node) -> String {
            let report = reports[node.metadata.name]?.metadata.resourceVersion ?? ""
            return "\(node.metadata.resourceVersion) \(report)"
        }
        return infos.withLock { infos in
            infos.nodes.update(objects, version: version) {
                CandidateNode($0, neuronNode: reports[$0.metadata.name], resource: resource)
            }
        }
    }

    /// The ModelServers that have pods on a node.
    func servers(onNode name: String) -> [ObjectKey] {
        podInfos().filter { $0.node == name }.compactMap { $0.pod.owner(of: ModelServer.resource) }
    }

    /// Whether a change of a pod may change who gets which cores: one waits, or gives its cores back.
    func changesPlacement(_ change: ObjectChange<Pod>) -> Bool {
        switch change {
        case .deleted: return true
        case .added(let pod), .modified(_, let pod):
            let info = PodInfo(pod, resource: resource)
            return info.needsPlacement || info.isTerminal
        }
    }
}
