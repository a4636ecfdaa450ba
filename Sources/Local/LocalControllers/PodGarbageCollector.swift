// Pods on a node that was deleted are beyond every kubelet: nobody else would ever end them (pkg/controller/podgc).

internal import Controller
internal import KubernetesAPI
internal import Observability
internal import SystemIO

/// Deletes the pods of nodes that no longer exist.
struct PodGarbageCollector: Sendable {
    let cluster: any ClusterAPI

    /// Looks at all pods when a node goes, and every twenty seconds.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<Everything> {
        Controller(named: "pod-garbage-collector", log: log, loop: loop) { _ in
            try await reconcile()
            return .requeue(after: .seconds(20))
        }
        .looks(at: Node.self, of: cluster)
    }

    /// One pass over all pods.
    func reconcile() async throws(ClusterError) {
        let nodes = Set(try await cluster.list(Node.self).map(\.metadata.name))
        for pod in try await cluster.list(Pod.self) {
            guard let node = pod.spec.nodeName, !node.isEmpty, !nodes.contains(node) else { continue }
            do throws(ClusterError) {
                try await cluster.delete(
                    Pod.self, pod.key, DeleteOptions(gracePeriodSeconds: 0, uid: pod.metadata.uid))
            } catch {
                if error.isWorthRetrying { throw error }  // else it is gone
            }
        }
    }
}
