// A kubelet as far as a device plugin sees one (Kubernetes 1.36), with a clock: it wipes the sockets when it starts, dials
// the plugin inside Register, reads ListAndWatch for ever, and, with the fault of that version, disconnects whatever
// has the name some time after a stream has ended.

import GRPC
import KubeletAPI
import SystemIO

actor MeasuringKubelet: LoopActor {
    nonisolated let loop = EventLoop.shared

    nonisolated let root: String
    private let resource: String
    private var server: GRPCServer?
    private var client: GRPCClient?
    private var waiters: [(count: Int, continuation: CheckedContinuation<ContinuousClock.Instant, Never>)] =
        []
    private(set) var allocatable = 0
    private(set) var lists = 0
    private(set) var registrations = 0
    /// Register came while an earlier stream was open.
    private(set) var overlaps = 0
    /// The late end of a stream found another registration under its name.
    private(set) var races = 0
    private var openStreams = 0

    init(root: String, resource: String) {
        self.root = root
        self.resource = resource
    }

    private var directory: String { root + "/" + DevicePluginAPI.directory }

    /// Starts; gives the moment at which kubelet.sock was there.
    @discardableResult
    func start() async throws -> ContinuousClock.Instant {
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
        let server = GRPCServer(router: router, loop: loop)
        self.server = server
        try await server.listen(on: .unix(directory + "/" + DevicePluginAPI.kubeletSocketName))
        return .now
    }

    /// Ends as a process does: all connections at once.
    func stop() async {
        await client?.close()
        client = nil
        await server?.shutdown(grace: .zero)
        server = nil
        allocatable = 0
    }

    /// The moment at which so many devices are allocatable.
    func reaches(_ count: Int) async -> ContinuousClock.Instant {
        if allocatable == count { return .now }
        return await withCheckedContinuation { waiters.append((count, $0)) }
    }

    /// The connection to the plugin.
    func plugin() throws -> DevicePluginClient {
        guard let client else { throw GRPCStatus(.unavailable, "no plugin is registered") }
        return DevicePluginClient(client)
    }

    private func register(_ request: DevicePluginAPI.RegisterRequest) async throws {
        if openStreams > 0 { overlaps += 1 }
        let new = try await GRPCClient.connect(to: .unix(directory + "/" + request.endpoint), loop: loop)
        _ = try await DevicePluginClient(new).options(timeout: .seconds(5))
        client = new
        registrations += 1
        Task { await watch(new) }
    }

    private func watch(_ client: GRPCClient) async {
        openStreams += 1
        do {
            for try await list in try await DevicePluginClient(client).listAndWatch() {
                lists += 1
                set(list.devices.count { $0.health == DevicePluginAPI.healthy })
            }
        } catch {
            // However it ended: the kubelet does not care.
        }
        openStreams -= 1
        if self.client == nil || self.client === client { set(0) }
        // Some moments later it looks up who has the name (handler.go, runClient).
        try? await Task.sleep(for: .milliseconds(Int.random(in: 0...50)))
        guard let current = self.client else { return }
        if current !== client { races += 1 }
        self.client = nil
        await current.close()
    }

    private func set(_ count: Int) {
        allocatable = count
        let met = waiters.filter { $0.count == count }
        waiters.removeAll { $0.count == count }
        for waiter in met { waiter.continuation.resume(returning: .now) }
    }
}
