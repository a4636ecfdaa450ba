// What the operator believes about the cluster, for whoever asks why a pod has no node.

internal import Controller
internal import KubernetesAPI
internal import KubernetesClient

extension ObservedCluster {
    /// The copies, and the pods that wait, a line for each: at most 1,000.
    ///
    /// - Parameter unschedulable: why pods have no node, by uid.
    func dump(unschedulable: [String: String]) -> String {
        let copies: [(name: String, count: Int, isSynced: Bool, problem: String?)] = [
            (servers.name, servers.store.count, servers.isSynced, servers.problem),
            (pods.name, pods.store.count, pods.isSynced, pods.problem),
            (nodes.name, nodes.store.count, nodes.isSynced, nodes.problem),
            (neuronNodes.name, neuronNodes.store.count, neuronNodes.isSynced, neuronNodes.problem),
            (claims.name, claims.store.count, claims.isSynced, claims.problem),
            (volumes.name, volumes.store.count, volumes.isSynced, volumes.problem),
            (services.name, services.store.count, services.isSynced, services.problem),
        ]
        let lines = copies.map { copy in
            let state = copy.problem ?? (copy.isSynced ? "followed" : "not read yet")
            return "\(copy.name): \(copy.count), \(state)\n"
        }
        let waiting = pods.store.list().compactMap { pod in
            unschedulable[pod.metadata.uid].map { "  \(pod.key): \($0)\n" }
        }
        return lines.joined() + "\(waiting.count) pods wait for a node\n" + waiting.prefix(1000).joined()
    }
}
