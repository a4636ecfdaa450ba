import APIMachinery
import HTTP
import HTTP1
import JSON
import SystemIO
import Testing

@testable import LocalAPIServer

/// An API server with one administrator and one user, asked without a network.
private final class AuthorizedServer: Sendable {
    let server: APIServer
    let audit = Lock<[JSON]>([])

    init() {
        let audit = audit
        var options = APIServerOptions(tokens: [
            "admin": APIUser("admin", groups: ["system:masters"]),
            "agent": APIUser("system:serviceaccount:system:agent", groups: ["system:authenticated"]),
        ])
        options.audit = { event in audit.withLock { $0.append(event) } }
        server = APIServer(options: options)
    }

    func send(
        _ method: String, _ target: String, _ body: JSON = [:], as token: String,
        type: String = "application/json"
    ) async -> (status: Int, body: JSON) {
        let response = await server.handle(
            HTTPRequest(
                method, target,
                headers: ["host": "localhost", "authorization": "Bearer \(token)", "content-type": type],
                body: body.serialized()))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    /// Gives the user rules in the whole cluster, or in a namespace.
    func grant(_ rules: JSON, in namespace: String = "") async {
        let kind = namespace.isEmpty ? "ClusterRole" : "Role"
        let scope = namespace.isEmpty ? "" : "/namespaces/\(namespace)"
        let base = "/apis/rbac.authorization.k8s.io/v1" + scope
        let role = await send(
            "POST", "\(base)/\(kind.lowercased())s",
            ["metadata": ["name": "system:agent"], "rules": rules], as: "admin")
        let binding = await send(
            "POST", "\(base)/\(kind.lowercased())bindings",
            [
                "metadata": ["name": "agent"],
                "roleRef": ["kind": .string(kind), "name": "system:agent"],
                "subjects": [["kind": "ServiceAccount", "name": "agent", "namespace": "system"]],
            ], as: "admin")
        #expect(role.status == 201 && binding.status == 201)
    }
}

@Suite("Rights at the local API server, as RBAC has them")
struct AuthorizationTests {
    @Test(
        "a rule allows what it names and nothing else",
        arguments: [
            (["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]], "get", "pods", "", "p", true),
            (["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]], "list", "pods", "", "", false),
            (["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]], "get", "pods", "log", "p", false),
            (["verbs": ["get"], "apiGroups": ["x"], "resources": ["pods"]], "get", "pods", "", "p", false),
            (["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]], "get", "pods", "log", "p", true),
            (
                ["verbs": ["patch"], "apiGroups": [""], "resources": ["*/status"]], "patch", "pods", "status",
                "p", true
            ),
            (
                ["verbs": ["patch"], "apiGroups": [""], "resources": ["pods/status"]], "patch", "pods", "",
                "p",
                false
            ),
            (
                ["verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]], "get",
                "pods", "", "p", true
            ),
            (
                ["verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]], "get",
                "pods", "", "q", false
            ),
            // What is made has no name yet.
            (
                ["verbs": ["create"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]],
                "create", "pods", "", "", false
            ),
        ] as [(JSON, String, String, String, String, Bool)])
    func rules(
        _ rule: JSON, _ verb: String, _ resource: String, _ subresource: String, _ name: String,
        _ isAllowed: Bool
    ) {
        let wanted = AccessAttributes(
            verb, GroupResource("", resource), subresource: subresource, namespace: "default", name: name)
        #expect(PolicyRule(rule).allows(wanted) == isAllowed)
    }

    @Test("who has no right is told which one, in Kubernetes' words")
    func refused() async {
        let server = AuthorizedServer()
        let pods = await server.send("GET", "/api/v1/namespaces/default/pods/p/log", as: "agent")
        #expect(pods.status == 403)
        #expect(
            pods.body.message?.string == """
                pods "p" is forbidden: User "system:serviceaccount:system:agent" cannot get resource "pods/log" in \
                API group "" in the namespace "default"
                """)
        let nodes = await server.send("GET", "/api/v1/nodes", as: "agent")
        #expect(
            nodes.body.message?.string == """
                nodes is forbidden: User "system:serviceaccount:system:agent" cannot list resource "nodes" in \
                API group "" at the cluster scope
                """)
        let everybody = await server.send("GET", "/apis", as: "agent")
        #expect(everybody.status == 200)
    }

    @Test("a role of a namespace holds in that namespace only")
    func namespaced() async {
        let server = AuthorizedServer()
        await server.grant(
            [["verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"]]], in: "kube-public")
        for (target, status) in [
            ("/api/v1/namespaces/kube-public/configmaps", 200),
            ("/api/v1/namespaces/default/configmaps", 403), ("/api/v1/configmaps", 403),
        ] {
            let answer = await server.send("GET", target, as: "agent")
            #expect(answer.status == status, "\(target)")
        }
    }

    @Test("an apply that makes an object needs create as well, and the audit log says so")
    func applyCreates() async throws {
        let server = AuthorizedServer()
        let object: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"]]
        func apply() async -> Int {
            await server.send(
                "PATCH", "/api/v1/namespaces/default/configmaps/c?fieldManager=a", object, as: "agent",
                type: "application/apply-patch+yaml"
            ).status
        }
        await server.grant([["verbs": ["patch"], "apiGroups": [""], "resources": ["configmaps"]]])
        #expect(await apply() == 403)
        await server.grant(
            [["verbs": ["create"], "apiGroups": [""], "resources": ["configmaps"]]], in: "default")
        #expect(await apply() == 201)
        let event = try #require(server.audit.withLock { $0.last })
        #expect(event.verb == "patch" && event.stage == "ResponseComplete")
        #expect(event.user?.username == "system:serviceaccount:system:agent")
        #expect(
            event.objectRef == [
                "resource": "configmaps", "namespace": "default", "name": "c", "apiVersion": "v1",
            ])
        #expect(event.responseStatus?.code == 201)
        #expect(
            event.annotations?[AuditEvent.besides]?.string
                == #"[{"name":"c","namespace":"default","resource":"configmaps","verb":"create"}]"#)
    }

    @Test("who makes an object hold back its owner's deletion needs the owner's finalizers")
    func owners() async {
        let server = AuthorizedServer()
        let pod: JSON = [
            "metadata": [
                "name": "c",
                "ownerReferences": [
                    [
                        "apiVersion": "v1", "kind": "ConfigMap", "name": "kube-root-ca.crt", "uid": "u",
                        "blockOwnerDeletion": true,
                    ]
                ],
            ]
        ]
        func create() async -> JSON {
            await server.send("POST", "/api/v1/namespaces/default/configmaps", pod, as: "agent").body
        }
        await server.grant([["verbs": ["create"], "apiGroups": [""], "resources": ["configmaps"]]])
        #expect(
            await create().message?.string?.contains(#"cannot update resource "configmaps/finalizers""#)
                == true)
        await server.grant(
            [["verbs": ["update"], "apiGroups": [""], "resources": ["configmaps/finalizers"]]], in: "default")
        #expect(await create().kind == "ConfigMap")
    }

    @Test("reviews answer what a request would meet")
    func reviews() async {
        let server = AuthorizedServer()
        await server.grant([["verbs": ["list"], "apiGroups": [""], "resources": ["pods"]]])
        for (verb, isAllowed) in [("list", true), ("delete", false)] {
            let answer = await server.send(
                "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                ["spec": ["resourceAttributes": ["verb": .string(verb), "resource": "pods"]]], as: "agent")
            #expect(answer.body.status?.allowed == .bool(isAllowed))
        }
        let of = await server.send(
            "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            ["spec": ["user": "u", "resourceAttributes": ["verb": "list", "resource": "pods"]]], as: "admin")
        #expect(of.body.status?.allowed == false)
    }

    @Test("a watch is written when it begins, a refusal with its sentence")
    func audit() async throws {
        let server = AuthorizedServer()
        _ = await server.send("GET", "/api/v1/pods?watch=1&timeoutSeconds=1", as: "admin")
        _ = await server.send("DELETE", "/api/v1/namespaces/default/pods/p", as: "agent")
        let events = server.audit.withLock { $0 }
        #expect(events.map { $0.verb?.string } == ["watch", "delete"])
        #expect(events.map { $0.stage?.string } == ["ResponseStarted", "ResponseComplete"])
        #expect(events.map { $0.responseStatus?.code?.int } == [200, 403])
        #expect(events[1].responseStatus?.reason == "Forbidden")
        #expect(events[0].requestURI == "/api/v1/pods?watch=1&timeoutSeconds=1")
    }
}
