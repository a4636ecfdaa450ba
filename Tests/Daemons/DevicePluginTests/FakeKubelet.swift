// A kubelet as far as device plugins see one (Kubernetes 1.36): it wipes the sockets of its directory when it starts,
// dials the plugin inside Register, reads ListAndWatch for ever, never opens it again, and disconnects by name when a
// stream ends.

import GRPC
import Glibc
import KubeletAPI
import Protobuf
import SystemIO
import Testing

actor FakeKubelet: LoopActor {
    nonisolated let loop = EventLoop.shared

    /// What the kubelet knows of a resource.
    struct Resource {
        var devices: [DevicePluginAPI.Device] = []
        var isStopped = false
        var lists = 0
        var allocatable: Int { isStopped ? 0 : devices.count { $0.health == "Healthy" } }
    }

    /// Everything that a test may wait for.
    struct State {
        var registrations = 0
        var refused = 0
        var resources: [String: Resource] = [:]
        var openStreams = 0
        /// Register calls that came while an earlier stream of the resource was open: the plugin's fault.
        var overlaps = 0
        var endedWell = 0

        var allocatable: Int { resources.values.reduce(0) { $0 + $1.allocatable } }
    }

    nonisolated let root: String
    var directory: String { root + "/device-plugins" }
    private(set) var state = State()
    private var server: GRPCServer?
    private var clients: [String: GRPCClient] = [:]
    private var refusals: [GRPCStatus] = []
    private var stalls = 0
    private var registry: [String: Files.Identity] = [:]
    private var registryTask: Task<Void, Never>?
    private var podResources: GRPCServer?
    private var pods: [PodResourcesAPI.PodResources] = []
    /// What it lists after it has been asked so many times more.
    private var later: (pods: [PodResourcesAPI.PodResources], lists: Int)?
    private var waiters: [Waiter] = []
    private var waiterCount = 0

    private struct Waiter {
        let number: Int
        let met: (State) -> Bool
        let continuation: CheckedContinuation<State, Never>
    }

    init(root: String) { self.root = root }

    /// Starts, or starts again: sockets go, knowledge stays empty.
    func start() async throws {
        try Files.makeDirectory(directory, mode: 0o750)
        for name in try Files.list(directory) where Files.kind(directory + "/" + name) == .socket {
            try Files.remove(directory + "/" + name)
        }
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.RegistrationMethod.register) {
            [weak self] (request: DevicePluginAPI.RegisterRequest, _) in
            try await self?.register(request)
            return DevicePluginAPI.Empty()
        }
        let server = GRPCServer(router: router)
        self.server = server
        try await server.listen(on: .unix(directory + "/kubelet.sock"))
    }

    // MARK: PodResources

    /// Serves its account of who holds what.
    func servePodResources() async throws {
        try Files.makeDirectory(root + "/pod-resources")
        var router = GRPCRouter()
        router.unary(PodResourcesAPI.Method.list) {
            [weak self] (_: PodResourcesAPI.ListPodResourcesRequest, _) in
            PodResourcesAPI.ListPodResourcesResponse(podResources: await self?.account() ?? [])
        }
        router.unary(PodResourcesAPI.Method.getAllocatableResources) {
            [weak self] (_: PodResourcesAPI.AllocatableResourcesRequest, _) in
            PodResourcesAPI.AllocatableResourcesResponse(devices: await self?.healthyDevices ?? [])
        }
        let server = GRPCServer(router: router)
        podResources = server
        try await server.listen(on: .unix(root + "/" + PodResourcesAPI.socket))
    }

    /// One entry for each healthy device; none of a plugin that has been disconnected.
    private var healthyDevices: [PodResourcesAPI.ContainerDevices] {
        state.resources.flatMap { name, resource in
            resource.devices.filter { !resource.isStopped && $0.health == "Healthy" }
                .map { .init(resourceName: name, deviceIDs: [$0.id]) }
        }
    }

    private func account() -> [PodResourcesAPI.PodResources] {
        guard let later else { return pods }
        defer {
            self.later = later.lists > 1 ? (later.pods, later.lists - 1) : nil
            if later.lists <= 1 { pods = later.pods }
        }
        return pods
    }

    /// One pod for each entry, which holds these devices.
    ///
    /// - Parameter lists: how often the kubelet is asked before it has recorded them.
    func setPods(_ held: [(resource: String, ids: [String])], afterLists lists: Int = 0) {
        let pods = Self.pods(held)
        if lists > 0 { later = (pods, lists) } else { self.pods = pods }
    }

    private static func pods(_ held: [(resource: String, ids: [String])]) -> [PodResourcesAPI.PodResources] {
        held.enumerated().map { number, entry in
            .init(
                name: "pod-\(number)", namespace: "default",
                containers: [
                    .init(
                        name: "c",
                        devices: [.init(resourceName: entry.resource, deviceIDs: entry.ids)])
                ])
        }
    }

    // MARK: plugins_registry

    /// Looks at plugins_registry as the real one does, only more often: a socket that is new is asked what it is and
    /// registered, one that is gone is deregistered.
    func startRegistry() throws {
        try Files.makeDirectory(registryDirectory)
        registryTask = Task {
            while !Task.isCancelled {
                await lookAtRegistry()
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    private var registryDirectory: String { root + "/" + PluginRegistrationAPI.directory }

    private func lookAtRegistry() async {
        var found: [String: Files.Identity] = [:]
        for name in (try? Files.list(registryDirectory)) ?? [] where !name.hasPrefix(".") {
            found[name] = Files.socketIdentity(registryDirectory + "/" + name)
        }
        for (name, identity) in registry where found[name] != identity { registry[name] = nil }
        for (name, identity) in found where registry[name] == nil {
            registry[name] = identity
            let path = registryDirectory + "/" + name
            do {
                // Its target is a path, which grpc-go puts into :authority.
                let asking = try await GRPCClient.connect(
                    to: .unix(path), authority: path.replacingSlashes)
                let info: PluginRegistrationAPI.PluginInfo = try await asking.unary(
                    PluginRegistrationAPI.Method.getInfo, PluginRegistrationAPI.InfoRequest(),
                    timeout: .seconds(300))
                #expect(info.type == "DevicePlugin" && info.supportedVersions == ["v1beta1"])
                var status = PluginRegistrationAPI.RegistrationStatus(pluginRegistered: true)
                if refusals.isEmpty {
                    try await connect(info.name, info.endpoint.isEmpty ? path : info.endpoint)
                } else {
                    state.refused += 1
                    status = .init(pluginRegistered: false, error: refusals.removeFirst().message)
                    registry[name] = nil
                }
                let _: PluginRegistrationAPI.RegistrationStatusResponse = try await asking.unary(
                    PluginRegistrationAPI.Method.notifyRegistrationStatus, status, timeout: .seconds(300))
                await asking.close()
            } catch {
                registry[name] = nil
            }
            changed()
        }
    }

    /// Ends as a killed process does: every connection goes, kubelet.sock stays, nobody listens on it.
    func kill() async throws {
        let path = directory + "/kubelet.sock"
        await close()
        if Files.exists(path) { try Files.remove(path) }
        // What is left of a dead process: a socket that nobody accepts on.
        let listener = try Listener(.unix(path)) { _ in }
        try rename(path, path + ".dead")
        await listener.close()
        try rename(path + ".dead", path)
    }

    private func rename(_ old: String, _ new: String) throws {
        try #require(Glibc.rename(old, new) == 0)
    }

    /// Ends and takes its socket along.
    func close() async {
        registryTask?.cancel()
        await registryTask?.value
        for client in clients.values { await client.close() }
        clients = [:]
        await server?.shutdown(grace: .zero)
        server = nil
        await podResources?.shutdown(grace: .zero)
        podResources = nil
        registry = [:]
        state.resources = [:]
        changed()
    }

    /// The next Register calls get these answers.
    func refuse(_ statuses: [GRPCStatus]) { refusals = statuses }

    /// The next Register calls get no answer at all.
    func stall(_ count: Int) { stalls = count }

    /// Drops the plugin of a resource, as the name-keyed fault does to a new registration.
    func drop(_ resource: String) async { await clients.removeValue(forKey: resource)?.close() }

    /// A client on the connection to the plugin.
    func client(_ resource: String) throws -> DevicePluginClient {
        DevicePluginClient(try #require(clients[resource]))
    }

    /// Waits until the state is as wanted, or the time limit of the test is over.
    @discardableResult
    func wait(until met: sending @escaping (State) -> Bool) async -> State {
        waiterCount += 1
        let number = waiterCount
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if met(state) || Task.isCancelled {
                    continuation.resume(returning: state)
                } else {
                    waiters.append(Waiter(number: number, met: met, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await giveUp(number) }
        }
    }

    private func giveUp(_ number: Int) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: index).continuation.resume(returning: state)
    }

    private func changed() {
        let met = waiters.filter { $0.met(state) }
        waiters.removeAll { $0.met(state) }
        for waiter in met { waiter.continuation.resume(returning: state) }
    }

    private func register(_ request: DevicePluginAPI.RegisterRequest) async throws {
        defer { changed() }
        if !refusals.isEmpty {
            state.refused += 1
            throw refusals.removeFirst()
        }
        if stalls > 0 {
            stalls -= 1
            state.refused += 1
            changed()
            try await Task.sleep(for: .seconds(600))
        }
        guard request.version == "v1beta1" else { throw GRPCStatus(.unknown, "requested API version") }
        try await connect(request.resourceName, directory + "/" + request.endpoint)
    }

    private func connect(_ resource: String, _ path: String) async throws {
        if clients[resource] != nil { state.overlaps += 1 }
        let client = try await GRPCClient.connect(to: .unix(path))
        let options = try await DevicePluginClient(client).options(timeout: .seconds(300))
        #expect(options.getPreferredAllocationAvailable)
        clients[resource] = client
        state.registrations += 1
        Task { await watch(resource, client) }
    }

    private func watch(_ resource: String, _ client: GRPCClient) async {
        do {
            let lists = try await DevicePluginClient(client).listAndWatch()
            state.openStreams += 1
            for try await list in lists {
                state.resources[resource, default: Resource()].devices = list.devices
                state.resources[resource]?.isStopped = false
                state.resources[resource]?.lists += 1
                changed()
            }
            state.endedWell += 1
        } catch {
            // The connection is gone; the kubelet does not care why.
        }
        state.openStreams -= 1
        // By name: whoever is current is disconnected, be it another (handler.go runClient).
        let current = clients.removeValue(forKey: resource)
        await current?.close()
        state.resources[resource]?.isStopped = true
        changed()
    }
}

extension String {
    /// As grpc-go escapes a path in an authority.
    fileprivate var replacingSlashes: String { split(separator: "/").map { "%2F" + $0 }.joined() }
}
