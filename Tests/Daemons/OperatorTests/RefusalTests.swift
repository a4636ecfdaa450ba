// What the API server will not have: which answers are refusals, and which do not stand in the way of a rollout.

import GanglionAPI
import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Scheduling
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Refusals of the API server", .timeLimit(.minutes(5)))
struct RefusalTests {
    private static let denial = "admission webhook \"v.example\" denied the request: no"

    @Test(
        "are told apart from what goes by",
        arguments: [
            (400, "Pod in version \"v1\" cannot be handled as a Pod", true), (403, "exceeded quota", true),
            (404, "namespaces \"n\" not found", true), (405, "", true), (413, "too large", true),
            (422, "spec.containers: Required value", true), (401, "Unauthorized", false),
            (408, "Timeout", false), (409, "the object has been modified", false), (429, "too many", false),
            (500, "etcdserver: request timed out", false), (503, "", false), (504, "", false),
            // A webhook chooses its code itself.
            (400, denial, true), (409, denial, true), (429, denial, true), (500, denial, true),
            (500, "Internal error occurred: failed calling webhook \"v.example\": no endpoints", true),
        ] as [(Int, String, Bool)])
    func codes(code: Int, message: String, isRefusal: Bool) {
        let error = KubernetesError.status(APIStatus(code: code, reason: "", message: message))
        #expect(error.isRefusal == isRefusal)
    }

    @Test("no answer is no refusal")
    func noAnswer() {
        #expect(!KubernetesError.connection("gone").isRefusal)
        #expect(!KubernetesError.timedOut(after: .seconds(1), request: "GET /").isRefusal)
        #expect(!KubernetesError.malformed("x").isRefusal)
    }

    @Test(
        "a trial counts what its predecessor leaves in a quota",
        arguments: [
            ("requested: pods=1, used: pods=1, limited: pods=1", true),
            ("requested: count/pods=1, used: count/pods=2, limited: count/pods=1", false),
            (
                "requested: requests.aws.amazon.com/neuroncore=4, used: requests.aws.amazon.com/neuroncore=4, limited: requests.aws.amazon.com/neuroncore=4",
                true
            ),
            (
                "requested: requests.aws.amazon.com/neuroncore=8, used: requests.aws.amazon.com/neuroncore=4, limited: requests.aws.amazon.com/neuroncore=4",
                false
            ),
            (
                "requested: limits.cpu=1500m,pods=1, used: limits.cpu=1,pods=1, limited: limits.cpu=1,pods=1",
                false
            ),
            ("requested: cpu=1, used: cpu=1, limited: cpu=1500m", false),
            // Nothing that can be read is nothing that can be counted on.
            ("requested: pods, used: pods, limited: pods", false), ("requested: pods=1, used: pods=1", false),
            ("", false),
        ] as [(String, Bool)])
    func quota(text: String, fits: Bool) {
        let message = "pods \"m-0\" is forbidden: exceeded quota: team, \(text)"
        let error = KubernetesError.status(APIStatus(code: 403, reason: "Forbidden", message: message))
        #expect(error.isHarmless(replacing: Make.pod("old", cores: 4, node: "a")) == fits)
    }

    @Test("a trial that a webhook does not know, or for whose name there is a pod, says nothing")
    func harmless() {
        func error(_ code: Int, _ reason: String, _ message: String) -> KubernetesError {
            .status(APIStatus(code: code, reason: reason, message: message))
        }
        let old = Make.pod("old", cores: 4, node: "a")
        #expect(error(409, "AlreadyExists", "").isHarmless(replacing: old))
        #expect(
            error(400, "BadRequest", "admission webhook \"x\" does not support dry run")
                .isHarmless(replacing: old))
        #expect(!error(403, "Forbidden", Self.denial).isHarmless(replacing: old))
        #expect(!KubernetesError.connection("gone").isHarmless(replacing: old))
    }

    @Test(
        "an edit that is refused leaves the pod that serves, whatever code the refusal has",
        arguments: [400, 403, 422, 500])
    func edit(code: Int) async throws {
        let refuses = Lock(false)
        let deletions = Lock(0)
        let cluster = try await LiveCluster.start { request, api in
            if request.method == "DELETE" { deletions.withLock { $0 += 1 } }
            if refuses.withLock({ $0 }), request.method == "POST", request.path.hasSuffix("/pods") {
                return .text(code, Self.denial)
            }
            return await api.handle(request)
        }
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec())
        let pod = try #require(await cluster.boundPods(1).first)
        try await cluster.run(pod)
        refuses.withLock { $0 = true }
        let key = ObjectKey(namespace: "default", name: "m")
        try await cluster.client.patch(.modelServers, key, ["spec": ["batching": ["maxBatchSize": 3]]])
        let servers = await cluster.wait(.modelServers) { servers in
            servers.first?["status"]?["conditions"]?.array?.contains {
                $0["type"] == "Degraded" && $0["reason"] == "Refused"
            } == true
        }
        let conditions = servers.first?["status"]?["conditions"]?.array ?? []
        let message = conditions.first { $0["type"] == "Degraded" }?["message"]?.string
        #expect(message?.contains(Self.denial) == true)
        #expect(deletions.withLock { $0 } == 0)
        #expect(servers.first?["status"]?["readyReplicas"] == 1)
        // As soon as it is taken, the rollout goes on.
        refuses.withLock { $0 = false }
        await cluster.wait(.pods) { $0.contains { $0.meta.uid != pod.meta.uid || $0.meta.isTerminating } }
        await worker.stop()
        await cluster.stop()
    }
}
