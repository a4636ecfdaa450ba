// PodResources as the kubelet answers it on its socket: what is really allocated.

import GRPC
import KubeletAPI
import SystemIO

/// Who holds which cores.
enum PodResourcesView {
    /// NeuronCores by `namespace/pod/container`, sorted.
    static func read(_ cluster: Cluster) async throws -> [String: [Int]] {
        let client = try await GRPCClient.connect(
            to: .unix(cluster.directory + "/kubelet/pod-resources/kubelet.sock"), timeout: .seconds(60))
        let answer: PodResourcesAPI.ListPodResourcesResponse = try await client.unary(
            PodResourcesAPI.Method.list, PodResourcesAPI.ListPodResourcesRequest(), timeout: .seconds(60))
        await client.close()
        var holders: [String: [Int]] = [:]
        for pod in answer.podResources {
            for container in pod.containers {
                let cores = container.devices.filter { $0.resourceName == "aws.amazon.com/neuroncore" }
                    .flatMap(\.deviceIDs).compactMap { Int($0) }.sorted()
                if !cores.isEmpty { holders["\(pod.namespace)/\(pod.name)/\(container.name)"] = cores }
            }
        }
        return holders
    }
}
