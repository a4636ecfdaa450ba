import GRPC
import Glibc
import HTTP
import JSON
import KubeletAPI
import LocalTestSupport
import Observability
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

private let resource = "aws.amazon.com/neuroncore"

/// A device plugin over gRPC as the real ones are: it serves, then registers.
private actor Plugin: LoopActor {
    nonisolated let loop = EventLoop.shared

    private let server: GRPCServer
    private let path: String
    private let kubelet: String
    nonisolated let allocations = Lock<[[String]]>([])
    private let lists: AsyncStream<[DevicePluginAPI.Device]>
    nonisolated let list: AsyncStream<[DevicePluginAPI.Device]>.Continuation

    init(root: String, endpoint: String) async throws {
        let (lists, list) = AsyncStream.makeStream(of: [DevicePluginAPI.Device].self)
        self.lists = lists
        self.list = list
        path = root + "/device-plugins/" + endpoint
        kubelet = root + "/device-plugins/kubelet.sock"
        let allocations = allocations
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.Method.getDevicePluginOptions) {
            (_: DevicePluginAPI.Empty, _) -> DevicePluginAPI.DevicePluginOptions in
            DevicePluginAPI.DevicePluginOptions(getPreferredAllocationAvailable: true)
        }
        router.serverStreaming(DevicePluginAPI.Method.listAndWatch) {
            (
                _: DevicePluginAPI.Empty, _,
                writer: GRPCResponseWriter<DevicePluginAPI.ListAndWatchResponse>
            ) in
            for await devices in lists {
                try await writer.write(DevicePluginAPI.ListAndWatchResponse(devices: devices))
            }
        }
        router.unary(DevicePluginAPI.Method.getPreferredAllocation) {
            (request: DevicePluginAPI.PreferredAllocationRequest, _)
                -> DevicePluginAPI.PreferredAllocationResponse in
            let one = request.containerRequests[0]
            let ids = one.availableDeviceIDs.compactMap { Int($0) }.sorted().prefix(Int(one.allocationSize))
            return DevicePluginAPI.PreferredAllocationResponse(containerResponses: [
                DevicePluginAPI.ContainerPreferredAllocationResponse(deviceIDs: ids.map(String.init))
            ])
        }
        router.unary(DevicePluginAPI.Method.allocate) {
            (request: DevicePluginAPI.AllocateRequest, _) -> DevicePluginAPI.AllocateResponse in
            let ids = request.containerRequests[0].deviceIDs.compactMap { Int($0) }.sorted()
            let names = ids.map(String.init)
            allocations.withLock { $0.append(names) }
            return DevicePluginAPI.AllocateResponse(containerResponses: [
                DevicePluginAPI.ContainerAllocateResponse(
                    envs: ["NEURON_RT_VISIBLE_CORES": names.joined(separator: ",")],
                    devices: [
                        DevicePluginAPI.DeviceSpec(
                            containerPath: "/dev/neuron0", hostPath: "/dev/null", permissions: "rw")
                    ])
            ])
        }
        server = GRPCServer(router: router, loop: loop)
        _ = try await server.listen(on: .unix(path))
    }

    func register() async throws {
        let client = try await GRPCClient.connect(to: .unix(kubelet), loop: loop, timeout: .seconds(300))
        let endpoint = path.split(separator: "/").last.map(String.init) ?? ""
        let _: DevicePluginAPI.Empty = try await client.unary(
            DevicePluginAPI.RegistrationMethod.register,
            DevicePluginAPI.RegisterRequest(version: "v1beta1", endpoint: endpoint, resourceName: resource),
            timeout: .seconds(300))
        await client.close()
    }

    func stop() async { await server.shutdown(grace: .zero) }
}

private func devices(_ count: Int) -> [DevicePluginAPI.Device] {
    (0..<count).map { DevicePluginAPI.Device(id: "\($0)", health: "Healthy") }
}

@Suite("The whole kubelet", .enabled(if: ganglionProgram != nil, "the ganglion program was not built"))
struct LocalKubeletTests {
    let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    private func kubelet(_ backend: ScriptedBackend) throws -> Kubelet {
        var options = KubeletOptions(
            root: scratch.path, nodeName: "local", images: ImageTable(directory: "/none"),
            program: try #require(ganglionProgram))
        options.instanceType = "inf2.48xlarge"
        options.network = 9
        options.supervisor = getpid()  // what is left ends with the tests
        return Kubelet(options, backend: backend, log: .silent, loop: .shared)
    }

    /// Waits until the node's status shows so many cores.
    private func shows(_ backend: ScriptedBackend, _ allocatable: String, of capacity: String) async {
        await backend.until { backend in
            let last = backend.requests.last { $0.path == "/api/v1/nodes/local/status" }?.body.status
            return last?.capacity?[resource]?.string == capacity
                && last?.allocatable?[resource]?.string == allocatable
        }
    }

    @Test(
        "plugin, node, pod, PodResources and log work together; a restart of the kubelet changes nothing for a pod"
    )
    func together() async throws {
        let backend = ScriptedBackend()
        let first = try await kubelet(backend).start()
        await backend.until { $0.requests.contains { $0.method == "POST" && $0.path == "/api/v1/nodes" } }
        let node = try #require(backend.requests.first { $0.path == "/api/v1/nodes" }).body
        #expect(node.metadata?.labels?["node.kubernetes.io/instance-type"] == "inf2.48xlarge")
        #expect(node.status?.nodeInfo?.kubeletVersion == "v1.36.2")
        #expect(node.status?.capacity?.pods == "110")

        let plugin = try await Plugin(root: scratch.path, endpoint: "neuroncore.sock")
        plugin.list.yield(devices(24))
        try await plugin.register()
        await shows(backend, "24", of: "24")

        let script =
            "echo cores $NEURON_RT_VISIBLE_CORES $(readlink $GANGLION_DEVICE_ROOT/neuron0); sleep 1000"
        let pod = shellPod(
            "four", script, restartPolicy: "Never", grace: 0,
            container: ["resources": ["limits": [.init(resource): "4"]]])
        backend.send(.snapshot([pod]))
        await backend.status("four") { $0.phase?.string == "Running" }
        #expect(plugin.allocations.withLock { $0 } == [["0", "1", "2", "3"]])
        #expect(try await held() == ["four": ["0", "1", "2", "3"]])
        #expect(try await firstLine("four") == "cores 0,1,2,3 /dev/null")

        // The kubelet goes, the pod stays; its successor wipes the sockets and knows the allocation.
        let before = backend.statuses("four").last?.firstState
        await first.stop()
        let successor = ScriptedBackend(objects: ["/api/v1/nodes/local": node])
        let second = try await kubelet(successor).start()
        #expect(!Files.exists(scratch.path + "/device-plugins/neuroncore.sock"))
        await shows(successor, "0", of: "0")
        successor.send(.snapshot([pod]))
        let after = await successor.status("four") { $0.phase?.string == "Running" }
        #expect(after.firstState == before)
        let again = try await Plugin(root: scratch.path, endpoint: "neuroncore.sock")
        again.list.yield(devices(24))
        try await again.register()
        await shows(successor, "24", of: "24")
        #expect(again.allocations.withLock { $0 } == [])
        #expect(try await held() == ["four": ["0", "1", "2", "3"]])

        successor.send(.changed(pod.deleted(grace: 0)))
        await successor.until { $0.requests.contains { $0.method == "DELETE" } }
        successor.send(.removed(pod))
        await second.stop()
        await plugin.stop()
        await again.stop()
    }

    @Test("PodResources knows no pod that is not there, and refuses the eleventh call of a burst")
    func podResources() async throws {
        let running = try await kubelet(ScriptedBackend()).start()
        let client = try await GRPCClient.connect(to: .unix(scratch.path + "/pod-resources/kubelet.sock"))
        await #expect(throws: GRPCStatus(.unknown, "pod nope in namespace default not found")) {
            let _: PodResourcesAPI.GetPodResourcesResponse = try await client.unary(
                PodResourcesAPI.Method.get,
                PodResourcesAPI.GetPodResourcesRequest(podName: "nope", podNamespace: "default"))
        }
        var refusals: Set<GRPCStatus> = []
        // Many at a time, and again: a busy machine may take longer over one than the limit asks for.
        for _ in 0..<100 where refusals.isEmpty {
            await withTaskGroup(of: GRPCStatus?.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        do {
                            let _: PodResourcesAPI.ListPodResourcesResponse = try await client.unary(
                                PodResourcesAPI.Method.list, PodResourcesAPI.ListPodResourcesRequest())
                            return nil
                        } catch {
                            return error as? GRPCStatus
                        }
                    }
                }
                for await case let refusal? in group { refusals.insert(refusal) }
            }
        }
        #expect(refusals == [GRPCStatus(.resourceExhausted, "rejected by rate limit")])
        await client.close()
        await running.stop()
    }

    /// Pod name to the devices that PodResources tells.
    private func held() async throws -> [String: [String]] {
        let client = try await GRPCClient.connect(to: .unix(scratch.path + "/pod-resources/kubelet.sock"))
        let response: PodResourcesAPI.ListPodResourcesResponse = try await client.unary(
            PodResourcesAPI.Method.list, PodResourcesAPI.ListPodResourcesRequest())
        await client.close()
        return response.podResources.reduce(into: [:]) { result, pod in
            result[pod.name] = pod.containers.flatMap { $0.devices.flatMap(\.deviceIDs) }.sorted()
        }
    }

    /// The first line of a pod's log, read as the API server does, followed until it is there.
    private func firstLine(_ pod: String) async throws -> String {
        let stream = try await KubeletLogClient(root: scratch.path).logs(
            namespace: "default", pod: pod, container: "main", query: "follow=true")
        var text = ""
        for try await chunk in stream {
            text += String(decoding: chunk, as: UTF8.self)
            if text.contains("\n") { break }
        }
        await stream.close()
        return text.split(separator: "\n").first.map(String.init) ?? ""
    }
}

@Suite("A container's log")
struct ContainerLogTests {
    @Test(
        "the last lines begin where they should",
        arguments: [
            ("a\nb\nc\n", 1, 4), ("a\nb\nc\n", 2, 2), ("a\nb\nc\n", 3, 0), ("a\nb\nc\n", 9, 0),
            ("a\nb\nc\n", 0, 6),
            ("a\nb\nc", 1, 4), ("", 3, 0), ("\n\n\n", 2, 1),
        ] as [(String, Int, Int64)])
    func tail(text: String, lines: Int, offset: Int64) throws {
        let scratch = try TemporaryDirectory()
        try Files.write(scratch.path + "/log", Array(text.utf8))
        let file = try FileDescriptor.open(scratch.path + "/log", flags: O_RDONLY)
        #expect(ContainerLog.offset(ofLast: lines, in: file) == offset)
    }
}
