// Where a kinder server would let pass what Kubernetes refuses: whoever tries something here must learn the same as there.

import HTTP
import HTTP1
import JSON
import Testing

@testable import LocalAPIServer

/// A server that is asked without a network.
private struct PlainServer {
    let server = APIServer(
        options: APIServerOptions(tokens: [
            "admin": APIUser("admin", groups: ["system:masters"]), "eve": APIUser("eve"),
        ]))

    @discardableResult
    func send(
        _ method: String, _ target: String, octets: [UInt8], type: String = "application/json",
        as token: String = "admin", _ more: [(String, String)] = []
    ) async -> (status: Int, body: JSON) {
        var headers: HTTPHeaders = [
            "host": "localhost", "authorization": "Bearer \(token)", "content-type": type,
        ]
        for (name, value) in more { headers.add(name, value) }
        let response = await server.handle(HTTPRequest(method, target, headers: headers, body: octets))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    @discardableResult
    func send(
        _ method: String, _ target: String, _ body: JSON = .null, type: String = "application/json",
        as token: String = "admin", _ more: [(String, String)] = []
    ) async -> (status: Int, body: JSON) {
        await send(
            method, target, octets: body.isNull ? [] : body.serialized(), type: type, as: token, more)
    }
}

private let core = "/api/v1/namespaces/default"

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

@Suite("Disruption budgets and evictions")
struct DisruptionTests {
    private let server = PlainServer()
    private let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

    private func pod(_ name: String, phase: String = "Running", ready: Bool = true) async {
        await server.send(
            "POST", core + "/pods",
            [
                "metadata": ["name": .string(name), "labels": ["app": "a"]],
                "spec": ["nodeName": "n", "containers": [["name": "c", "image": "i"]]],
            ])
        await server.send(
            "PATCH", core + "/pods/\(name)/status",
            [
                "status": [
                    "phase": .string(phase),
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                ]
            ], type: "application/merge-patch+json")
    }

    private func budget(_ name: String, _ spec: JSON) async {
        var spec = spec
        spec.selector = ["matchLabels": ["app": "a"]]
        let made = await server.send("POST", budgets, ["metadata": ["name": .string(name)], "spec": spec])
        #expect(made.status == 201)
    }

    private func evict(_ name: String) async -> (status: Int, body: JSON) {
        await server.send(
            "POST", core + "/pods/\(name)/eviction",
            ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(name)]])
    }

    private func status(_ name: String) async -> [Int?] {
        let status = await server.send("GET", "\(budgets)/\(name)").body.status
        return [
            status?.currentHealthy?.int, status?.desiredHealthy?.int, status?.expectedPods?.int,
            status?.disruptionsAllowed?.int,
        ]
    }

    @Test("minAvailable keeps what it says through a drain, though the evicted still run")
    func drain() async {
        for name in ["a", "b", "c"] { await pod(name) }
        await budget("one", ["minAvailable": 1])
        #expect(await status("one") == [3, 1, 3, 2])
        #expect(await evict("a").status == 201)
        #expect(await status("one") == [2, 1, 3, 1])
        #expect(await evict("b").status == 201)
        let refused = await evict("c")
        #expect(refused.status == 429)
        #expect(
            refused.body.details?.causes?[0]?.message
                == "The disruption budget one needs 1 healthy pods and has 1 currently")
        let condition = await server.send("GET", "\(budgets)/one").body.status?.conditions?[0]
        #expect(condition?.type == "DisruptionAllowed" && condition?.reason == "InsufficientPods")
        await pod("d")
        #expect(await evict("c").status == 201, "there is another one")
    }

    @Test("nobody needs pods that do not run, and those that are not ready go while the others suffice")
    func unhealthy() async {
        await pod("ready")
        await pod("sick", ready: false)
        await pod("done", phase: "Succeeded", ready: false)
        await budget("one", ["minAvailable": 1])
        #expect(await status("one") == [1, 1, 3, 0])
        #expect(await evict("done").status == 201)
        #expect(await evict("sick").status == 201)
        #expect(await evict("ready").status == 429)
        await pod("sicker", ready: false)
        await server.send("DELETE", core + "/pods/ready?gracePeriodSeconds=0")
        #expect(await evict("sicker").status == 429, "IfHealthyBudget")
        await server.send(
            "PATCH", budgets + "/one", ["spec": ["unhealthyPodEvictionPolicy": "AlwaysAllow"]],
            type: "application/merge-patch+json")
        #expect(await evict("sicker").status == 201)
    }

    @Test(
        "a share of pods that nobody replaces is nothing that can be given away, and two budgets are one too many"
    )
    func faults() async {
        for name in ["a", "b"] { await pod(name) }
        await budget("share", ["maxUnavailable": 1])
        #expect(await status("share") == [2, 0, 0, 0])
        #expect(await evict("a").status == 429)
        await budget("more", ["minAvailable": 1])
        #expect(await evict("a").status == 500)
    }

    @Test(
        "the counts of a controller's pods are of what it wants, not of what there is",
        arguments: [
            (["maxUnavailable": 1], 4, [3, 3, 4, 0]), (["maxUnavailable": "50%"], 4, [3, 2, 4, 1]),
            (["minAvailable": "50%"], 4, [3, 2, 4, 1]), (["minAvailable": "51%"], 4, [3, 3, 4, 0]),
            (["minAvailable": 5], 4, [3, 5, 3, 0]), (["maxUnavailable": 9], 4, [3, 0, 4, 3]),
            (["maxUnavailable": "0%"], 3, [3, 3, 3, 0]),
        ] as [(JSON, Int, [Int])])
    func counts(spec: JSON, replicas: Int, wanted: [Int]) {
        let pod: JSON = [
            "metadata": ["ownerReferences": [["controller": true, "uid": "u"]]],
            "status": ["conditions": [["type": "Ready", "status": "True"]]],
        ]
        let budget = DisruptionBudget(spec, pods: [pod, pod, pod]) { _ in replicas }
        #expect(
            [
                budget.currentHealthy, budget.desiredHealthy, budget.expectedPods, budget.disruptionsAllowed,
            ] == wanted)
    }
}

@Suite("Requests in another's name")
struct ImpersonationTests {
    private let server = PlainServer()

    private func who(_ token: String, _ headers: [(String, String)]) async -> (status: Int, body: JSON) {
        await server.send(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", [:], as: token, headers)
    }

    @Test("have the other's rights and no more")
    func rights() async {
        let bob = [("Impersonate-User", "bob"), ("Impersonate-Group", "dev"), ("Impersonate-Group", "ops")]
        let answer = await who("admin", bob)
        #expect(
            answer.body.status?.userInfo == [
                "username": "bob", "groups": ["dev", "ops", "system:authenticated"],
            ])
        let pods = await server.send("GET", core + "/pods", as: "admin", bob)
        #expect(pods.status == 403)
        #expect(
            pods.body.message?.string
                == "pods is forbidden: User \"bob\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
        )
        let root = await server.send(
            "GET", core + "/pods", as: "admin",
            [("Impersonate-User", "bob"), ("Impersonate-Group", "system:masters")])
        #expect(root.status == 200)
        let account = await who("admin", [("Impersonate-User", "system:serviceaccount:ns:sa")])
        #expect(
            account.body.status?.userInfo?.groups == [
                "system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated",
            ])
    }

    @Test("are refused to who may not make them, and where they name nobody")
    func refused() async {
        let answer = await who("eve", [("Impersonate-User", "admin")])
        #expect(answer.status == 403)
        #expect(
            answer.body.message?.string
                == "users \"admin\" is forbidden: User \"eve\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
        )
        #expect(await who("eve", []).status == 201)
        #expect(await who("admin", [("Impersonate-Group", "dev")]).status == 500)
        #expect(await who("admin", [("Impersonate-User", "bob"), ("Impersonate-Uid", "1")]).status == 501)
        await server.send(
            "POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            [
                "metadata": ["name": "as-bob"],
                "rules": [
                    [
                        "verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"],
                        "resourceNames": ["bob"],
                    ]
                ],
            ])
        await server.send(
            "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            [
                "metadata": ["name": "as-bob"], "roleRef": ["kind": "ClusterRole", "name": "as-bob"],
                "subjects": [["kind": "User", "name": "eve"]],
            ])
        #expect(await who("eve", [("Impersonate-User", "bob")]).status == 201)
        #expect(await who("eve", [("Impersonate-User", "carol")]).status == 403)
        #expect(
            await who("eve", [("Impersonate-User", "bob"), ("Impersonate-Group", "system:masters")]).status
                == 403)
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
