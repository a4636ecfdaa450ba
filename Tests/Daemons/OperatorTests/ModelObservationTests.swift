// How far models are, from what pods say of them: in the status and in the conditions.

import GanglionAPI
import JSON
import KubernetesAPI
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Models of a ModelServer")
struct ModelObservationTests {
    private typealias Entry = ModelServerStatus.ModelStatus.Model
    private typealias Copy = ModelServerStatus.ModelStatus.Copy

    private func spec(replicas: Int = 1, models: [String] = ["mini"]) -> JSON {
        var spec = Make.spec(replicas: replicas)
        spec["models"] = .array(models.map { ["name": .string($0), "uri": .string("s3://models/\($0)")] })
        return spec
    }

    private func report(_ models: JSON) throws -> ModelReport {
        try #require(ModelReport((["models": models] as JSON).serialized()))
    }

    private func entries(_ server: PlannedServer) throws -> [Entry] {
        try server.plan().status.modelStatus?.models ?? []
    }

    @Test("a download is told by model and pod, in tens of a hundred, and in the condition")
    func download() throws {
        var server = PlannedServer(spec(models: ["mini", "maxi"]))
        server.pods = [try server.pod(ready: false)]
        let pod = server.pods[0].key.name
        server.reports["uid-0"] = try report([
            ["modelName": "mini", "modelVersion": "1", "phase": "ready"],
            [
                "modelName": "maxi", "modelVersion": "1", "phase": "downloading", "downloadedOctets": 479,
                "totalOctets": 1_000, "reason": "downloading, 479 of 1000 octets",
            ],
        ])
        let found = try entries(server)
        #expect(found.map(\.phase) == [.ready, .downloading])
        #expect(found.map(\.readyReplicas) == [1, 0])
        #expect(found[0].pods == [])
        #expect(found[1].pods == [Copy(pod: pod, phase: .downloading, progress: 40)])
        #expect(
            try server.plan().condition("ModelsLoaded")
                == "False Loading: 0 of 1 replicas have loaded their models; pod \(pod): model maxi is downloading, 40 %"
        )
        #expect(try server.plan().condition("Degraded") == "False AsExpected: nothing has failed")
    }

    @Test(
        "what is hardly another says nothing new",
        arguments: [(40, 49, true), (49, 50, false), (999, 1_000, false)])
    func coarse(before: Int, after: Int, isSame: Bool) throws {
        func report(_ octets: Int) throws -> ModelReport {
            try self.report([
                [
                    "modelName": "m", "phase": "downloading", "downloadedOctets": JSON(octets),
                    "totalOctets": JSON(before == 999 ? 1_000 : 100),
                ]
            ])
        }
        #expect((try report(before) == report(after)) == isSame)
    }

    @Test(
        "each of the server's words has its phase",
        arguments: [
            ("registered", "Pending"), ("downloading", "Downloading"), ("loading", "Loading"),
            ("compiling", "Compiling"), ("partitioning", "Partitioning"), ("warming up", "WarmingUp"),
            ("ready", "Ready"), ("unloaded", "Unloaded"), ("failed", "Failed"), ("dreaming", "Loading"),
        ])
    func words(word: String, phase: String) throws {
        let report = try report([["modelName": "m", "modelVersion": "2", "phase": .string(word)]])
        #expect(report.model("m", version: "2")?.phase.rawValue == phase)
        #expect(report.model("m", version: "1") == nil)
    }

    @Test(
        "what is no report says nothing",
        arguments: ["", "[]", "{}", #"{"models": {}}"#, "<html>", String(repeating: "[", count: 100_000)])
    func nonsense(text: String) { #expect(ModelReport(Array(text.utf8)) == nil) }

    @Test("numbers beyond reason and long words do not grow")
    func bounds() throws {
        let report = try report([
            [
                "modelName": "m", "phase": "downloading", "downloadedOctets": JSON(Int.max),
                "totalOctets": 1,
            ],
            [
                "modelName": "n", "phase": "failed",
                "reason": .string(String(repeating: "no\n", count: 9_999)),
            ],
            ["modelName": "o", "phase": "downloading", "downloadedOctets": -1, "totalOctets": 0],
        ])
        #expect(report.model("m", version: "1")?.progress == 100)
        #expect(report.model("n", version: "1")?.fault?.count == 400)
        #expect(report.model("o", version: "1")?.progress == nil)
    }

    @Test("a model that could not be loaded is told with the server's sentence, before its process has ended")
    func failed() throws {
        var server = PlannedServer(spec(models: ["mini", "maxi"]))
        server.pods = [try server.pod(ready: false)]
        let pod = server.pods[0].key.name
        let sentence = "cannot load model maxi: the disk is full: free 12 octets"
        server.reports["uid-0"] = try report([
            ["modelName": "mini", "modelVersion": "1", "phase": "ready"],
            ["modelName": "maxi", "modelVersion": "1", "phase": "failed", "reason": .string(sentence)],
        ])
        let plan = try server.plan()
        #expect(try entries(server)[1].pods == [Copy(pod: pod, phase: .failed, message: sentence)])
        #expect(plan.condition("ModelsLoaded") == "False LoadFailed: pod \(pod): model maxi: \(sentence)")
        #expect(plan.condition("Degraded") == "True LoadFailed: pod \(pod): model maxi: \(sentence)")
        #expect(plan.written["modelStatus"]?["transitionStatus"] == "BlockedByFailedLoad")
        #expect(plan.written["modelStatus"]?["copies"]?["failed"] == 1)
        #expect(plan.written["modelStatus"]?["lastFailureInfo"]?["reason"] == "LoadFailed")
    }

    @Test("a group that is lost under a model that others serve is told, and the server stays ready")
    func lost() throws {
        var server = PlannedServer(spec())
        server.pods = [try server.pod()]
        let pod = server.pods[0].key.name
        let sentence = "cores 0-1 compute model mini/1 for more than 120.0 s"
        server.reports["uid-0"] = try report([
            ["modelName": "mini", "modelVersion": "1", "phase": "ready", "fault": .string(sentence)]
        ])
        let plan = try server.plan()
        #expect(try entries(server)[0].phase == .ready)
        #expect(try entries(server)[0].pods == [Copy(pod: pod, phase: .ready, message: sentence)])
        #expect(plan.condition("Degraded") == "True ModelFault: pod \(pod): model mini: \(sentence)")
        #expect(plan.condition("ModelsLoaded").hasPrefix("True AllLoaded"))
        #expect(plan.condition("Ready").hasPrefix("True AllReady"))
        #expect(plan.written["modelStatus"]?["transitionStatus"] == "UpToDate")
    }

    private func crashed(_ message: String) -> (inout JSON) -> Void {
        { pod in
            pod[path: ["status", "containerStatuses"]] = [
                [
                    "name": "model-server", "ready": false, "restartCount": 2,
                    "state": ["waiting": ["reason": "CrashLoopBackOff", "message": "back-off"]],
                    "lastState": [
                        "terminated": ["exitCode": 1, "reason": "Error", "message": .string(message)]
                    ],
                ]
            ]
        }
    }

    @Test(
        "where the process has ended because of one model, its last words are that model's",
        arguments: [
            ("cannot load model maxi: no such bucket", [.pending, .failed]),
            ("cannot use model mini on cores 0-1: NaN", [.failed, .pending]),
            ("killed", [.failed, .failed]), ("model maximum is too large", [.failed, .failed]),
        ] as [(String, [ModelServerStatus.ModelStatus.Phase])])
    func ended(message: String, phases: [ModelServerStatus.ModelStatus.Phase]) throws {
        var server = PlannedServer(spec(models: ["mini", "maxi"]))
        server.pods = [try server.pod(ready: false, change: crashed(message))]
        let found = try entries(server)
        #expect(found.map(\.phase) == phases)
        let named = found.compactMap(\.pods.first?.message)
        #expect(named == (phases.contains(.pending) ? [message] : []))
        // The next process says how far it is, and why it is not the first.
        server.reports["uid-0"] = try report([
            ["modelName": "maxi", "phase": "loading"], ["modelName": "mini", "phase": "loading"],
        ])
        #expect(try entries(server).map(\.phase) == [.loading, .loading])
        let words = try entries(server).compactMap(\.pods.first?.message)
        #expect(words == (phases.contains(.pending) ? ["the last attempt has failed: " + message] : []))
    }

    @Test("a new operator goes on with what the one before had heard, until it has heard itself")
    func handover() throws {
        var server = PlannedServer(spec())
        server.pods = [try server.pod(ready: false)]
        server.reports["uid-0"] = try report([
            ["modelName": "mini", "phase": "downloading", "downloadedOctets": 5, "totalOctets": 10]
        ])
        server.status = try server.plan().status
        let before = server.status?.modelStatus
        server.reports = [:]
        #expect(try server.plan().status.modelStatus == before)
        // What only the pod had said is not kept.
        server.status?.modelStatus?.models[0].pods[0].phase = .loading
        server.pods = [try server.pod(node: "", ready: false)]
        #expect(try entries(server)[0].phase == .pending)
    }

    @Test("a pod that the kubelet calls ready has its models, whatever its server said before")
    func late() throws {
        var server = PlannedServer(spec())
        server.pods = [try server.pod()]
        server.reports["uid-0"] = try report([["modelName": "mini", "phase": "warming up"]])
        #expect(try entries(server)[0].phase == .ready)
        #expect(try entries(server)[0].pods == [])
    }

    @Test(
        "of servers that say nothing of their models, the pod's own state is told",
        arguments: ["vllm", "torchserve"])
    func others(preset: String) throws {
        var server = PlannedServer(spec(replicas: 3))
        server.spec["runtime"] = ["preset": .string(preset)]
        server.spec["models"] = [["name": "mini", "uri": "/models/mini"]]
        server.spec["neuron"] = ["cores": 4, "tensorParallelDegree": 4]
        server.pods = [
            try server.pod(0), try server.pod(1, ready: false), try server.pod(2, node: "", ready: false),
        ]
        let found = try entries(server)[0]
        #expect(found.phase == .pending)
        #expect(found.readyReplicas == 1)
        #expect(found.pods.map(\.phase) == [.loading, .pending])
    }

    @Test(
        "of very many pods so many are named, the failed ones first, and the status stays an object of some size"
    )
    func bounded() throws {
        var server = PlannedServer(spec(replicas: 100, models: (0..<64).map { "m\($0)" }))
        server.pods = try (0..<100).map { try server.pod($0, ready: false) }
        let words = String(repeating: "x", count: 5_000)
        for pod in 0..<100 {
            server.reports["uid-\(pod)"] = try report(
                .array(
                    (0..<64).map { model in
                        [
                            "modelName": "m\(model)", "phase": pod == 99 ? "failed" : "loading",
                            "reason": .string(words),
                        ]
                    }))
        }
        let plan = try server.plan()
        let found = try #require(plan.status.modelStatus?.models)
        #expect(found.allSatisfy { $0.pods.count == 2 && $0.pods[0].phase == .failed })
        #expect(plan.written.serialized().count < 200_000)
    }
}
