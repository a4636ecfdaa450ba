// Where a kinder server would let pass what Kubernetes refuses: whoever tries something here must learn the same as there.

import HTTP
import HTTP1
import JSON
import Testing

@testable import LocalAPIServer

@Suite("What the real server refuses")
struct StrictnessTests {
    private let server = PlainServer()

    @Test(
        "an update without a resource version, of kinds that do not allow it",
        arguments: [
            ("/apis/coordination.k8s.io/v1/namespaces/default", "leases", true),
            ("/apis/policy/v1/namespaces/default", "poddisruptionbudgets", true),
            (core, "serviceaccounts", true),
            (core, "configmaps", false), (core, "services", false), (core, "secrets", false),
            ("/apis/rbac.authorization.k8s.io/v1/namespaces/default", "roles", false),
        ])
    func unconditional(base: String, plural: String, isRefused: Bool) async {
        var object: JSON = ["metadata": ["name": "x"]]
        if plural == "services" { object.spec = ["ports": [["port": 80]]] }
        let made = await server.send("POST", "\(base)/\(plural)", object)
        #expect(made.status == 201)
        object.metadata?.labels = ["a": "b"]
        for version in ["", "0"] {
            object.metadata?.resourceVersion = .string(version)
            let put = await server.send("PUT", "\(base)/\(plural)/x", object)
            #expect(put.status == (isRefused ? 422 : 200))
            guard isRefused else { continue }
            let group = base.hasPrefix("/apis/") ? "." + base.split(separator: "/")[1] : ""
            #expect(
                put.body.message?.string
                    == "\(plural)\(group) \"x\" is invalid: metadata.resourceVersion: Invalid value: 0: "
                    + "must be specified for an update")
            #expect(put.body.reason == "Invalid")
        }
        let current = await server.send("GET", "\(base)/\(plural)/x")
        object.metadata?.resourceVersion = current.body.metadata?.resourceVersion
        #expect(await server.send("PUT", "\(base)/\(plural)/x", object).status == 200)
    }

    @Test(
        "objects that are not of their kind's type",
        arguments: [
            (
                "pods", ["spec": ["containers": [["name": "c", "image": 1]]]],
                "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field "
                    + "Container.spec.containers.image of type string"
            ),
            (
                "services", ["spec": ["ports": [["port": "80"]]]],
                "Service in version \"v1\" cannot be handled as a Service: json: cannot unmarshal string into Go struct "
                    + "field ServicePort.spec.ports.port of type int32"
            ),
            (
                "configmaps", ["data": ["a": 1]],
                "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go "
                    + "struct field ConfigMap.data of type string"
            ),
            (
                "secrets", ["data": ["a": "%%%"]],
                "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 0"
            ),
        ] as [(String, JSON, String)])
    func types(plural: String, object: JSON, message: String) async {
        var object = object
        object.metadata = ["name": "x"]
        let answer = await server.send("POST", "\(core)/\(plural)", object)
        #expect(answer.status == 400)
        #expect(answer.body.message?.string == message)
    }

    @Test("fields that a kind does not have, at any depth, where validation is strict; else they are dropped")
    func unknown() async {
        let pod: JSON = [
            "metadata": ["name": "x"], "spec": ["containers": [["name": "c", "image": "i", "imagge": "i"]]],
        ]
        let strict = await server.send("POST", core + "/pods?fieldValidation=Strict", pod)
        #expect(strict.status == 400)
        #expect(
            strict.body.message?.string
                == "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field "
                + "\"spec.containers[0].imagge\"")
        let made = await server.send("POST", core + "/pods", pod)
        #expect(made.status == 201)
        #expect(made.body.spec?.containers?[0]?.imagge == nil)
        let patched = await server.send(
            "PATCH", core + "/pods/x?fieldValidation=Strict", ["metadata": ["lables": ["a": "b"]]],
            type: "application/merge-patch+json")
        #expect(patched.body.message?.string?.contains("unknown field \"metadata.lables\"") == true)
    }

    /// A field of a protobuf message that has a length.
    private func field(_ number: UInt8, _ octets: [UInt8]...) -> [UInt8] {
        let all = octets.flatMap(\.self)
        return [number << 3 | 2, UInt8(all.count)] + all
    }

    private func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    @Test("nothing of an object that comes as protobuf is lost")
    func protobuf() async {
        func body(_ kind: String, _ raw: [UInt8]) -> [UInt8] {
            Array("k8s\0".utf8) + field(1, text(1, "v1"), text(2, kind)) + field(2, raw)
        }
        func post(_ plural: String, _ octets: [UInt8]) async -> JSON {
            let answer = await server.send(
                "POST", "\(core)/\(plural)", octets: octets, type: "application/vnd.kubernetes.protobuf")
            #expect(answer.status == 201, "\(answer.body)")
            return answer.body
        }
        let account = await post(
            "serviceaccounts",
            body(
                "ServiceAccount",
                field(1, text(1, "x")) + field(2, text(3, "token")) + field(3, text(1, "registry")) + [
                    4 << 3, 0,
                ]))
        #expect(account.secrets == [["name": "token"]])
        #expect(account.imagePullSecrets == [["name": "registry"]])
        #expect(account.automountServiceAccountToken == false)
        let port = field(1, [3 << 3, 80, 1 << 3 | 2, 1] + Array("p".utf8) + text(6, "http"))
        let affinity = field(14, field(1, [1 << 3, 60]))
        let service = await post(
            "services",
            body(
                "Service",
                field(1, text(1, "x"))
                    + field(2, port, text(5, "10.1.2.3"), text(7, "ClientIP"), [13 << 3, 1], affinity)))
        #expect(service.spec?.externalIPs == ["10.1.2.3"])
        #expect(service.spec?.ports?[0]?.appProtocol == "http")
        #expect(service.spec?.publishNotReadyAddresses == true)
        #expect(service.spec?.sessionAffinityConfig == ["clientIP": ["timeoutSeconds": 60]])
        // Every kind comes so, not only those that kubectl sends.
        let container = field(2, text(1, "c"), text(2, "i"))
        let pod = await post("pods", body("Pod", field(1, text(1, "x")) + field(2, container)))
        #expect(pod.spec?.containers?[0]?.image == "i")
    }
}

@Suite("Writes that are not quietly something else")
struct QuietWriteTests {
    private let server = PlainServer()
    private let merge = "application/merge-patch+json"

    @Test("managedFields that a client writes are taken: ownership moves with them")
    func managedFields() async {
        let apply = "application/apply-patch+yaml"
        let map: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "data": ["a": "1", "b": "1"]]
        let old = core + "/configmaps/x?fieldManager=old"
        let made = await server.send("PATCH", old, map, type: apply)
        #expect(made.status == 201)
        // As `kubectl apply --server-side` takes over what a client-side apply owned.
        let given = made.body.metadata?.managedFields?[0]
        var moved = given ?? [:]
        moved.manager = "new"
        let patched = await server.send(
            "PATCH", core + "/configmaps/x",
            [["op": "replace", "path": "/metadata/managedFields", "value": [moved]]],
            type: "application/json-patch+json")
        #expect(patched.body.metadata?.managedFields?.array?.map(\.manager) == ["new"])
        var less = map
        less.data = ["a": "1"]
        let applied = await server.send("PATCH", core + "/configmaps/x?fieldManager=new", less, type: apply)
        #expect(applied.body.data == ["a": "1"], "what is its own and no longer applied goes")
        // Nonsense, and a subresource, say nothing; an empty list resets.
        for (target, value) in [("/configmaps/x", [["manager": "z"]]), ("/configmaps/x", .null)]
            as [(String, JSON)]
        {
            let kept = await server.send(
                "PATCH", core + target, ["metadata": ["managedFields": value]], type: merge)
            #expect(kept.body.metadata?.managedFields?.array?.map(\.manager) == ["new"])
        }
        let reset = await server.send(
            "PATCH", core + "/configmaps/x", ["metadata": ["managedFields": [[:]]]], type: merge)
        #expect(reset.body.metadata?.managedFields == nil || reset.body.metadata?.managedFields == [])
    }

    @Test("an object that is being deleted gets no new finalizers")
    func finalizers() async {
        await server.send(
            "POST", core + "/configmaps", ["metadata": ["name": "x", "finalizers": ["a.b/c"]]])
        await server.send("DELETE", core + "/configmaps/x")
        let more = await server.send(
            "PATCH", core + "/configmaps/x", ["metadata": ["finalizers": ["a.b/c", "d.e/f"]]], type: merge)
        #expect(more.status == 422)
        #expect(
            more.body.message?.string
                == "ConfigMap \"x\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the "
                + "object is being deleted, found new finalizers []string{\"d.e/f\"}")
        #expect(
            await server.send(
                "PATCH", core + "/configmaps/x", ["metadata": ["labels": ["a": "b"]]], type: merge
            )
            .status == 200)
    }

    @Test("a namespace keeps the label with its name")
    func namespace() async {
        let path = "/api/v1/namespaces/default"
        let patched = await server.send(
            "PATCH", path, ["metadata": ["labels": ["kubernetes.io/metadata.name": "zz", "a": "b"]]],
            type: merge)
        #expect(patched.body.metadata?.labels == ["kubernetes.io/metadata.name": "default", "a": "b"])
    }

    @Test("keys that can be no file names are refused", arguments: ["", "..", "..x", ".", "a/b", "ä"])
    func keys(key: String) async {
        for plural in ["configmaps", "secrets"] {
            let made = await server.send(
                "POST", "\(core)/\(plural)", ["metadata": ["name": "x"], "data": [key: "eA=="]])
            #expect(made.status == 422)
            #expect(made.body.details?.causes?[0]?.field?.string == "data[\(key)]")
        }
    }

    @Test("a target port of 0 is the port")
    func targetPort() async {
        let made = await server.send(
            "POST", core + "/services",
            ["metadata": ["name": "x"], "spec": ["ports": [["port": 80, "targetPort": 0]]]])
        #expect(made.body.spec?.ports?[0]?.targetPort == 80)
    }
}

@Suite("What kubectl reads of OpenAPI v2")
struct OpenAPIv2Tests {
    @Test(
        "is a document without kinds in protobuf, where JSON would not be understood", arguments: [".", "@"])
    func protobuf(separator: String) async throws {
        let server = PlainServer().server
        let headers: HTTPHeaders = [
            "host": "localhost", "authorization": "Bearer admin",
            "accept": "application/com.github.proto-openapi.spec.v2\(separator)v1.0+protobuf",
        ]
        let response = await server.handle(HTTPRequest("GET", "/openapi/v2", headers: headers, body: []))
        let version = Array(APIServer.version.utf8)
        #expect(
            response.bytes
                == [0x0a, 3] + Array("2.0".utf8) + [0x12, UInt8(14 + version.count), 0x0a, 10]
                + Array("Kubernetes".utf8) + [0x12, UInt8(version.count)] + version + [0x42, 0, 0x4a, 0])
    }
}
