import JSON
import KubernetesClient
import LocalAPIServer
import Testing

@Suite("Defaults in definitions")
struct DefinitionDefaultsTests {
    /// The words are those of an API server 1.36.2.
    @Test(
        "a default is held against the rules of its object as it stands, without the defaults of its fields",
        arguments: [
            (
                "self.maxUnavailable > 0", "it must not be 0",
                "spec.validation.openAPIV3Schema.properties[spec].properties[rollout].default: Invalid value: \"object\": no such key: maxUnavailable evaluating rule: it must not be 0"
            ),
            ("!has(self.maxUnavailable) || self.maxUnavailable > 0", "it must not be 0", nil),
        ] as [(String, String, String?)])
    func rules(rule: String, message: String, fault: String?) async throws {
        let server = try await EmbeddedAPIServer.start()
        let definition: JSON = [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": "things.example.com"],
            "spec": [
                "group": "example.com", "scope": "Namespaced",
                "names": ["plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"],
                "versions": [
                    [
                        "name": "v1", "served": true, "storage": true,
                        "schema": [
                            "openAPIV3Schema": [
                                "type": "object",
                                "properties": [
                                    "spec": [
                                        "type": "object",
                                        "properties": [
                                            "rollout": [
                                                "type": "object", "default": [:],
                                                "properties": [
                                                    "maxUnavailable": ["type": "integer", "default": 1]
                                                ],
                                                "x-kubernetes-validations": [
                                                    ["rule": .string(rule), "message": .string(message)]
                                                ],
                                            ]
                                        ],
                                    ]
                                ],
                            ]
                        ],
                    ]
                ],
            ],
        ]
        var said: String?
        do { try await server.install([definition]) } catch let error as KubernetesError {
            said = error.description
        }
        #expect((said == nil) == (fault == nil), "\(said ?? "it was taken")")
        if let fault { #expect(said?.hasSuffix(fault) == true, "\(said ?? "it was taken")") }
        await server.stop()
    }
}
