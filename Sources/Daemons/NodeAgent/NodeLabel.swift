// The label by which AWS's plugin marks Neuron nodes, and by which the Neuron Observer and others choose them. It is set
// only where nobody else has set it, and taken away only where this agent is the one that set it: the API server remembers
// whose a field is (server-side apply).

internal import JSON
internal import KubernetesClient

/// The label `neuron.amazonaws.com/present` of a Node.
enum NodeLabel {
    /// The label.
    static let key = "neuron.amazonaws.com/present"

    /// What is to be applied to a Node.
    ///
    /// - Parameters:
    ///   - node: as the API server has it.
    ///   - hasChips: whether the plugin finds chips there.
    /// - Returns: the configuration of field manager `AgentNames.fieldManager`; nil where nothing is to be done.
    static func configuration(for node: JSON, hasChips: Bool) -> JSON? {
        let isThere = node.meta.labels[key] != nil
        guard hasChips ? !isThere : isThere && isOurs(node) else { return nil }
        // The uid: an apply must not make a Node that has just gone.
        var metadata: JSON = ["name": .string(node.meta.name), "uid": .string(node.meta.uid)]
        if hasChips { metadata["labels"] = [key: "true"] }
        return ["apiVersion": "v1", "kind": "Node", "metadata": metadata]
    }

    private static func isOurs(_ node: JSON) -> Bool {
        (node["metadata"]?["managedFields"]?.array ?? []).contains { entry in
            entry["manager"]?.string == AgentNames.fieldManager && entry["operation"] == "Apply"
                && entry["fieldsV1"]?["f:metadata"]?["f:labels"]?["f:" + key] != nil
        }
    }
}
