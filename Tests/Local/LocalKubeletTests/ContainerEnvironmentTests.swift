import JSON
import KubernetesAPI
import Testing

@testable import LocalKubelet

@Suite("A container's environment")
struct ContainerEnvironmentTests {
    private let pod = read(shellPod("web", ""))
    private let sources: EnvironmentSources = {
        var sources = EnvironmentSources(podIP: "127.88.0.1", hostIP: "127.0.0.1", nodeName: "local")
        if let settings = DataObject(.configMap, "settings") {
            sources.objects[settings] = ["a": "1", "b": "2"]
        }
        if let keys = DataObject(.secret, "keys") { sources.objects[keys] = ["token": "x"] }
        return sources
    }()

    private func build(_ container: JSON) throws -> [String: String] {
        var json = container
        json.name = "main"
        return try ContainerEnvironment.build(
            pod: pod, container: json.decode(), base: ["HOME": "/", "PATH": "/bin"],
            plugins: ["HOME": "/plugin"], sources: sources)
    }

    @Test("the pod wins over the plugins, and these over what all have")
    func order() throws {
        #expect(try build([:]) == ["HOME": "/plugin", "PATH": "/bin"])
        #expect(try build(["env": [["name": "HOME", "value": "/own"]]])["HOME"] == "/own")
    }

    @Test("whole objects come in with a prefix, and those that are optional may be missing")
    func envFrom() throws {
        let built = try build([
            "envFrom": [
                ["prefix": "S_", "configMapRef": ["name": "settings"]], ["secretRef": ["name": "keys"]],
                ["configMapRef": ["name": "absent", "optional": true]],
            ]
        ])
        #expect(built == ["HOME": "/plugin", "PATH": "/bin", "S_a": "1", "S_b": "2", "token": "x"])
        #expect(throws: EnvironmentError(message: "secret \"absent\" not found")) {
            try build(["envFrom": [["secretRef": ["name": "absent"]]]])
        }
    }

    @Test(
        "fields and resources",
        arguments: [
            (["fieldRef": ["fieldPath": "metadata.uid"]], "uid-web"),
            (["fieldRef": ["fieldPath": "spec.serviceAccountName"]], "default"),
            (["fieldRef": ["fieldPath": "status.hostIP"]], "127.0.0.1"),
            (["fieldRef": ["fieldPath": "metadata.labels['absent']"]], ""),
            (["resourceFieldRef": ["resource": "limits.cpu"]], "2"),
            (["resourceFieldRef": ["resource": "requests.memory"]], "1073741824"),
            (["resourceFieldRef": ["resource": "limits.memory"]], "0"),
        ] as [(JSON, String)])
    func values(source: JSON, value: String) throws {
        let built = try build([
            "env": [["name": "X", "valueFrom": source]],
            "resources": ["limits": ["cpu": "1500m"], "requests": ["memory": "1Gi"]],
        ])
        #expect(built["X"] == value)
    }

    @Test(
        "what cannot be resolved has a sentence",
        arguments: [
            (["fieldRef": ["fieldPath": "spec.nope"]], "unsupported fieldPath: spec.nope"),
            (
                ["configMapKeyRef": ["name": "settings", "key": "c"]],
                "couldn't find key c in ConfigMap default/settings"
            ),
            (["secretKeyRef": ["name": "absent", "key": "c"]], "secret \"absent\" not found"),
        ] as [(JSON, String)])
    func faults(source: JSON, message: String) {
        #expect(throws: EnvironmentError(message: message)) {
            try build(["env": [["name": "X", "valueFrom": source]]])
        }
    }

    @Test("names what it refers to, once each")
    func references() throws {
        let json: JSON = [
            "name": "main", "envFrom": [["configMapRef": ["name": "settings"]]],
            "env": [
                ["name": "A", "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "a"]]],
                ["name": "B", "valueFrom": ["secretKeyRef": ["name": "keys", "key": "token"]]],
            ],
        ]
        #expect(
            ContainerEnvironment.references(try json.decode()).map { "\($0.kind.rawValue) \($0.name)" }
                == ["ConfigMap settings", "Secret keys"])
    }
}
