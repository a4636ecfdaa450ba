import JSON
import Testing

@testable import LocalAPIServer

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
