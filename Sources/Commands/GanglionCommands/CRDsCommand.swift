// `ganglion crds`: the CustomResourceDefinitions of this version. Helm installs the files of a chart's crds directory once
// and never again, so the chart's upgrade runs this; so may whoever has no Helm.

import Arguments
import GanglionAPI
import JSON
internal import KubernetesAPI
import KubernetesClient
import Observability
import SystemIO

/// The `crds` command.
enum CRDsCommand {
    private static let kubeconfig = Option<String?>(
        "kubeconfig", placeholder: "FILE",
        help: "How to reach the API server (default KUBECONFIG, the pod's service account, ~/.kube/config)")
    private static let context = Option<String?>(
        "context", placeholder: "NAME", help: "A context of the kubeconfig")

    private static let manager = Option(
        "field-manager", default: "ganglion", placeholder: "NAME",
        help: "Who owns the fields of the definitions afterwards; \"helm\" leaves them to helm install")
    /// How long the API server may take to serve a definition that it has accepted.
    private static let patience = Duration.seconds(30)

    static let command = Command(
        "crds", summary: "Print or apply this version's CustomResourceDefinitions",
        subcommands: [
            Command(
                "print", summary: "Print the definitions as YAML",
                examples: [
                    .init(
                        "ganglion crds print | kubectl apply --server-side --force-conflicts -f -",
                        "the same as \"ganglion crds apply\", by kubectl")
                ]
            ) { _ in
                let texts = GanglionAPI.definitions.map { String(decoding: $0, as: UTF8.self) }
                print(texts.joined(separator: "---\n"), terminator: "")
            },
            Command(
                "apply", summary: "Bring the cluster's definitions to this version (server-side apply)",
                details: """
                    Needs the rights to get, create and patch customresourcedefinitions of these names. Objects that \
                    exist stay.
                    """,
                arguments: [kubeconfig, context, manager],
                examples: [
                    .init("ganglion crds apply --kubeconfig ~/.kube/config", "before an upgrade without Helm")
                ]
            ) { values in
                let configuration = try ClientConfiguration.load(
                    kubeconfig: values[kubeconfig], context: values[context])
                let client = try await KubernetesClient.make(configuration, program: "ganglion")
                for definition in GanglionAPI.definitions {
                    let object = try YAMLReader.read(definition)
                    say("\(object.meta.name) \(try await apply(object, client, manager: values[manager]))")
                }
            },
        ])

    /// Applies one definition and waits until it is served.
    ///
    /// - Returns: what happened, in kubectl's words.
    private static func apply(
        _ definition: JSON, _ client: KubernetesClient, manager: String
    ) async throws -> String {
        let key = ObjectKey(name: definition.meta.name)
        let before = try await find(key, client)
        var now = try await client.apply(.customResourceDefinitions, definition, manager: manager)
        let deadline = ContinuousClock.now + patience
        while !isServed(now) {
            guard ContinuousClock.now < deadline else {
                throw CRDsError("\(key.name) is not served \(patience) after it was applied: see its status")
            }
            try await Task.sleep(for: .milliseconds(200))
            now = try await client.get(.customResourceDefinitions, key)
        }
        guard let before else { return "created" }
        return before.metadata?.generation == now.metadata?.generation ? "unchanged" : "configured"
    }

    private static func find(_ key: ObjectKey, _ client: KubernetesClient) async throws -> JSON? {
        do throws(KubernetesError) {
            return try await client.get(.customResourceDefinitions, key)
        } catch  where error.isNotFound {
            return nil
        }
    }

    private static func isServed(_ definition: JSON) -> Bool {
        (definition.status?.conditions?.array ?? []).contains {
            $0.type == "Established" && $0.status == "True"
        }
    }
}

/// Definitions that could not be brought to this version.
struct CRDsError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
