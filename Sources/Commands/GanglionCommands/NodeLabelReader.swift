// Reads a Node's label from the API server, for commands that run on that node.

internal import KubernetesAPI
import KubernetesClient

enum NodeLabelReader {
    /// The label's value; nil where the Node has no such label.
    static func read(_ node: String, _ label: String) async throws -> String? {
        let configuration = try ClientConfiguration.load()
        let client = try await KubernetesClient.make(configuration, program: "ganglion")
        return try await client.get(.nodes, ObjectKey(name: node)).meta.labels[label]
    }
}
