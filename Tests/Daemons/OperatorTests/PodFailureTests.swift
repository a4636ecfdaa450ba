// Why a pod does not run, in words.

import GanglionAPI
import JSON
import KubernetesAPI
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Failures of pods")
struct PodFailureTests {
    private func status(_ name: String, _ change: JSON) -> JSON {
        var status: JSON = ["name": .string(name), "ready": false, "restartCount": 0]
        for (key, value) in change.object ?? [:] { status[key] = value }
        return status
    }

    /// trials.md, section 17, and its kind.
    @Test(
        "an init container that fails is named with its exit code and its last words",
        arguments: [
            (
                [
                    "restartCount": 4,
                    "state": ["waiting": ["reason": "CrashLoopBackOff", "message": "back-off"]],
                    "lastState": [
                        "terminated": ["exitCode": 1, "message": "no such bucket", "reason": "Error"]
                    ],
                ], "init container fetch: CrashLoopBackOff (exit code 1): no such bucket"
            ),
            (
                ["state": ["waiting": ["reason": "ImagePullBackOff", "message": "no such image"]]],
                "init container fetch: ImagePullBackOff: no such image"
            ),
            (
                ["state": ["terminated": ["exitCode": 137, "reason": "OOMKilled"]]],
                "init container fetch: OOMKilled (exit code 137)"
            ),
            (
                [
                    "restartCount": 1, "state": ["running": [:]],
                    "lastState": ["terminated": ["exitCode": 2, "reason": "Error"]],
                ], "init container fetch: Error (exit code 2)"
            ),
        ] as [(JSON, String)])
    func initContainer(change: JSON, words: String) throws {
        var server = PlannedServer(Make.spec())
        let pod = try server.pod(ready: false, phase: "Pending") { pod in
            pod[path: ["status", "initContainerStatuses"]] = [status("fetch", change)]
            pod[path: ["status", "containerStatuses"]] = [
                status("model-server", ["state": ["waiting": ["reason": "PodInitializing"]]])
            ]
        }
        server.pods = [pod]
        let plan = try server.plan()
        #expect(plan.condition("Degraded") == "True PodFailed: pod \(pod.key.name): \(words)")
        #expect(plan.condition("ModelsLoaded") == "False LoadFailed: pod \(pod.key.name): \(words)")
        #expect(plan.written["groups"]?[0]?["phase"] == "Failed")
        #expect(plan.written["modelStatus"]?["transitionStatus"] == "BlockedByFailedLoad")
        #expect(plan.written["modelStatus"]?["copies"]?["failed"] == 1)
    }

    @Test("the last words of init containers are kept, unless the user says otherwise")
    func lastWords() throws {
        var spec = Make.spec()
        spec["template"] = [
            "spec": [
                "initContainers": [
                    ["name": "a", "image": "x", "args": ["1"]],
                    ["name": "b", "image": "y", "terminationMessagePolicy": "File"],
                    ["name": "c", "image": "z"],
                ]
            ]
        ]
        let pod = PodTemplate(try PlannedServer(spec).resolved()).pod(replica: 0)
        let policy: JSON = "FallbackToLogsOnError"
        #expect(
            pod["spec"]?["initContainers"] == [
                ["name": "a", "image": "x", "args": ["1"], "terminationMessagePolicy": policy],
                ["name": "b", "image": "y", "terminationMessagePolicy": "File"],
                ["name": "c", "image": "z", "terminationMessagePolicy": policy],
            ])
    }

    @Test(
        "what is under way is no failure",
        arguments: [
            [], [["state": ["running": [:]]]], [["state": ["waiting": ["reason": "PodInitializing"]]]],
            [["state": ["terminated": ["exitCode": 0, "reason": "Completed"]], "ready": true]],
            [["state": ["running": [:]], "ready": true, "restartCount": 3]],
        ] as [[JSON]])
    func underWay(statuses: [JSON]) throws {
        let pod = try PlannedServer(Make.spec()).pod(ready: false, phase: "Pending") { pod in
            pod[path: ["status", "initContainerStatuses"]] = .array(statuses.map { status("fetch", $0) })
        }
        #expect(pod.failure == nil)
    }

    @Test("a pod whose container ended badly for good is told with that container")
    func ended() throws {
        func pod(_ change: (inout JSON) -> Void) throws -> PodInfo {
            try PlannedServer(Make.spec()).pod(ready: false, phase: "Failed", change: change)
        }
        let helper = try pod {
            $0[path: ["status", "containerStatuses"]] = [
                status("model-server", ["state": ["terminated": ["exitCode": 0]]]),
                status("helper", ["state": ["terminated": ["exitCode": 3, "message": "out of disk"]]]),
            ]
        }
        #expect(
            helper.failure
                == .init(place: "container helper", reason: "PodFailed", message: "out of disk", exitCode: 3))
        let evicted = try pod {
            $0[path: ["status", "reason"]] = "Evicted"
            $0[path: ["status", "message"]] = "low on memory"
        }
        #expect(evicted.failure == .init(reason: "Evicted", message: "low on memory"))
        #expect(try pod { _ in }.failure?.reason == "PodFailed")
    }
}
