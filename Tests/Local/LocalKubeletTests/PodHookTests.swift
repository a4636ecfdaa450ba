import JSON
import LocalTestSupport
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// What a kubelet does is seen from a file into which containers and hooks write their names.
@Suite("Hooks of containers", .enabled(if: ganglionProgram != nil, "the ganglion program was not built"))
struct PodHookTests {
    let scratch: TemporaryDirectory
    let steps: String

    init() throws {
        scratch = try TemporaryDirectory()
        steps = scratch.path + "/steps"
    }

    private func says(_ word: String) -> String { "echo \(word) >> \(steps)" }

    /// Runs until SIGTERM, of which it says something.
    private func script(_ word: String, after: String = "true") -> String {
        // It waits and starts nothing meanwhile: a busy machine takes its time for that, and a kubelet gives two seconds.
        "trap 'kill $!; \(after); \(says(word)); exit 0' TERM; sleep 100000 & echo up > \(scratch.path)/\(word); wait"
    }

    private func hook(_ script: String) -> JSON { ["exec": ["command": ["sh", "-c", .string(script)]]] }

    private func begin(_ pod: JSON, _ names: String...) async throws -> KubeletNode {
        let node = try await KubeletNode(scratch, actions: LocalActionRunner(loop: .shared))
        node.begin(pod)
        await node.backend.status(pod.metadata?.name?.string ?? "") { $0.phase?.string == "Running" }
        // Its trap is set by then.
        for name in names { while !Files.exists("\(scratch.path)/\(name)") { await Task.yield() } }
        return node
    }

    @Test("preStop is over before SIGTERM comes")
    func preStop() async throws {
        let pod = shellPod(
            "web", script("term"), container: ["lifecycle": ["preStop": hook("sleep 0.2; " + says("hook"))]])
        let node = try await begin(pod, "term")
        await node.delete(pod, grace: 30)
        #expect(try Files.readText(steps) == "hook\nterm\n")
    }

    @Test("a preStop that outlasts the grace period is cut off, and SIGTERM still comes before SIGKILL")
    func outlasting() async throws {
        let pod = shellPod(
            "web", script("term"), container: ["lifecycle": ["preStop": ["sleep": ["seconds": 100_000]]]])
        let node = try await begin(pod, "term")
        await node.delete(pod, grace: 1)
        #expect(try Files.readText(steps) == "term\n")
    }

    @Test("a preStop that fails is told, and SIGTERM comes all the same")
    func failing() async throws {
        let pod = shellPod(
            "web", script("term"), container: ["lifecycle": ["preStop": hook("exit 4")]])
        let node = try await begin(pod, "term")
        await node.delete(pod, grace: 30)
        #expect(try Files.readText(steps) == "term\n")
        await node.backend.until { $0.events().contains("FailedPreStopHook") }
    }

    @Test("a container whose postStart fails is ended and restarted; it is not ready before the hook is over")
    func postStart() async throws {
        let seen = scratch.path + "/seen"
        let pod = shellPod(
            "web", script("term"), grace: 1,
            container: ["lifecycle": ["postStart": hook("test -f \(seen) || { touch \(seen); exit 1; }")]])
        let node = try await begin(pod)
        let status = await node.backend.status("web") {
            $0.containerStatuses?[0]?.restartCount?.int == 1 && $0.containerStatuses?[0]?.ready?.bool == true
        }
        #expect(status.containerStatuses?[0]?.lastState?.terminated != nil)
        await node.backend.until { $0.events().contains("FailedPostStartHook") }
        await node.delete(pod, grace: 0)
    }

    @Test("sidecars are told to end when the containers that they help have ended, the last of them first")
    func sidecars() async throws {
        func sidecar(_ name: String) -> JSON {
            [
                "name": .string(name), "image": "ganglion.dev/shell:1", "restartPolicy": "Always",
                "args": ["-c", .string(script(name))],
            ]
        }
        let pod = shellPod(
            "web", script("main", after: "sleep 0.3"),
            spec: ["initContainers": [sidecar("first"), sidecar("second")]])
        let node = try await begin(pod, "first", "second", "main")
        await node.delete(pod, grace: 30)
        #expect(try Files.readText(steps) == "main\nsecond\nfirst\n")
    }
}
