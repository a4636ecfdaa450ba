// The device manager with its I/O: it dials plugins, follows their lists, asks them for devices and keeps the
// checkpoint. What it decides stands in `DeviceManagerState`.

internal import KubeletAPI
internal import SystemIO

/// Why Register is refused; the kubelet's words, code UNKNOWN.
struct RegistrationError: Error, Equatable, CustomStringConvertible {
    var description: String
}

/// The kubelet's device manager.
actor DeviceManager: LoopActor, ContainerDevices {
    nonisolated let loop: EventLoop

    /// `ROOT/device-plugins`.
    nonisolated let directory: String
    private let connector: any PluginConnector
    private let dialTimeout: Duration
    private let preStartTimeout: Duration
    private let onChange: @Sendable (Set<String>) -> Void

    private var state = DeviceManagerState()
    private var clients = PluginClients()
    private(set) var connections: [PluginClients.Identifier: any PluginConnection] = [:]
    private var expiry: ScheduledTimer?
    /// Whether the node's extended resources are to be zeroed at its registration: there was no checkpoint.
    private(set) var isFirstStart = true

    /// - Parameters:
    ///   - root: the kubelet's root.
    ///   - onChange: called on the loop when the node's resources may have changed, with the pods whose devices
    ///     changed their health.
    init(
        root: String, connector: any PluginConnector, timings: KubeletTimings, loop: EventLoop,
        onChange: @escaping @Sendable (Set<String>) -> Void
    ) {
        directory = root + "/device-plugins"
        self.connector = connector
        self.loop = loop
        self.onChange = onChange
        dialTimeout = timings.pluginDial
        preStartTimeout = timings.preStart
    }

    /// Makes the directory, removes the sockets directly in it, reads the checkpoint.
    ///
    /// - Returns: why the checkpoint could not be used, if there was one.
    /// - Throws: `SystemError` where the directory cannot be used.
    func prepare() throws(SystemError) -> CheckpointError? {
        try Files.makeDirectory(directory, mode: 0o750)
        for name in try Files.list(directory) {
            // A kubelet that was killed while it wrote the checkpoint has left its half of it.
            let isHalf = name.hasPrefix(DeviceCheckpoint.fileName + ".") && name.hasSuffix(".tmp")
            if isHalf || Files.kind(directory + "/" + name) == .socket {
                try Files.remove(directory + "/" + name)
            }
        }
        guard let bytes = try? Files.read(directory + "/" + DeviceCheckpoint.fileName, limit: 1 << 26) else {
            return nil
        }
        do throws(CheckpointError) {
            state.restore(try DeviceCheckpoint(parsing: bytes), now: MonotonicClock.now)
        } catch {
            return error
        }
        isFirstStart = false
        armExpiry()
        return nil
    }

    // MARK: Plugins

    /// The Register RPC: the plugin is dialled and asked for its options within it; its list is read after
    /// it.
    ///
    /// - Parameter deadline: of the call, in nanoseconds of the monotonic clock; the plugin gets what is left of it.
    func register(
        version: String, endpoint: String, resource: String, deadline: UInt64?
    ) async throws(RegistrationError) {
        guard version == "v1beta1" else {
            throw RegistrationError(
                description: "requested API version \"\(version)\" is not supported by kubelet. "
                    + "Supported version is [\"v1beta1\"]")
        }
        guard resourceNameFault(resource) == nil else {
            throw RegistrationError(description: "the ResourceName \"\(resource)\" is invalid")
        }
        let client = clients.register(resource)
        do throws(RegistrationError) {
            let connection = try await dial(endpoint)
            do throws(PluginError) {
                let left = deadline.map { deadline -> Duration in
                    let now = MonotonicClock.now
                    return .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 1))
                }
                let options = try await connection.options(timeout: left)
                connections[client] = connection
                state.pluginConnected(resource, client: client, options: options)
            } catch {
                await connection.close()
                throw RegistrationError(description: "failed to get device plugin options: \(error)")
            }
        } catch {
            clients.connectFailed(resource)
            throw error
        }
        Task { await self.follow(resource, client) }
    }

    /// Like grpc-go's blocking dial: tries until the time is over, with growing pauses.
    private func dial(_ endpoint: String) async throws(RegistrationError) -> any PluginConnection {
        // An absolute path does not lead out of the directory (filepath.Join).
        let parts = endpoint.split(separator: "/").filter { $0 != "." }
        let refused = RegistrationError(
            description: "failed to dial device plugin: context deadline exceeded")
        guard !parts.isEmpty, !parts.contains("..") else { throw refused }
        let path = ([directory] + parts.map(String.init)).joined(separator: "/")
        let deadline = MonotonicClock.now &+ dialTimeout.nanoseconds
        var pause = Duration.seconds(1)
        while true {
            let now = MonotonicClock.now
            guard now < deadline, !Task.isCancelled else { throw refused }
            let left = Duration.nanoseconds(Int64(clamping: deadline - now))
            if let connection = try? await connector.connect(path, timeout: left) { return connection }
            let spent = MonotonicClock.now
            guard spent < deadline else { throw refused }
            try? await Task.sleep(for: min(pause, .nanoseconds(Int64(clamping: deadline - spent))))
            pause = pause * 8 / 5
        }
    }

    private func follow(_ resource: String, _ client: PluginClients.Identifier) async {
        guard let connection = connections[client] else { return }
        await connection.lists { list in await self.receive(resource, list) }
        // Whoever has the name now is disconnected: see `PluginClients`.
        if let current = clients.streamEnded(resource) {
            let disconnected = connections.removeValue(forKey: current)
            state.pluginDisconnected(resource, now: MonotonicClock.now)
            armExpiry()
            onChange([])
            await disconnected?.close()
        }
        await connections.removeValue(forKey: client)?.close()
    }

    private func receive(_ resource: String, _ list: [PluginDevice]) {
        let pods = state.receiveList(resource, list)
        writeCheckpoint()
        onChange(pods)
    }

    /// The node's extended resources as they are now.
    func capacity() -> DeviceManagerState.Capacity {
        let capacity = state.capacity(now: MonotonicClock.now)
        if !capacity.removed.isEmpty { writeCheckpoint() }
        return capacity
    }

    /// The node is told when a stopped plugin's five minutes are over.
    private func armExpiry() {
        expiry?.cancel()
        guard let next = state.nextExpiry else { return }
        let now = MonotonicClock.now
        let delay = Duration.nanoseconds(Int64(clamping: next > now ? next - now : 0)) + .milliseconds(1)
        expiry = loop.schedule(after: delay) { [weak self] in self?.onChange([]) }
    }

    // MARK: Pods

    func admit(
        pod: String, _ requests: [ContainerRequest], running: Set<String>, active: Set<String>
    ) async throws(DeviceAllocationError) {
        for request in requests {
            let key = ContainerKey(pod: pod, container: request.name)
            var allocated = false
            var released = false
            for (resource, count) in request.limits.shuffled() where state.isPluginResource(resource) {
                // Devices of pods that are no more are found free only when somebody wants some.
                if !released, state.release(keeping: active.union([pod])) { writeCheckpoint() }
                released = true
                let ids = try await choose(
                    key, resource: resource, count: count, running: running.contains(request.name))
                guard !ids.isEmpty else { continue }
                try await allocate(key, resource: resource, ids: ids)
                allocated = true
            }
            if allocated { writeCheckpoint() }
            state.containerDone(key, kind: request.kind)
        }
    }

    private func choose(
        _ key: ContainerKey, resource: String, count: Int, running: Bool
    ) async throws(DeviceAllocationError) -> Set<String> {
        switch try state.beginChoice(key, resource: resource, required: count, alreadyRunning: running) {
        case .nothing: return []
        case .allocate(let ids): return ids
        case .askPlugin(let pending):
            let connection = try plugin(resource)
            let preferred: [String]
            do throws(PluginError) {
                preferred = try await connection.preferred(
                    available: pending.available.shuffled(), mustInclude: pending.mustInclude.shuffled(),
                    size: pending.size)
            } catch {
                state.allocationFailed()
                throw .preferredFailed(error.description)
            }
            return try state.finishChoice(pending, preferred: Set(preferred))
        }
    }

    private func allocate(_ key: ContainerKey, resource: String, ids: Set<String>)
        async throws(DeviceAllocationError)
    {
        do throws(DeviceAllocationError) {
            let connection = try plugin(resource)
            let response: [UInt8]?
            do throws(PluginError) { response = try await connection.allocate(ids.shuffled()) } catch {
                throw .remote(error.description)
            }
            guard let response else { throw .emptyResponse }
            state.record(key, resource: resource, ids: ids, response: response)
        } catch {
            state.allocationFailed()
            throw error
        }
    }

    private func plugin(_ resource: String) throws(DeviceAllocationError) -> any PluginConnection {
        guard let connection = connections[try state.client(resource)] else {
            throw .stopped(endpoint: resource)
        }
        return connection
    }

    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions {
        var result = DeviceRunOptions()
        for allocation in state.podDevices.allocations(key).values.shuffled() {
            let options = connector.runOptions(allocation.response)
            result.environment.merge(options.environment) { first, _ in first }
            result.devices.merge(options.devices) { first, _ in first }
            result.mounts.merge(options.mounts) { first, _ in first }
        }
        return result
    }

    func preStart(_ key: ContainerKey) async throws(DeviceAllocationError) {
        for (resource, allocation) in state.podDevices.allocations(key)
        where state.endpoints[resource]?.options.preStartRequired == true {
            let connection = try plugin(resource)
            do throws(PluginError) {
                try await connection.preStart(allocation.ids.shuffled(), timeout: preStartTimeout)
            } catch {
                throw .remote("device plugin PreStartContainer rpc failed with err: \(error)")
            }
        }
    }

    func health(_ key: ContainerKey) async -> [String: [String: Bool]] {
        state.podDevices.allocations(key).reduce(into: [:]) { result, entry in
            let known = state.devices[entry.key] ?? [:]
            // A device that is not in the list any more counts as healthy (manager.go,
            // UpdateAllocatedResourcesStatus).
            let health = entry.value.ids.map { ($0, known[$0]?.isHealthy ?? true) }
            result[entry.key] = Dictionary(health, uniquingKeysWith: { first, _ in first })
        }
    }

    // MARK: PodResources

    /// What a container holds.
    func allocations(_ key: ContainerKey) -> [String: DeviceAllocation] { state.podDevices.allocations(key) }

    /// All healthy devices by resource, in use or not.
    func healthyDevices() -> [String: [PluginDevice]] {
        state.healthy.reduce(into: [:]) { result, entry in
            result[entry.key] = entry.value.compactMap { state.devices[entry.key]?[$0] }
        }
    }

    private func writeCheckpoint() {
        // A checkpoint that cannot be written must not stop pods: the next one may succeed.
        guard let octets = try? DeviceCheckpoint(state).serialized() else { return }
        try? Files.writeAtomically(directory + "/" + DeviceCheckpoint.fileName, octets, mode: 0o600)
    }
}
