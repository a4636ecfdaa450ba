// The device manager of Kubernetes 1.36 without I/O: which devices there are, which are healthy, who holds
// them, and what to ask a plugin. Rules and texts are those of pkg/kubelet/cm/devicemanager/manager.go.

/// Receives what plugins say and pods ask; answers what to do.
struct DeviceManagerState {
    /// How long a stopped plugin's devices stay in the node's capacity.
    static let stopGracePeriod: UInt64 = 5 * 60 * 1_000_000_000

    /// A plugin that registered, or one that the checkpoint remembers.
    struct Endpoint: Equatable, Sendable {
        /// nil for one that only the checkpoint knows.
        var client: PluginClients.Identifier?
        var options: PluginFeatures
        /// When its stream ended, in nanoseconds; nil while it serves.
        var stopTime: UInt64?
    }

    /// What the node shows.
    struct Capacity: Equatable, Sendable {
        var capacity: [String: Int] = [:]
        var allocatable: [String: Int] = [:]
        /// Resources that are gone; the node shows them as 0.
        var removed: [String] = []
    }

    private(set) var devices: [String: [String: PluginDevice]] = [:]
    private(set) var healthy: [String: Set<String>] = [:]
    private(set) var unhealthy: [String: Set<String>] = [:]
    private(set) var endpoints: [String: Endpoint] = [:]
    private(set) var podDevices = PodDevices()
    private(set) var allocated: [String: Set<String>] = [:]
    /// The devices of init containers of the pod that is being admitted.
    private var reusable: (pod: String, devices: [String: Set<String>]) = ("", [:])

    /// Whether a plugin of that resource ever said what it has: others are not counted by the device manager.
    func isPluginResource(_ resource: String) -> Bool {
        healthy[resource] != nil || podDevices.inUse()[resource] != nil
    }
}

// MARK: Plugins

extension DeviceManagerState {
    /// GetDevicePluginOptions was answered: the plugin is the resource's endpoint.
    mutating func pluginConnected(
        _ resource: String, client: PluginClients.Identifier, options: PluginFeatures
    ) {
        endpoints[resource] = Endpoint(client: client, options: options, stopTime: nil)
    }

    /// A list arrived; it is the whole list.
    ///
    /// - Returns: the pods whose devices changed their health.
    mutating func receiveList(_ resource: String, _ list: [PluginDevice]) -> Set<String> {
        let before = devices[resource] ?? [:]
        var after: [String: PluginDevice] = [:]
        for device in list { after[device.id] = device }  // of equal ids the last counts
        devices[resource] = after
        healthy[resource] = Set(after.values.lazy.filter(\.isHealthy).map(\.id))
        unhealthy[resource] = Set(after.values.lazy.filter { !$0.isHealthy }.map(\.id))
        let changed = after.values.filter { before[$0.id]?.isHealthy != $0.isHealthy }.map(\.id)
        return podDevices.holders(of: Set(changed), resource: resource)
    }

    /// The client of a resource was disconnected: nothing is healthy any more, the capacity stays for a
    /// while.
    mutating func pluginDisconnected(_ resource: String, now: UInt64) {
        guard endpoints[resource] != nil else { return }
        let lost = healthy[resource]
        if lost != nil { healthy[resource] = [] }
        unhealthy[resource, default: []].formUnion(lost ?? [])
        endpoints[resource]?.stopTime = now
    }

    /// The node's extended resources.
    ///
    /// A resource whose plugin has been gone for five minutes is forgotten here and named in `removed`.
    mutating func capacity(now: UInt64) -> Capacity {
        var result = Capacity()
        for resource in Set(healthy.keys).union(unhealthy.keys).sorted() {
            if let endpoint = endpoints[resource], !hasExpired(endpoint, now: now) {
                let usable = healthy[resource]?.count ?? 0
                if healthy[resource] != nil { result.allocatable[resource] = usable }
                result.capacity[resource] = usable + (unhealthy[resource]?.count ?? 0)
            } else {
                endpoints[resource] = nil
                healthy[resource] = nil
                unhealthy[resource] = nil
                result.removed.append(resource)
            }
        }
        return result
    }

    /// The nanoseconds at which the next stopped plugin's grace period ends; nil where none is stopped.
    var nextExpiry: UInt64? {
        endpoints.values.compactMap(\.stopTime).map { $0 &+ Self.stopGracePeriod }.min()
    }

    private func hasExpired(_ endpoint: Endpoint, now: UInt64) -> Bool {
        guard let stopTime = endpoint.stopTime else { return false }
        return now > stopTime && now - stopTime > Self.stopGracePeriod
    }

    /// The endpoint to call for a resource.
    ///
    /// - Throws: `unknownPlugin` or `stopped`.
    func client(_ resource: String) throws(DeviceAllocationError) -> PluginClients.Identifier {
        guard let endpoint = endpoints[resource] else { throw .unknownPlugin(resource: resource) }
        guard endpoint.stopTime == nil, let client = endpoint.client else {
            throw .stopped(endpoint: resource)
        }
        return client
    }
}

// MARK: Pods

extension DeviceManagerState {
    /// Forgets the devices of pods that are no more; the counts of what is in use are made anew.
    ///
    /// - Returns: whether anything was forgotten.
    mutating func release(keeping active: Set<String>) -> Bool {
        let gone = podDevices.pods.keys.filter { !active.contains($0) }
        guard !gone.isEmpty else { return false }
        podDevices.remove(pods: gone)
        allocated = podDevices.inUse()
        return true
    }

    /// Devices that earlier containers of the pod had and this one may take over.
    func reusableDevices(pod: String, resource: String) -> Set<String> {
        reusable.pod == pod ? reusable.devices[resource] ?? [] : []
    }

    /// A container has all its devices: what later containers of the pod may reuse changes.
    mutating func containerDone(_ key: ContainerKey, kind: ContainerRequest.Kind) {
        if reusable.pod != key.pod { reusable = (key.pod, [:]) }
        for (resource, allocation) in podDevices.allocations(key) {
            switch kind {
            case .initial: reusable.devices[resource, default: []].formUnion(allocation.ids)
            case .sidecar, .regular: reusable.devices[resource]?.subtract(allocation.ids)
            }
        }
    }

    /// Allocate was answered.
    mutating func record(_ key: ContainerKey, resource: String, ids: Set<String>, response: [UInt8]) {
        var byNode: [Int64: [String]] = [:]
        for id in ids.shuffled() {
            let nodes = devices[resource]?[id]?.nodes ?? []
            for node in nodes.isEmpty ? [DeviceAllocation.withoutNode] : nodes {
                byNode[node, default: []].append(id)
            }
        }
        podDevices.insert(key, resource: resource, DeviceAllocation(devices: byNode, response: response))
    }

    /// Allocate failed: what was set aside for it is free again.
    mutating func allocationFailed() { allocated = podDevices.inUse() }

    /// Sets devices aside. Used by the allocation rules only.
    mutating func reserve(_ id: String, resource: String) { allocated[resource, default: []].insert(id) }

    /// Takes over what a checkpoint says. The resources' plugins count as stopped since `now`, and no device
    /// is known until they are back: capacity and allocatable are 0.
    mutating func restore(_ checkpoint: DeviceCheckpoint, now: UInt64) {
        podDevices = checkpoint.podDevices
        allocated = podDevices.inUse()
        for resource in checkpoint.registered.keys {
            healthy[resource] = []
            unhealthy[resource] = []
            endpoints[resource] = Endpoint(client: nil, options: PluginFeatures(), stopTime: now)
        }
    }
}
