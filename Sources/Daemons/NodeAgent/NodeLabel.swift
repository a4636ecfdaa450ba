// The label by which AWS's plugin marks Neuron nodes, and by which the Neuron Observer and others choose them. It is set
// only where nobody else has set it, and taken away only where this agent is the one that set it: the API server remembers
// whose a field is (server-side apply).

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI

/// The label `neuron.amazonaws.com/present` of a Node.
enum NodeLabel {
    /// The label.
    static let key = WellKnown.neuronPresentLabel

    /// What is to be applied to a Node.
    ///
    /// - Parameters:
    ///   - node: as the API server has it.
    ///   - hasChips: whether the plugin finds chips there.
    /// - Returns: the configuration of field manager `WellKnown.agentManager`; nil where nothing is to be done.
    static func configuration(for node: LabelledNode, hasChips: Bool) -> Node? {
        let isThere = node.metadata.labels?[key] != nil
        guard hasChips ? !isThere : isThere && node.hasApplied(key, by: WellKnown.agentManager) else {
            return nil
        }
        // The uid: an apply must not make a Node that has just gone.
        var metadata = ObjectMetadata(name: node.metadata.name)
        metadata.uid = node.metadata.uid
        if hasChips { metadata.labels = [key: "true"] }
        return Node(metadata)
    }
}

/// A Node as far as its labels and who has set them are concerned: what others read of a Node leaves its managed fields out,
/// which are long.
struct LabelledNode: Decodable, Equatable, Sendable {
    /// What of `metadata` matters.
    struct Metadata: Decodable, Equatable, Sendable {
        var name: String
        var uid: String
        var labels: [String: String]?
        var managedFields: [ManagedFields]?
    }

    /// What somebody has written.
    struct ManagedFields: Decodable, Equatable, Sendable {
        var manager: String?
        var operation: String?
        var fieldsV1: Fields?
    }

    /// The labels among the fields (FieldsV1).
    struct Fields: Decodable, Equatable, Sendable {
        struct Metadata: Decodable, Equatable, Sendable {
            var labels: [String: JSON]?
            private enum CodingKeys: String, CodingKey { case labels = "f:labels" }
        }
        var metadata: Metadata?
        private enum CodingKeys: String, CodingKey { case metadata = "f:metadata" }
    }

    var metadata: Metadata

    /// Whether a label is there because a manager has applied it.
    func hasApplied(_ label: String, by manager: String) -> Bool {
        (metadata.managedFields ?? []).contains {
            $0.manager == manager && $0.operation == "Apply"
                && $0.fieldsV1?.metadata?.labels?["f:" + label] != nil
        }
    }
}
