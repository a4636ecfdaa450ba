// How the kubelet chooses devices (devicesToAllocate in manager.go) where there are no NUMA hints: first what
// an init container left, then what the plugin prefers, then any. A plugin is asked in the middle, hence two
// steps.

/// The first half of a choice.
enum DeviceChoice: Equatable {
    /// The container has its devices, or needs none.
    case nothing
    /// Call Allocate with these.
    case allocate(Set<String>)
    /// Ask GetPreferredAllocation, then go on with `finishChoice`.
    case askPlugin(PendingChoice)
}

/// A choice that waits for the plugin's preference.
struct PendingChoice: Equatable {
    var resource: String
    /// What GetPreferredAllocation is asked with.
    var available: Set<String>
    var mustInclude: Set<String>
    var size: Int
    /// Still to be found.
    var needed: Int
}

extension DeviceManagerState {
    /// Begins to choose the devices of one resource for a container.
    ///
    /// - Parameters:
    ///   - required: how many the container asks for.
    ///   - alreadyRunning: the container was found running after a restart of the kubelet: it keeps what it has,
    ///     whatever the plugin's state.
    mutating func beginChoice(
        _ key: ContainerKey, resource: String, required: Int, alreadyRunning: Bool
    ) throws(DeviceAllocationError) -> DeviceChoice {
        let held = podDevices.ids(key, resource: resource)
        var needed = required
        if let held {
            guard held.count == required else {
                throw .changedRequest(
                    pod: key.pod, container: key.container, resource: resource, from: held.count, to: required
                )
            }
            needed = 0
        }
        if alreadyRunning { return .nothing }
        // Health is checked before the count: after a reboot a container whose plugin is not back must fail
        // and not run without devices (kubernetes #109595).
        guard let usable = healthy[resource] else { throw .unregistered(resource: resource) }
        guard !usable.isEmpty else { throw .noHealthyDevices(resource: resource) }
        guard usable.isSuperset(of: held ?? []) else { throw .previousUnhealthy(resource: resource) }
        guard needed > 0 else { return .nothing }

        var chosen: Set<String> = []
        take(from: reusableDevices(pod: key.pod, resource: resource), resource, &chosen, &needed)
        if needed == 0 { return .allocate(chosen) }
        let available = usable.subtracting(allocated[resource] ?? [])
        guard available.count >= needed else {
            throw .unavailable(resource: resource, requested: needed, available: available.count)
        }
        let pending = PendingChoice(
            resource: resource, available: available.union(chosen), mustInclude: chosen, size: required,
            needed: needed)
        guard endpoints[resource]?.options.preferredAllocationAvailable == true else {
            return .allocate(try finishChoice(pending, preferred: []))
        }
        return .askPlugin(pending)
    }

    /// Ends a choice: preferred devices that are available first, then any, in random order.
    mutating func finishChoice(
        _ pending: PendingChoice, preferred: Set<String>
    ) throws(DeviceAllocationError) -> Set<String> {
        var chosen = pending.mustInclude
        var needed = pending.needed
        take(from: preferred.intersection(pending.available), pending.resource, &chosen, &needed)
        if needed > 0 { take(from: pending.available, pending.resource, &chosen, &needed) }
        guard needed == 0 else { throw .short(requested: pending.size, got: pending.size - needed) }
        return chosen
    }

    private mutating func take(
        from candidates: Set<String>, _ resource: String, _ chosen: inout Set<String>, _ needed: inout Int
    ) {
        for id in candidates.subtracting(chosen).shuffled() {
            guard needed > 0 else { return }
            reserve(id, resource: resource)
            chosen.insert(id)
            needed -= 1
        }
    }
}
