// A ModelServer is a set of equal pods, each of which serves the same models on its own NeuronCores.

internal import JSON
package import KubernetesAPI

extension APIResource {
    /// This project's model servers.
    package static let modelServers = APIResource(
        group: "ganglion.dev", version: "v1alpha1", plural: "modelservers", kind: "ModelServer")
}

/// A ModelServer.
package struct ModelServer: Resource {
    /// `modelservers.ganglion.dev/v1alpha1`
    package static let resource = APIResource.modelServers
    /// Always `ganglion.dev/v1alpha1`.
    package private(set) var apiVersion = VersionField<ModelServer>()
    /// Always `ModelServer`.
    package private(set) var kind = KindField<ModelServer>()
    /// Its name also names the Service.
    package var metadata: ObjectMetadata
    /// What the user wants; nil where it cannot be read, as where it was stored under an older definition.
    package var spec: ModelServerSpec?
    /// What the operator has seen.
    package var status: ModelServerStatus?
    /// Why there is no `spec`, one sentence.
    private var fault: String?

    /// A server.
    package init(metadata: ObjectMetadata, spec: ModelServerSpec? = nil, status: ModelServerStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    private enum CodingKeys: CodingKey {
        case apiVersion, kind, metadata, spec, status
    }

    /// Reads a server. One whose spec is not of the type is a server all the same: its status has to say so.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try container.decode(ObjectMetadata.self, forKey: .metadata)
        status = try? container.decodeIfPresent(ModelServerStatus.self, forKey: .status)
        do {
            spec = try container.decodeIfPresent(ModelServerSpec.self, forKey: .spec)
        } catch {
            let written = try container.decode(JSON.self, forKey: .spec)
            do throws(InvalidSpec) {
                try ModelServerSpec.schema.check(written, at: "spec")
                fault = "spec cannot be read: \(error)"
            } catch {
                fault = error.description
            }
        }
    }

    /// The spec, checked again with the definition's values.
    ///
    /// - Throws: `InvalidSpec` where it cannot be read or the definition would refuse it.
    package func validSpec() throws(InvalidSpec) -> ModelServerSpec {
        guard let spec else { throw InvalidSpec(fault ?? "spec is missing") }
        guard let written = try? JSON(encoding: spec) else { throw InvalidSpec("spec cannot be read") }
        try ModelServerSpec.schema.check(written, at: "spec")
        return spec
    }

    /// The definition of the resource.
    package static let definition = ResourceDefinition(
        resource: resource,
        comment:
            "A ModelServer is a set of equal pods, each of which serves the same models on its own NeuronCores.",
        description: "ModelServer is a set of equal pods that serve models on groups of NeuronCores.",
        shortName: "nms", isScalable: true,
        columns: [
            .init("Ready", "integer", ".status.readyReplicas"),
            .init("Desired", "integer", ".spec.replicas"),
            .init("Cores", "integer", ".status.coresPerReplica", description: "NeuronCores of one replica"),
            .init("Reason", "string", #".status.conditions[?(@.type=="Ready")].reason"#),
            .init("URL", "string", ".status.url"),
            .init("Age", "date", ".metadata.creationTimestamp"),
            .init(
                "Preset", "string", ".spec.runtime.preset", description: "the server in the pods",
                isWide: true),
            .init(
                "Node", "string", ".status.nodes", description: "the groups' node, or how many there are",
                isWide: true),
            .init(
                "Group", "string", ".status.neuronCores",
                description: "the group's NeuronCores, or how many groups there are", isWide: true),
        ], spec: ModelServerSpec.schema, status: ModelServerStatus.schema, rules: [nameRule])
}
