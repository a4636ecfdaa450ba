import Testing

@testable import LocalKubelet

private let resource = "example.com/resource"

/// A manager whose plugin has registered and sent `list`.
private func manager(_ list: [PluginDevice], preferred: Bool = false) -> DeviceManagerState {
    var state = DeviceManagerState()
    state.pluginConnected(
        resource, client: 1, options: PluginFeatures(preferredAllocationAvailable: preferred))
    _ = state.receiveList(resource, list)
    return state
}

private func devices(_ count: Int) -> [PluginDevice] { (0..<count).map { PluginDevice("\($0)") } }

extension DeviceManagerState {
    /// Goes through a whole allocation as the shell does, with a plugin that prefers `preferred`.
    fileprivate mutating func allocate(
        pod: String = "pod", _ count: Int, to container: String = "main",
        kind: ContainerRequest.Kind = .regular, preferred: Set<String> = []
    ) throws -> Set<String> {
        let key = ContainerKey(pod: pod, container: container)
        let ids: Set<String>
        switch try beginChoice(key, resource: resource, required: count, alreadyRunning: false) {
        case .nothing: ids = []
        case .allocate(let chosen): ids = chosen
        case .askPlugin(let pending): ids = try finishChoice(pending, preferred: preferred)
        }
        if !ids.isEmpty { record(key, resource: resource, ids: ids, response: [1]) }
        containerDone(key, kind: kind)
        return podDevices.ids(key, resource: resource) ?? []
    }
}

@Suite("Device manager: what the node shows")
struct DeviceCapacityTests {
    private func shown(_ state: DeviceManagerState, now: UInt64 = 0) -> DeviceManagerState.Capacity {
        var copy = state
        return copy.capacity(now: now)
    }

    @Test("a plugin whose options failed is not there at all")
    func neverConnected() {
        #expect(shown(DeviceManagerState()) == DeviceManagerState.Capacity())
    }

    @Test(
        "capacity counts all devices, allocatable the healthy ones, and each list replaces the one before",
        arguments: [
            ([], 0, 0),
            ([PluginDevice("a"), PluginDevice("b")], 2, 2),
            ([PluginDevice("a"), PluginDevice("b", isHealthy: false)], 1, 2),
            ([PluginDevice("a", isHealthy: false)], 0, 1),
            ([PluginDevice("a"), PluginDevice("a", isHealthy: false)], 0, 1),
        ] as [([PluginDevice], Int, Int)])
    func lists(list: [PluginDevice], allocatable: Int, capacity: Int) {
        var state = manager(devices(4))
        _ = state.receiveList(resource, list)
        #expect(
            shown(state)
                == DeviceManagerState.Capacity(
                    capacity: [resource: capacity], allocatable: [resource: allocatable]))
    }

    @Test("a stream that ends leaves capacity and takes allocatable; after five minutes the resource is gone")
    func streamEnd() {
        var state = manager(devices(2))
        state.pluginDisconnected(resource, now: 1000)
        let grace = DeviceManagerState.stopGracePeriod
        #expect(shown(state, now: 1000 + grace).capacity == [resource: 2])
        #expect(shown(state, now: 1000 + grace).allocatable == [resource: 0])
        #expect(shown(state, now: 1001 + grace) == DeviceManagerState.Capacity(removed: [resource]))
        #expect(state.nextExpiry == 1000 + grace)
    }

    @Test("ListAndWatch that fails at once shows 0 of 0")
    func immediateFailure() {
        var state = DeviceManagerState()
        state.pluginConnected(resource, client: 1, options: PluginFeatures())
        #expect(shown(state) == DeviceManagerState.Capacity())
        state.pluginDisconnected(resource, now: 0)
        #expect(shown(state).capacity == [resource: 0])
    }

    @Test("registering again brings the devices back")
    func registersAgain() {
        var state = manager(devices(2))
        state.pluginDisconnected(resource, now: 0)
        state.pluginConnected(resource, client: 2, options: PluginFeatures())
        _ = state.receiveList(resource, devices(2))
        #expect(shown(state).allocatable == [resource: 2])
        #expect(shown(state).capacity == [resource: 2])
    }

    @Test("only pods that hold a device whose health changed are told")
    func healthChanges() throws {
        var state = manager(devices(4))
        let first = try state.allocate(pod: "first", 2)
        let second = try state.allocate(pod: "second", 2)
        let list = devices(4).map { PluginDevice($0.id, isHealthy: !first.contains($0.id)) }
        #expect(state.receiveList(resource, list) == ["first"])
        #expect(state.receiveList(resource, list) == [])
        #expect(!second.isEmpty)
    }
}

@Suite("Device manager: plugins found by name (kubernetes #127803)")
struct PluginClientsTests {
    @Test("the late end of an old stream disconnects the new client")
    func oldStreamKillsNewClient() {
        var clients = PluginClients()
        let old = clients.register(resource)
        let new = clients.register(resource)
        #expect(old != new)
        #expect(clients.streamEnded(resource) == new)
        #expect(clients.streamEnded(resource) == nil)
    }

    @Test("after a failed second registration nobody hears of the first one's end")
    func failedRegistration() {
        var clients = PluginClients()
        _ = clients.register(resource)
        _ = clients.register(resource)
        clients.connectFailed(resource)
        #expect(clients.streamEnded(resource) == nil)
    }
}

@Suite("Device manager: choosing devices")
struct DeviceChoiceTests {
    @Test("a preference of the right size is what the container gets")
    func preferred() throws {
        var state = manager(devices(8), preferred: true)
        #expect(try state.allocate(4, preferred: ["4", "5", "6", "7"]) == ["4", "5", "6", "7"])
    }

    @Test(
        "a preference is a hint: wrong sizes and unknown ids are made good",
        arguments: [[], ["1"], ["1", "nope"], ["1", "2", "3", "4", "5"]] as [Set<String>])
    func odd(preferred: Set<String>) throws {
        var state = manager(devices(8), preferred: true)
        let got = try state.allocate(3, preferred: preferred)
        #expect(got.count == 3)
        let usable = preferred.subtracting(["nope"])
        #expect(usable.count >= 3 ? got.isSubset(of: usable) : got.isSuperset(of: usable))
    }

    @Test("the plugin is asked with all that is available and the whole size")
    func question() throws {
        var state = manager(devices(4) + [PluginDevice("sick", isHealthy: false)], preferred: true)
        let key = ContainerKey(pod: "pod", container: "main")
        let choice = try state.beginChoice(key, resource: resource, required: 4, alreadyRunning: false)
        #expect(
            choice
                == .askPlugin(
                    PendingChoice(
                        resource: resource, available: ["0", "1", "2", "3"], mustInclude: [], size: 4,
                        needed: 4)))
    }

    @Test("what one container holds another does not get")
    func exclusive() throws {
        var state = manager(devices(24))
        let first = try state.allocate(pod: "a", 20)
        #expect(throws: DeviceAllocationError.unavailable(resource: resource, requested: 8, available: 4)) {
            try state.allocate(pod: "b", 8)
        }
        let second = try state.allocate(pod: "b", 4)
        #expect(first.isDisjoint(with: second))
    }

    @Test("the refusals have the kubelet's words")
    func refusals() throws {
        var state = DeviceManagerState()
        #expect(throws: DeviceAllocationError.unregistered(resource: resource)) { try state.allocate(1) }
        state = manager([PluginDevice("a", isHealthy: false)])
        #expect(throws: DeviceAllocationError.noHealthyDevices(resource: resource)) { try state.allocate(1) }
        state = manager(devices(2))
        _ = try state.allocate(1)
        let key = ContainerKey(pod: "pod", container: "main")
        #expect(
            throws: DeviceAllocationError.changedRequest(
                pod: "pod", container: "main", resource: resource, from: 1, to: 2)
        ) {
            try state.beginChoice(key, resource: resource, required: 2, alreadyRunning: false)
        }
        let held = state.podDevices.ids(key, resource: resource) ?? []
        _ = state.receiveList(
            resource, devices(2).map { PluginDevice($0.id, isHealthy: !held.contains($0.id)) })
        #expect(throws: DeviceAllocationError.previousUnhealthy(resource: resource)) { try state.allocate(1) }
        #expect(
            DeviceAllocationError.unavailable(
                resource: "aws.amazon.com/neuroncore", requested: 25, available: 24
            )
            .description
                == "requested number of devices unavailable for aws.amazon.com/neuroncore. "
                + "Requested: 25, Available: 24")
        #expect(
            DeviceAllocationError.noHealthyDevices(resource: "r").description
                == "no healthy devices present; cannot allocate unhealthy devices r")
    }

    @Test("a container that restarts keeps its devices without a question")
    func restart() throws {
        var state = manager(devices(4), preferred: true)
        let first = try state.allocate(2)
        let key = ContainerKey(pod: "pod", container: "main")
        #expect(
            try state.beginChoice(key, resource: resource, required: 2, alreadyRunning: false) == .nothing)
        #expect(state.podDevices.ids(key, resource: resource) == first)
    }

    @Test("a container found running needs no healthy plugin; one that is not running does")
    func runningAfterRestart() throws {
        var state = manager(devices(4))
        _ = try state.allocate(2)
        state.pluginDisconnected(resource, now: 0)
        let key = ContainerKey(pod: "pod", container: "main")
        #expect(try state.beginChoice(key, resource: resource, required: 2, alreadyRunning: true) == .nothing)
        #expect(throws: DeviceAllocationError.noHealthyDevices(resource: resource)) {
            try state.beginChoice(key, resource: resource, required: 2, alreadyRunning: false)
        }
    }

    @Test("pods that are no longer active give their devices back")
    func release() throws {
        var state = manager(devices(2))
        _ = try state.allocate(pod: "gone", 2)
        #expect(state.release(keeping: ["gone"]) == false)
        #expect(state.release(keeping: []) == true)
        #expect(try state.allocate(pod: "next", 2).count == 2)
    }

    @Test("a failed Allocate sets nothing aside")
    func failure() throws {
        var state = manager(devices(2))
        let key = ContainerKey(pod: "pod", container: "main")
        _ = try state.beginChoice(key, resource: resource, required: 2, alreadyRunning: false)
        #expect(state.allocated[resource]?.count == 2)
        state.allocationFailed()
        #expect(try state.allocate(pod: "other", 2).count == 2)
    }

    @Test("a stopped plugin cannot be called")
    func stopped() {
        var state = manager(devices(2))
        #expect(throws: Never.self) { try state.client(resource) }
        state.pluginDisconnected(resource, now: 0)
        #expect(throws: DeviceAllocationError.stopped(endpoint: resource)) { try state.client(resource) }
        #expect(throws: DeviceAllocationError.unknownPlugin(resource: "x/y")) { try state.client("x/y") }
    }
}

@Suite("Device manager: init containers")
struct InitContainerDeviceTests {
    @Test("a larger main container must include what the init container had (capture c2)")
    func grows() throws {
        var state = manager(devices(8), preferred: true)
        let initial = try state.allocate(2, to: "init", kind: .initial, preferred: ["0", "1"])
        #expect(initial == ["0", "1"])
        let key = ContainerKey(pod: "pod", container: "main")
        let choice = try state.beginChoice(key, resource: resource, required: 4, alreadyRunning: false)
        let all = Set((0..<8).map(String.init))
        #expect(
            choice
                == .askPlugin(
                    PendingChoice(
                        resource: resource, available: all, mustInclude: ["0", "1"], size: 4, needed: 2)))
    }

    @Test("a smaller main container takes from them without asking the plugin (capture c2)")
    func shrinks() throws {
        var state = manager(devices(8), preferred: true)
        let initial = try state.allocate(4, to: "init", kind: .initial, preferred: ["0", "1", "2", "3"])
        let key = ContainerKey(pod: "pod", container: "main")
        guard
            case .allocate(let chosen) = try state.beginChoice(
                key, resource: resource, required: 2, alreadyRunning: false)
        else {
            Issue.record("the plugin was asked")
            return
        }
        #expect(chosen.count == 2)
        #expect(chosen.isSubset(of: initial))
    }

    @Test("two main containers share what the init container had, but not with each other")
    func twoContainers() throws {
        var state = manager(devices(4))
        let initial = try state.allocate(4, to: "init", kind: .initial)
        let first = try state.allocate(2, to: "first")
        let second = try state.allocate(2, to: "second")
        #expect(first.isDisjoint(with: second))
        #expect(first.union(second) == initial)
    }

    @Test("a sidecar keeps its devices")
    func sidecar() throws {
        var state = manager(devices(4))
        let initial = try state.allocate(1, to: "init", kind: .initial)
        let sidecar = try state.allocate(1, to: "sidecar", kind: .sidecar)
        #expect(sidecar == initial)
        let main = try state.allocate(1, to: "main")
        #expect(main.isDisjoint(with: sidecar))
    }
}

@Suite("Device manager: ids that name another layout of the cores")
struct OtherLayoutTests {
    /// Restarted after a pod got two of four devices `old`; the plugin then lists `new`.
    private func restarted(
        _ old: (Int) -> String, _ new: (Int) -> String
    ) throws -> DeviceManagerState {
        var before = manager((0..<4).map { PluginDevice(old($0)) })
        _ = try before.allocate(pod: "a", 4)
        var state = DeviceManagerState()
        state.restore(try DeviceCheckpoint(parsing: DeviceCheckpoint(before).serialized()), now: 0)
        state.pluginConnected(
            resource, client: 1, options: PluginFeatures(preferredAllocationAvailable: true))
        _ = state.receiveList(resource, (0..<8).map { PluginDevice(new($0)) })
        return state
    }

    @Test("after a reboot a pod that had devices of the other layout is refused, in the kubelet's words")
    func reboot() throws {
        var state = try restarted({ "\($0)" }, { "lnc1-\($0)" })
        #expect(throws: DeviceAllocationError.previousUnhealthy(resource: resource)) {
            try state.allocate(pod: "a", 4)
        }
        // With the same ids for other hardware it would start again on what the plugin was never asked for.
        var same = try restarted({ "\($0)" }, { "\($0)" })
        #expect(try same.allocate(pod: "a", 4) == ["0", "1", "2", "3"])
    }

    @Test("a container that runs keeps them, and they are in nobody's way")
    func running() throws {
        var state = try restarted({ "lnc1-\($0)" }, { "\($0)" })
        let choice = try state.beginChoice(
            ContainerKey(pod: "a", container: "main"), resource: resource, required: 4, alreadyRunning: true)
        #expect(choice == .nothing)
        #expect(try state.allocate(pod: "b", 8).count == 8)
    }
}
