import JSON
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

private let resource = "example.com/resource"

/// A plugin that does what a test says, and counts what it is asked.
private final class ScriptedPlugin: PluginConnection {
    struct State {
        var options = PluginFeatures()
        var optionsError: PluginError?
        var preferred: [String] = []
        var preferredError: PluginError?
        var allocateError: PluginError?
        var answersNothing = false
        var calls: [String] = []
        var isClosed = false
    }

    let state: Lock<State>
    private let lists: AsyncStream<[PluginDevice]>
    private let continuation: AsyncStream<[PluginDevice]>.Continuation

    init(_ state: State = State()) {
        self.state = Lock(state)
        (lists, continuation) = AsyncStream.makeStream()
    }

    var calls: [String] { state.withLock { $0.calls } }
    func send(_ devices: [PluginDevice]) { continuation.yield(devices) }
    func endStream() { continuation.finish() }
    private func note(_ call: String) { state.withLock { $0.calls.append(call) } }

    func options(timeout: Duration?) async throws(PluginError) -> PluginFeatures {
        note("options")
        if let error = state.withLock({ $0.optionsError }) { throw error }
        return state.withLock { $0.options }
    }

    func lists(_ receive: @Sendable ([PluginDevice]) async -> Void) async {
        note("list")
        for await list in lists { await receive(list) }
    }

    func preferred(
        available: [String], mustInclude: [String], size: Int
    ) async throws(PluginError) -> [String] {
        note("preferred \(available.count) \(mustInclude.count) \(size)")
        if let error = state.withLock({ $0.preferredError }) { throw error }
        return state.withLock { $0.preferred }
    }

    func allocate(_ ids: [String]) async throws(PluginError) -> [UInt8]? {
        note("allocate " + ids.sorted().joined(separator: ","))
        if let error = state.withLock({ $0.allocateError }) { throw error }
        return state.withLock { $0.answersNothing } ? nil : Array(ids.sorted().joined(separator: ",").utf8)
    }

    func preStart(_ ids: [String], timeout: Duration) async throws(PluginError) {
        note("prestart " + ids.sorted().joined(separator: ","))
    }

    func close() async {
        state.withLock { $0.isClosed = true }
        continuation.finish()
    }
}

/// Finds scripted plugins by the last part of their socket's path.
private final class ScriptedConnector: PluginConnector {
    private let plugins = Lock<[String: ScriptedPlugin]>([:])
    private let paths = Lock<[String]>([])

    var dialled: [String] { paths.withLock { $0 } }
    func add(_ endpoint: String, _ plugin: ScriptedPlugin) { plugins.withLock { $0[endpoint] = plugin } }

    func endStreams() { plugins.withLock { for plugin in $0.values { plugin.endStream() } } }

    func connect(_ path: String, timeout: Duration) async throws(PluginError) -> any PluginConnection {
        paths.withLock { $0.append(path) }
        guard
            let plugin = plugins.withLock({ plugins in plugins.first { path.hasSuffix("/" + $0.key) }?.value }
            )
        else { throw PluginError(description: "nobody listens") }
        return plugin
    }

    func runOptions(_ response: [UInt8]) -> DeviceRunOptions {
        DeviceRunOptions(environment: ["CORES": String(decoding: response, as: UTF8.self)])
    }
}

/// A device manager on a scratch directory, and the changes it tells of.
private final class Fixture: Sendable {
    let scratch: TemporaryDirectory
    let connector = ScriptedConnector()
    let manager: DeviceManager
    private let changes: AsyncStream<Set<String>>

    init(_ scratch: TemporaryDirectory) async throws {
        self.scratch = scratch
        let (changes, continuation) = AsyncStream.makeStream(of: Set<String>.self)
        self.changes = changes
        var timings = KubeletTimings()
        timings.pluginDial = .milliseconds(50)
        manager = DeviceManager(root: scratch.path, connector: connector, timings: timings, loop: .shared) {
            continuation.yield($0)
        }
        #expect(try await manager.prepare() == nil)
    }

    /// A manager that follows a list holds on to its plugin, which holds on to the list.
    deinit { connector.endStreams() }

    func register(_ endpoint: String, _ plugin: ScriptedPlugin) async throws {
        connector.add(endpoint, plugin)
        try await manager.register(version: "v1beta1", endpoint: endpoint, resource: resource, deadline: nil)
    }

    /// Waits until the node shows this.
    func shows(_ allocatable: Int, of capacity: Int) async {
        var iterator = changes.makeAsyncIterator()
        while true {
            let now = await manager.capacity()
            if now.capacity[resource] == capacity, now.allocatable[resource] == allocatable { return }
            guard await iterator.next() != nil else { return }
        }
    }

    func admit(
        _ pod: String, _ count: Int, running: Set<String> = [], active: Set<String> = []
    ) async throws -> Set<String> {
        let request = ContainerRequest(name: "main", kind: .regular, limits: [resource: count])
        try await manager.admit(pod: pod, [request], running: running, active: active)
        return await manager.allocations(ContainerKey(pod: pod, container: "main"))[resource]?.ids ?? []
    }
}

private let four = (0..<4).map { PluginDevice("\($0)") }

@Suite("Device manager with plugins")
struct DeviceManagerTests {
    let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    @Test(
        "Register is refused with the kubelet's words (captures h)",
        arguments: [
            (
                "v1alpha9", "aws.amazon.com/neuroncore",
                "requested API version \"v1alpha9\" is not supported by kubelet. Supported version is [\"v1beta1\"]"
            ),
            ("v1beta1", "neuroncore", "the ResourceName \"neuroncore\" is invalid"),
            (
                "v1beta1", "aws.amazon.com/neuroncore",
                "failed to dial device plugin: context deadline exceeded"
            ),
        ])
    func refusals(version: String, name: String, message: String) async throws {
        let fixture = try await Fixture(scratch)
        await #expect(throws: RegistrationError(description: message)) {
            try await fixture.manager.register(
                version: version, endpoint: "missing.sock", resource: name, deadline: nil)
        }
    }

    @Test("the endpoint is joined to the directory; a way out of it is not taken")
    func endpoints() async throws {
        let fixture = try await Fixture(scratch)
        try await fixture.register("sub/p.sock", ScriptedPlugin())
        #expect(fixture.connector.dialled == [scratch.path + "/device-plugins/sub/p.sock"])
        await #expect(throws: RegistrationError.self) {
            try await fixture.manager.register(
                version: "v1beta1", endpoint: "../p.sock", resource: resource, deadline: nil)
        }
        #expect(fixture.connector.dialled.count == 1)
    }

    @Test("a plugin that fails GetDevicePluginOptions is asked once, and its resource does not appear")
    func optionsFail() async throws {
        let fixture = try await Fixture(scratch)
        var script = ScriptedPlugin.State()
        script.optionsError = PluginError(description: "rpc error: code = Unknown desc = no")
        let plugin = ScriptedPlugin(script)
        await #expect(
            throws: RegistrationError(
                description: "failed to get device plugin options: rpc error: code = Unknown desc = no")
        ) {
            try await fixture.register("p.sock", plugin)
        }
        #expect(plugin.calls == ["options"])
        #expect(await fixture.manager.capacity() == DeviceManagerState.Capacity())
    }

    @Test("one registration is two calls; health goes down and up with the lists")
    func health() async throws {
        let fixture = try await Fixture(scratch)
        let plugin = ScriptedPlugin()
        try await fixture.register("p.sock", plugin)
        plugin.send(four)
        await fixture.shows(4, of: 4)
        plugin.send(four.map { PluginDevice($0.id, isHealthy: $0.id != "2") })
        await fixture.shows(3, of: 4)
        plugin.send(four)
        await fixture.shows(4, of: 4)
        #expect(plugin.calls == ["options", "list"])
    }

    @Test("when the stream ends allocatable is 0, capacity stays, and ListAndWatch is not tried again")
    func streamEnds() async throws {
        let fixture = try await Fixture(scratch)
        let plugin = ScriptedPlugin()
        try await fixture.register("p.sock", plugin)
        plugin.send(four)
        await fixture.shows(4, of: 4)
        plugin.endStream()
        await fixture.shows(0, of: 4)
        #expect(plugin.calls == ["options", "list"])
        await #expect(throws: DeviceAllocationError.noHealthyDevices(resource: resource)) {
            try await fixture.admit("pod", 1)
        }
    }

    @Test("the end of the old stream closes the new plugin's connection (capture k)")
    func race() async throws {
        let fixture = try await Fixture(scratch)
        let old = ScriptedPlugin()
        let new = ScriptedPlugin()
        try await fixture.register("old.sock", old)
        old.send(four)
        await fixture.shows(4, of: 4)
        try await fixture.register("new.sock", new)
        new.send(Array(four.prefix(3)))
        await fixture.shows(3, of: 3)
        old.endStream()
        await fixture.shows(0, of: 3)
        #expect(new.state.withLock { $0.isClosed })
    }

    @Test("a pod gets what the plugin prefers; a restart of its container asks nothing")
    func allocation() async throws {
        let fixture = try await Fixture(scratch)
        var script = ScriptedPlugin.State()
        script.options = PluginFeatures(preStartRequired: true, preferredAllocationAvailable: true)
        script.preferred = ["2", "3"]
        let plugin = ScriptedPlugin(script)
        try await fixture.register("p.sock", plugin)
        plugin.send(four)
        await fixture.shows(4, of: 4)
        #expect(try await fixture.admit("pod", 2) == ["2", "3"])
        let key = ContainerKey(pod: "pod", container: "main")
        #expect(await fixture.manager.runOptions(key).environment == ["CORES": "2,3"])
        try await fixture.manager.preStart(key)
        #expect(try await fixture.admit("pod", 2) == ["2", "3"])
        #expect(
            plugin.calls == ["options", "list", "preferred 4 0 2", "allocate 2,3", "prestart 2,3"])
    }

    @Test("errors of the plugin reach the pod as a Go client prints them (capture c4)")
    func errors() async throws {
        let fixture = try await Fixture(scratch)
        let failure = PluginError(description: "rpc error: code = FailedPrecondition desc = 50% initialised")
        var script = ScriptedPlugin.State()
        script.options = PluginFeatures(preferredAllocationAvailable: true)
        script.allocateError = failure
        let plugin = ScriptedPlugin(script)
        try await fixture.register("p.sock", plugin)
        plugin.send(four)
        await fixture.shows(4, of: 4)
        await #expect(throws: DeviceAllocationError.remote(failure.description)) {
            try await fixture.admit("pod", 4)
        }
        plugin.state.withLock { script in
            script.allocateError = nil
            script.preferredError = failure
        }
        await #expect(throws: DeviceAllocationError.preferredFailed(failure.description)) {
            try await fixture.admit("pod", 4)
        }
        plugin.state.withLock { script in
            script.preferredError = nil
            script.answersNothing = true
        }
        await #expect(throws: DeviceAllocationError.emptyResponse) { try await fixture.admit("pod", 4) }
        plugin.state.withLock { $0.answersNothing = false }
        #expect(try await fixture.admit("pod", 4).count == 4)
    }

    @Test("the allocations survive a restart; a running container keeps its devices with no new Allocate")
    func restart() async throws {
        let first = try await Fixture(scratch)
        #expect(await first.manager.isFirstStart)
        let plugin = ScriptedPlugin()
        try await first.register("p.sock", plugin)
        plugin.send(four)
        await first.shows(4, of: 4)
        let ids = try await first.admit("pod", 2)
        #expect(ids.count == 2)

        let second = try await Fixture(scratch)
        #expect(await second.manager.isFirstStart == false)
        await second.shows(0, of: 0)
        #expect(try await second.admit("pod", 2, running: ["main"]) == ids)
        await #expect(throws: DeviceAllocationError.noHealthyDevices(resource: resource)) {
            try await second.admit("other", 1, active: ["pod"])
        }
        let again = ScriptedPlugin()
        try await second.register("p.sock", again)
        again.send(four)
        await second.shows(4, of: 4)
        let others = try await second.admit("other", 2, active: ["pod"])
        #expect(others.isDisjoint(with: ids))
        #expect(again.calls.filter { $0.hasPrefix("allocate") }.count == 1)
    }

    @Test("the start removes sockets directly in the directory and nothing else")
    func cleaning() async throws {
        let directory = scratch.path + "/device-plugins"
        try Files.makeDirectory(directory + "/sub")
        try Files.write(directory + "/file", [])
        for path in [directory + "/old.sock", directory + "/sub/kept.sock"] {
            let listener = try Listener(.unix(path)) { _ in }
            try await listener.start()
        }
        _ = try await Fixture(scratch)
        #expect(try Files.list(directory) == ["file", "sub"])
        #expect(try Files.list(directory + "/sub") == ["kept.sock"])
    }

    @Test("a damaged checkpoint is told of and the kubelet starts without it")
    func damagedCheckpoint() async throws {
        try Files.makeDirectory(scratch.path + "/device-plugins")
        try Files.write(scratch.path + "/device-plugins/kubelet_internal_checkpoint", Array("{".utf8))
        let manager = DeviceManager(
            root: scratch.path, connector: ScriptedConnector(), timings: KubeletTimings(), loop: .shared
        ) { _ in }
        let error = try #require(try await manager.prepare())
        #expect(error.description.hasPrefix("cannot use kubelet_internal_checkpoint: "))
        #expect(await manager.isFirstStart)
    }

    @Test("the half of a checkpoint that a kubelet left which was killed while it wrote is removed")
    func halfCheckpoint() async throws {
        let directory = scratch.path + "/device-plugins"
        try Files.makeDirectory(directory)
        try Files.write(directory + "/kubelet_internal_checkpoint.12.34.tmp", Array("{".utf8))
        let manager = DeviceManager(
            root: scratch.path, connector: ScriptedConnector(), timings: KubeletTimings(), loop: .shared
        ) { _ in }
        #expect(try await manager.prepare() == nil)
        #expect(try Files.list(directory).isEmpty)
    }

    @Test("a container's status tells the health of its devices; one that vanished counts as healthy")
    func allocatedStatus() async throws {
        let fixture = try await Fixture(scratch)
        let plugin = ScriptedPlugin()
        try await fixture.register("p.sock", plugin)
        plugin.send([PluginDevice("a"), PluginDevice("b")])
        await fixture.shows(2, of: 2)
        _ = try await fixture.admit("pod", 2)
        plugin.send([PluginDevice("a", isHealthy: false)])
        await fixture.shows(0, of: 1)
        let key = ContainerKey(pod: "pod", container: "main")
        #expect(await fixture.manager.health(key) == [resource: ["a": false, "b": true]])
    }
}

@Suite("PodResources rate limit")
struct RateLimitTests {
    @Test("ten calls at once, then one every ten milliseconds")
    func bucket() {
        var limit = RateLimit()
        let burst = (0..<11).map { _ in limit.take(now: 1_000_000_000) }
        #expect(burst == Array(repeating: true, count: 10) + [false])
        #expect(limit.take(now: 1_010_000_000) == true)
        #expect(limit.take(now: 1_010_000_000) == false)
        #expect(limit.take(now: 3_000_000_000) == true)
    }
}
