// The two gRPC sockets of a kubelet: plugins register on one, PodResources is read from the other.

internal import GRPC
internal import KubeletAPI
internal import SystemIO

/// Serves Registration and PodResources.
struct KubeletSockets: Sendable {
    let registration: GRPCServer
    let podResources: GRPCServer

    /// Listens on `ROOT/device-plugins/kubelet.sock` and `ROOT/pod-resources/kubelet.sock`.
    ///
    /// - Throws: `SystemError` where a socket cannot be made.
    init(root: String, devices: DeviceManager, pods: PodManager, loop: EventLoop) async throws {
        try Files.makeDirectory(root + "/pod-resources", mode: 0o750)
        registration = GRPCServer(router: Self.registrationRouter(devices), loop: loop)
        podResources = GRPCServer(router: Self.podResourcesRouter(devices, pods), loop: loop)
        _ = try await podResources.listen(on: .unix(root + "/" + PodResourcesAPI.socket))
        let path = root + "/" + DevicePluginAPI.directory + "/" + DevicePluginAPI.kubeletSocketName
        _ = try await registration.listen(on: .unix(path))
    }

    static func registrationRouter(_ devices: DeviceManager) -> GRPCRouter {
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.RegistrationMethod.register) {
            (request: DevicePluginAPI.RegisterRequest, context) -> DevicePluginAPI.Empty in
            let left = context.deadline.map { $0 - .now }
            do {
                // The options of the request are ignored: only GetDevicePluginOptions counts.
                try await devices.register(
                    version: request.version, endpoint: request.endpoint, resource: request.resourceName,
                    deadline: left.map { MonotonicClock.now &+ $0.nanoseconds })
            } catch {
                throw GRPCStatus(.unknown, "\(error)")
            }
            return DevicePluginAPI.Empty()
        }
        return router
    }

    static func podResourcesRouter(_ devices: DeviceManager, _ pods: PodManager) -> GRPCRouter {
        let limit = Lock(RateLimit())
        @Sendable func check() throws {
            guard limit.withLock({ $0.take(now: MonotonicClock.now) }) else {
                throw GRPCStatus(.resourceExhausted, "rejected by rate limit")
            }
        }
        var router = GRPCRouter()
        router.unary(PodResourcesAPI.Method.list) {
            (_: PodResourcesAPI.ListPodResourcesRequest, _) -> PodResourcesAPI.ListPodResourcesResponse in
            try check()
            var response = PodResourcesAPI.ListPodResourcesResponse()
            for pod in await pods.podsWithResources() {
                response.podResources.append(await resources(of: pod, devices))
            }
            return response
        }
        router.unary(PodResourcesAPI.Method.getAllocatableResources) {
            (_: PodResourcesAPI.AllocatableResourcesRequest, _)
                -> PodResourcesAPI.AllocatableResourcesResponse in
            try check()
            var response = PodResourcesAPI.AllocatableResourcesResponse()
            for (resource, healthy) in await devices.healthyDevices() {
                for device in healthy { response.devices += entries(resource, device.id, device.nodes) }
            }
            return response
        }
        router.unary(PodResourcesAPI.Method.get) {
            (request: PodResourcesAPI.GetPodResourcesRequest, _) -> PodResourcesAPI.GetPodResourcesResponse in
            try check()
            guard let pod = await pods.activePod(request.podNamespace, request.podName) else {
                throw GRPCStatus(
                    .unknown, "pod \(request.podName) in namespace \(request.podNamespace) not found")
            }
            return PodResourcesAPI.GetPodResourcesResponse(podResources: await resources(of: pod, devices))
        }
        return router
    }

    /// The devices of a pod's containers; plain init containers are left out, as the kubelet does.
    private static func resources(of pod: Pod, _ devices: DeviceManager) async -> PodResourcesAPI.PodResources
    {
        var result = PodResourcesAPI.PodResources()
        result.name = pod.name
        result.namespace = pod.namespace
        for container in pod.allContainers where container.kind != .initial {
            var entry = PodResourcesAPI.ContainerResources()
            entry.name = container.name
            let key = ContainerKey(pod: pod.uid, container: container.name)
            for (resource, allocation) in await devices.allocations(key) {
                for (node, ids) in allocation.devices {
                    let nodes = node == DeviceAllocation.withoutNode ? [] : [node]
                    for id in ids { entry.devices += entries(resource, id, nodes) }
                }
            }
            result.containers.append(entry)
        }
        return result
    }

    /// One entry for each device, or for each of its NUMA nodes.
    private static func entries(
        _ resource: String, _ id: String, _ nodes: [Int64]
    ) -> [PodResourcesAPI.ContainerDevices] {
        var entry = PodResourcesAPI.ContainerDevices()
        entry.resourceName = resource
        entry.deviceIDs = [id]
        guard !nodes.isEmpty else { return [entry] }
        return nodes.map { number in
            var node = PodResourcesAPI.NUMANode()
            node.id = number
            var topology = PodResourcesAPI.TopologyInfo()
            topology.nodes = [node]
            entry.topology = topology
            return entry
        }
    }

    /// Ends both.
    func shutdown() async {
        await registration.shutdown(grace: .zero)
        await podResources.shutdown(grace: .zero)
    }
}
