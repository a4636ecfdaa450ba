import Glibc
import JSON
import KubernetesAPI
import KubernetesClient
import LocalTestSupport
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// Devices as a test says.
private final class ScriptedDevices: ContainerDevices {
    private struct State {
        var refusal: DeviceAllocationError?
        var options = DeviceRunOptions()
        var admissions: [(pod: String, running: Set<String>)] = []
    }

    private let state: Lock<State>

    init(refusal: DeviceAllocationError? = nil, options: DeviceRunOptions = DeviceRunOptions()) {
        state = Lock(State(refusal: refusal, options: options))
    }

    var admissions: [(pod: String, running: Set<String>)] { state.withLock { $0.admissions } }

    func admit(
        pod: String, _ requests: [ContainerRequest], running: Set<String>, active: Set<String>
    ) async throws(DeviceAllocationError) {
        let refusal = state.withLock { state in
            state.admissions.append((pod, running))
            return state.refusal
        }
        if let refusal { throw refusal }
    }

    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions { state.withLock { $0.options } }
    func preStart(_ key: ContainerKey) async throws(DeviceAllocationError) {}
    func health(_ key: ContainerKey) async -> [String: [String: Bool]] { [:] }
}

private func isRunning(_ status: JSON) -> Bool {
    status.phase?.string == "Running" && status.firstState.running != nil
}

private func condition(_ status: JSON, _ type: String) -> String? {
    status.conditions?.array?.first { $0.type?.string == type }?.status?.string
}

@Suite("The life of a pod", .enabled(if: ganglionProgram != nil, "the ganglion program was not built"))
struct PodLifeTests {
    let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    @Test("what a kubelet that was killed has left of a pod that is gone is removed, also without its record")
    func leftovers() async throws {
        let pods = scratch.path + "/pods"
        // Killed between making the directory and the record, and while removing it.
        try Files.makeDirectory(pods + "/made")
        try Files.makeDirectory(pods + "/half/containers/main/0")
        try Files.write(pods + "/half/containers/main/0/log", [])
        let node = try await KubeletNode(scratch)
        let pod = shellPod("next", "exec sleep 1000", grace: 0)
        node.begin(pod)
        await node.backend.status("next", isRunning)
        #expect(try Files.list(pods) == ["uid-next"])
        await node.delete(pod, grace: 0)
    }

    @Test("a pod that is deleted by force holds no devices though its containers run on (kubernetes #104824)")
    func forced() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod("stubborn", "trap '' TERM; while :; do sleep 0.1; done", grace: 1)
        node.begin(pod)
        await node.backend.status("stubborn", isRunning)
        let uid = "uid-stubborn"
        #expect(await node.manager.activePods == [uid])
        await node.manager.receive(.removed(try pod.decode()))
        let run = PodDirectory(root: scratch.path, uid: uid).run("main", 0)
        #expect(ContainerProcess.isAlive(directory: run), "it has a second left")
        #expect(await node.manager.activePods == [])
        #expect(await node.manager.podsWithResources().isEmpty)
        while ContainerProcess.isAlive(directory: run) { await Task.yield() }
    }

    @Test("a pod that runs is Running and Ready, has an address, and keeps the scheduler's condition")
    func runs() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod("web", "sleep 1000", grace: 0)
        node.begin(pod)
        let status = await node.backend.status("web", isRunning)
        #expect(status.podIP == "127.88.7.1")
        #expect(status.podIPs == [["ip": "127.88.7.1"]])
        #expect(status.hostIP == "127.0.0.1")
        #expect(status.qosClass == "BestEffort")
        for type in ["PodScheduled", "Initialized", "Ready", "ContainersReady", "PodReadyToStartContainers"] {
            #expect(condition(status, type) == "True", "\(type)")
        }
        #expect(status.containerStatuses?[0]?.restartCount == 0)
        #expect(status.containerStatuses?[0]?.ready == true)
        await node.backend.until { $0.events().contains("Started") }
        #expect(node.backend.events() == ["Pulled", "Created", "Started"])
        await node.delete(pod, grace: 0)
    }

    @Test(
        "a pod that is not restarted ends as its code says",
        arguments: [(0, "Succeeded", "Completed"), (3, "Failed", "Error")])
    func ends(code: Int, phase: String, reason: String) async throws {
        let node = try await KubeletNode(scratch)
        node.begin(shellPod("job", "exit \(code)", restartPolicy: "Never"))
        let status = await node.backend.status("job") { $0.phase?.string == phase }
        #expect(status.firstState.terminated?.exitCode?.int == code)
        #expect(status.firstState.terminated?.reason?.string == reason)
        #expect(condition(status, "Ready") == "False")
    }

    @Test(
        "the status says in the container's own words why it ended",
        arguments: [
            ("echo bad model; exit 1", "FallbackToLogsOnError", "bad model\n"),
            ("echo bad model; exit 1", "File", nil),
            (
                "echo log; echo bad model > $GANGLION_TERMINATION_LOG; exit 1", "FallbackToLogsOnError",
                "bad model\n"
            ),
            ("echo bad model > $GANGLION_TERMINATION_LOG; exit 1", "File", "bad model\n"),
        ] as [(String, String, String?)])
    func terminationMessage(script: String, policy: String, message: String?) async throws {
        let node = try await KubeletNode(scratch)
        node.begin(
            shellPod(
                "job", script, restartPolicy: "Never",
                container: ["terminationMessagePolicy": .string(policy)]))
        let status = await node.backend.status("job") { $0.phase?.string == "Failed" }
        #expect(status.firstState.terminated?.message?.string == message)
    }

    @Test("a container that fails is restarted, at first at once, then with pauses")
    func crashLoop() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod("crash", "echo run; exit 1", grace: 0)
        node.begin(pod)
        let status = await node.backend.status("crash") {
            $0.firstState.waiting?.reason?.string == "CrashLoopBackOff"
                && ($0.containerStatuses?[0]?.restartCount?.int ?? 0) >= 1
        }
        #expect(status.phase == "Running")
        #expect(status.containerStatuses?[0]?.lastState?.terminated?.exitCode == 1)
        await node.backend.status("crash") { ($0.containerStatuses?[0]?.restartCount?.int ?? 0) >= 2 }
        await node.backend.until { $0.events().contains("BackOff") }
        await node.delete(pod, grace: 0)
    }

    @Test("OnFailure restarts until the container succeeds")
    func onFailure() async throws {
        let node = try await KubeletNode(scratch)
        let script = "test -e \(scratch.path)/done && exit 0; touch \(scratch.path)/done; exit 1"
        node.begin(shellPod("retry", script, restartPolicy: "OnFailure"))
        let status = await node.backend.status("retry") { $0.phase?.string == "Succeeded" }
        #expect(status.containerStatuses?[0]?.restartCount == 1)
    }

    @Test("init containers run in order before the others; the log of each is kept")
    func initContainers() async throws {
        let node = try await KubeletNode(scratch)
        func initial(_ name: String) -> JSON {
            [
                "name": .string(name), "image": "ganglion.dev/shell",
                "args": [
                    "-c",
                    .string(
                        "until test -e \(scratch.path)/go; do sleep 0.02; done; echo \(name) | tee -a \(scratch.path)/order"
                    ),
                ],
            ]
        }
        let pod = shellPod(
            "ordered", "cat \(scratch.path)/order", restartPolicy: "Never",
            spec: ["initContainers": [initial("first"), initial("second")]])
        node.begin(pod)
        let before = await node.backend.status("ordered") { condition($0, "Initialized") == "False" }
        #expect(before.phase == "Pending")
        try Files.write(scratch.path + "/go", [])
        let status = await node.backend.status("ordered") { $0.phase?.string == "Succeeded" }
        #expect(try await node.log(pod) == "first\nsecond\n")
        #expect(try await node.log(pod, "first") == "first\n")
        #expect(condition(status, "Initialized") == "True")
    }

    @Test("an init container that fails for good fails the pod")
    func initFails() async throws {
        let node = try await KubeletNode(scratch)
        let initial: JSON = ["name": "setup", "image": "ganglion.dev/shell", "args": ["-c", "exit 9"]]
        node.begin(
            shellPod("stuck", "echo never", restartPolicy: "Never", spec: ["initContainers": [initial]]))
        let status = await node.backend.status("stuck") { $0.phase?.string == "Failed" }
        #expect(status.initContainerStatuses?[0]?.state?.terminated?.exitCode == 9)
        #expect(status.firstState.waiting?.reason == "PodInitializing")
    }

    @Test("a sidecar is started before the main container and stopped after it")
    func sidecar() async throws {
        let node = try await KubeletNode(scratch)
        let sidecar: JSON = [
            "name": "proxy", "image": "ganglion.dev/shell", "restartPolicy": "Always",
            "args": ["-c", "sleep 1000"],
        ]
        node.begin(shellPod("both", "exit 0", restartPolicy: "Never", spec: ["initContainers": [sidecar]]))
        let status = await node.backend.status("both") {
            $0.phase?.string == "Succeeded" && $0.initContainerStatuses?[0]?.state?.terminated != nil
        }
        #expect(status.initContainerStatuses?[0]?.state?.terminated?.exitCode == 143)
    }

    @Test("the environment is the plugin's, then the pod's, which wins; fields and references are filled in")
    func environment() async throws {
        let backend = ScriptedCluster(objects: [
            "/api/v1/namespaces/default/configmaps/settings": ["data": ["color": "blue"]],
            "/api/v1/namespaces/default/secrets/keys": ["data": ["token": "c2VjcmV0"]],
        ])
        let devices = ScriptedDevices(
            options: DeviceRunOptions(
                environment: ["NEURON_RT_VISIBLE_CORES": "0,1", "GANGLION_HOST_CORES": "4,5"],
                mounts: ["/dev/neuron2": scratch.path + "/host-device"]))
        try Files.write(scratch.path + "/host-device", Array("chip".utf8))
        let node = try await KubeletNode(scratch, backend: backend, devices: devices)
        let pod = shellPod(
            "env",
            "echo $NAME $NAMESPACE $POD_IP $NODE $COLOR $TOKEN $GREETING $GANGLION_HOST_CORES "
                + "$NEURON_RT_VISIBLE_CORES $KUBERNETES_SERVICE_HOST $(cat $GANGLION_DEVICE_ROOT/neuron2) $HOSTNAME",
            restartPolicy: "Never",
            container: [
                "env": [
                    ["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                    ["name": "NAMESPACE", "valueFrom": ["fieldRef": ["fieldPath": "metadata.namespace"]]],
                    ["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                    ["name": "NODE", "valueFrom": ["fieldRef": ["fieldPath": "spec.nodeName"]]],
                    [
                        "name": "COLOR",
                        "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "color"]],
                    ],
                    ["name": "TOKEN", "valueFrom": ["secretKeyRef": ["name": "keys", "key": "token"]]],
                    ["name": "GREETING", "value": "hello-$(NAME)-$(NOBODY)"],
                    ["name": "NEURON_RT_VISIBLE_CORES", "value": "1"],
                    [
                        "name": "NONE",
                        "valueFrom": ["configMapKeyRef": ["name": "x", "key": "y", "optional": true]],
                    ],
                ]
            ])
        node.begin(pod)
        await node.backend.status("env") { $0.phase?.string == "Succeeded" }
        #expect(
            try await node.log(pod)
                == "env default 127.88.7.1 local blue secret hello-env-$(NOBODY) 4,5 1 10.0.0.1 chip env\n")
    }

    @Test(
        "a device that is no device node, or a mount of what is not there, keeps the container from being created",
        arguments: [
            ("/etc/hostname", nil, "failed to generate spec: not a device node"),
            ("/dev/pts", nil, "failed to generate spec: not a device node"),
            ("/nowhere", nil, "failed to generate spec: lstat /nowhere: no such file or directory"),
            (
                nil, "/nowhere",
                "failed to generate spec: failed to stat \"/nowhere\": no such file or directory"
            ),
        ] as [(String?, String?, String)])
    func noDeviceNode(device: String?, mount: String?, message: String) async throws {
        var options = DeviceRunOptions()
        options.devices["/dev/neuron0"] = device
        options.mounts["/dev/neuron1"] = mount
        let node = try await KubeletNode(scratch, devices: ScriptedDevices(options: options))
        let pod = shellPod("refused", "exit 0", grace: 0)
        node.begin(pod)
        let status = await node.backend.status("refused") { $0.firstState.waiting?.message != nil }
        #expect(status.firstState.waiting == ["reason": "CreateContainerError", "message": .string(message)])
        await node.delete(pod, grace: 0)
    }

    @Test("a reference to what is not there keeps the container waiting, with a sentence")
    func missingReference() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod(
            "config", "exit 0", grace: 0,
            container: [
                "env": [["name": "X", "valueFrom": ["configMapKeyRef": ["name": "absent", "key": "k"]]]]
            ])
        node.begin(pod)
        let status = await node.backend.status("config") { $0.firstState.waiting?.message != nil }
        #expect(
            status.firstState.waiting
                == ["reason": "CreateContainerConfigError", "message": "configmap \"absent\" not found"])
        await node.delete(pod, grace: 0)
    }

    @Test("an unknown image is ErrImagePull, then ImagePullBackOff, and the sentence says which there are")
    func unknownImage() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod("image", "exit 0", grace: 0, container: ["image": "docker.io/nginx:1"])
        node.begin(pod)
        let first = await node.backend.status("image") { $0.firstState.waiting?.reason == "ErrImagePull" }
        #expect(
            first.firstState.waiting?.message
                == """
                failed to pull image "docker.io/nginx:1": this cluster runs programs of this machine and pulls \
                nothing; it has ganglion.dev/ganglion, ganglion.dev/model-server, ganglion.dev/shell, \
                localhost/busybox
                """)
        #expect(first.phase == "Pending")
        await node.backend.status("image") { $0.firstState.waiting?.reason == "ImagePullBackOff" }
        await node.delete(pod, grace: 0)
    }

    @Test("a deleted pod gets SIGTERM, then its last status, then the object is removed with grace 0")
    func deletion() async throws {
        let node = try await KubeletNode(scratch)
        let marker = scratch.path + "/up"
        let pod = shellPod(
            "gone", "trap 'exit 0' TERM; touch \(marker); while :; do sleep 0.02; done",
            container: ["readinessProbe": ["exec": ["command": ["true"]], "periodSeconds": 1]])
        node.begin(pod)
        await node.backend.status("gone") { condition($0, "Ready") == "True" }
        while !Files.exists(marker) { await Task.yield() }
        await node.delete(pod, grace: 30)
        let last = try #require(node.backend.statuses("gone").last)
        #expect(last.phase == "Succeeded")
        #expect(last.firstState.terminated?.exitCode == 0)
        let deletion = try #require(node.backend.requests.last { $0.method == "DELETE" })
        #expect(deletion.body.gracePeriodSeconds == 0)
        #expect(deletion.body.preconditions == ["uid": "uid-gone"])
        await node.backend.until { $0.events().contains("Killing") }
    }

    @Test("a program that ignores SIGTERM is killed after the grace period")
    func stubborn() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod("stubborn", "trap '' TERM; while :; do sleep 0.02; done")
        node.begin(pod)
        await node.backend.status("stubborn", isRunning)
        await node.delete(pod, grace: 0)
        #expect(node.backend.statuses("stubborn").last?.firstState.terminated?.exitCode == 137)
    }

    @Test("a pod whose devices cannot be had fails with the kubelet's words")
    func refused() async throws {
        let devices = ScriptedDevices(
            refusal: .unavailable(resource: "aws.amazon.com/neuroncore", requested: 25, available: 24))
        let node = try await KubeletNode(scratch, devices: devices)
        node.begin(shellPod("toomany", "exit 0"))
        let status = await node.backend.status("toomany") { $0.phase?.string == "Failed" }
        #expect(status.reason == "UnexpectedAdmissionError")
        #expect(
            status.message
                == """
                Pod was rejected: Allocate failed due to requested number of devices unavailable for \
                aws.amazon.com/neuroncore. Requested: 25, Available: 24, which is unexpected
                """)
        #expect(condition(status, "PodScheduled") == "True")
        await node.backend.until { $0.events().contains("UnexpectedAdmissionError") }
    }

    @Test(
        "a pod that does not fit the node is refused",
        arguments: [
            (["requests": ["cpu": "3"]], [:], "OutOfcpu"),
            (["requests": ["memory": "20Gi"]], [:], "OutOfmemory"),
            ([:], ["nodeSelector": ["kind": "other"]], "NodeAffinity"),
        ] as [(JSON, JSON, String)])
    func outOf(resources: JSON, spec: JSON, reason: String) async throws {
        let node = try await KubeletNode(
            scratch, room: NodeRoom(cpu: 2000, memory: 1 << 34, pods: 110, labels: ["kind": "local"]))
        node.begin(shellPod("big", "exit 0", container: ["resources": resources], spec: spec))
        let status = await node.backend.status("big") { $0.phase?.string == "Failed" }
        #expect(status.reason?.string == reason)
    }

    @Test("a pod is ready once its readiness probe says so, and not before")
    func readiness() async throws {
        let healthy = Lock(false)
        let actions = ScriptedActions { _ in healthy.withLock { $0 } ? .success : .failure("not yet") }
        let node = try await KubeletNode(scratch, actions: actions)
        let pod = shellPod(
            "probed", "sleep 1000", grace: 0,
            container: ["readinessProbe": ["tcpSocket": ["port": 80], "periodSeconds": 1]])
        node.begin(pod)
        let status = await node.backend.status("probed", isRunning)
        #expect(condition(status, "Ready") == "False")
        await node.backend.until { $0.events().contains("Unhealthy") }
        healthy.withLock { $0 = true }
        await node.backend.status("probed") { condition($0, "Ready") == "True" }
        await node.delete(pod, grace: 0)
    }

    @Test("a container whose liveness probe fails is killed and restarted")
    func liveness() async throws {
        let actions = ScriptedActions { _ in .failure("dead") }
        let node = try await KubeletNode(scratch, actions: actions)
        let pod = shellPod(
            "sick", "sleep 1000", grace: 0,
            container: ["livenessProbe": ["tcpSocket": ["port": 80], "failureThreshold": 1]])
        node.begin(pod)
        await node.backend.status("sick") { ($0.containerStatuses?[0]?.restartCount?.int ?? 0) == 1 }
        await node.backend.until { $0.events().contains("Killing") }
        await node.delete(pod, grace: 0)
    }

    @Test(
        "a kubelet that starts anew finds its pods running, with the same process and address and no restart")
    func restart() async throws {
        let pod = shellPod("kept", "sleep 1000", restartPolicy: "Never", grace: 0)
        let first = try await KubeletNode(scratch)
        first.begin(pod)
        let before = await first.backend.status("kept", isRunning)

        let devices = ScriptedDevices()
        let second = try await KubeletNode(scratch, devices: devices)
        second.begin(pod)
        let after = await second.backend.status("kept", isRunning)
        #expect(after.podIP == before.podIP)
        #expect(after.startTime == before.startTime)
        #expect(after.firstState.running?.startedAt == before.firstState.running?.startedAt)
        #expect(after.containerStatuses?[0]?.restartCount == 0)
        #expect(devices.admissions.map(\.running) == [["main"]])
        await second.delete(pod, grace: 0)
    }

    @Test("a pod that was deleted while no kubelet was there is ended, and its files go")
    func orphan() async throws {
        let pod = shellPod(
            "orphan", "echo $$ > \(scratch.path)/pid; exec sleep 1000", restartPolicy: "Never", grace: 0)
        let first = try await KubeletNode(scratch)
        first.begin(pod)
        await first.backend.status("orphan", isRunning)
        let run = PodDirectory(root: scratch.path, uid: "uid-orphan").run("main", 0)
        let record = try #require(RunningRecord.read(in: run))
        let program = try ChildProcess(existing: record.program.pid)

        let second = try await KubeletNode(scratch)
        second.begin()
        _ = await program.wait()
        #expect(!record.program.isRunning)
    }

    @Test("a terminal pod is not admitted again")
    func terminal() async throws {
        let devices = ScriptedDevices(refusal: .noHealthyDevices(resource: "r"))
        let node = try await KubeletNode(scratch, devices: devices)
        var done = shellPod("done", "exit 0", restartPolicy: "Never")
        done[path: ["status", "phase"]] = "Succeeded"
        let other = shellPod("other", "exit 0")
        node.begin(done, other)
        await node.backend.status("other") { $0.phase?.string == "Failed" }
        #expect(devices.admissions.map(\.pod) == ["uid-other"])
        #expect(node.backend.statuses("done").isEmpty)
    }
}
