import GRPC
import KubeletAPI
import Neuron
import Observability
import StatusEndpoints
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("Two plugins for one resource, in the machine")
struct RivalryMachineTests {
    /// A machine that has held its registration long enough to look at what the kubelet lists.
    static func settled() -> Machine {
        var machine = registered()
        #expect(machine.receive(.timer) == [.ask])
        return machine
    }

    /// A machine that asks before it serves.
    static func asking() -> Machine {
        var machine = machine()
        _ = machine.receive(.observed(kubelet: 1, ownInPlace: false))
        #expect(machine.receive(.start(afterPredecessor: false)) == [.ask])
        return machine
    }

    static let pauses = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]

    @Test(
        "asks before it serves, and serves unless another has the resource",
        arguments: [
            (.unknown, .starting), (.nobody, .starting), (.somebody, .yielding), (.another, .yielding),
        ] as [(Machine.Claimant, Machine.Phase)])
    func first(claimant: Machine.Claimant, phase: Machine.Phase) {
        var machine = Self.asking()
        let actions = machine.receive(.answered(claimant))
        #expect(machine.phase == phase)
        #expect(actions == (phase == .starting ? [.serve] : [.wait(.milliseconds(250))]))
    }

    @Test("asks again with growing pauses while another has it, and once more before it serves")
    func growing() {
        var machine = Self.asking()
        for pause in Self.pauses {
            #expect(machine.receive(.answered(.somebody)) == [.wait(.milliseconds(pause))])
            #expect(machine.receive(.timer) == [.ask])
        }
        #expect(machine.receive(.answered(.nobody)) == [.wait(.milliseconds(250))])
        #expect(machine.receive(.timer) == [.ask])
        #expect(machine.receive(.answered(.nobody)) == [.serve])
        #expect(machine.receive(.served) == [.register])
    }

    @Test("looks at once when a socket comes or goes, and at another kubelet too")
    func events() {
        var machine = Self.asking()
        _ = machine.receive(.answered(.another))
        #expect(machine.receive(.othersChanged) == [.ask])
        #expect(machine.receive(.observed(kubelet: 1, ownInPlace: false)) == [])
        #expect(machine.receive(.observed(kubelet: nil, ownInPlace: false)) == [])
        #expect(machine.receive(.observed(kubelet: 2, ownInPlace: false)) == [.ask])
        _ = machine.receive(.observed(kubelet: nil, ownInPlace: false))
        #expect(machine.receive(.answered(.nobody)) == [.wait(.milliseconds(250))])
        #expect(machine.receive(.timer) == [])
        #expect(machine.phase == .waiting)
    }

    @Test("begins anew with short pauses when a socket goes, for the kubelet may not know of it yet")
    func shortAgain() {
        var machine = Self.asking()
        for _ in Self.pauses { _ = machine.receive(.answered(.somebody)) }
        #expect(machine.receive(.othersChanged) == [.ask])
        #expect(machine.receive(.answered(.somebody)) == [.wait(.milliseconds(250))])
    }

    @Test(
        "keeps the stream while a later plugin has the resource, since its end would take the other with it")
    func keeps() {
        var machine = Self.settled()
        for pause in Self.pauses {
            #expect(machine.receive(.answered(.another)) == [.wait(.milliseconds(pause))])
            #expect(machine.phase == .yielding)
            #expect(machine.receive(.timer) == [.ask])
        }
        #expect(machine.receive(.answered(.nobody)) == [.cancelWait, .close])
        #expect(machine.receive(.streamEnded(7)) == [])
        #expect(machine.receive(.closed) == [.wait(.milliseconds(250))])
        #expect(machine.receive(.timer) == [.ask])
        #expect(machine.receive(.answered(.nobody)) == [.serve])
    }

    @Test(
        "a kubelet that does not answer in time says nothing of the other: it is asked again for some seconds"
    )
    func doubt() {
        for settled in [true, false] {
            var machine = settled ? Self.settled() : Self.asking()
            for _ in 0..<2 {
                for _ in Self.pauses { _ = machine.receive(.answered(.another)) }
                for pause in [250, 500, 1_000, 2_000, 4_000] {
                    #expect(machine.receive(.answered(.unknown)) == [.wait(.milliseconds(pause))])
                    #expect(machine.phase == .yielding)
                    #expect(machine.receive(.timer) == [.ask])
                }
            }
            #expect(
                machine.receive(.answered(.unknown))
                    == (settled ? [.cancelWait, .close] : [.wait(.milliseconds(250))]))
            #expect(machine.phase != .yielding)
        }
    }

    @Test("a kubelet that starts anew, or ends the stream, is a new beginning in which the other comes first")
    func newBeginning() {
        for event in [Machine.Event.observed(kubelet: 2, ownInPlace: false), .streamEnded(7)] {
            var machine = Self.settled()
            _ = machine.receive(.answered(.another))
            #expect(machine.receive(event) == [.cancelWait, .close])
            #expect(machine.receive(.closed) == [.wait(.milliseconds(250))])
            #expect(machine.receive(.timer) == [.ask])
            _ = machine.receive(.answered(.somebody))
            #expect(machine.phase == .yielding)
        }
    }

    @Test("does not ask before the registration has held, for the kubelet may not have taken the list yet")
    func notYet() {
        var machine = registered()
        #expect(machine.receive(.observed(kubelet: 1, ownInPlace: true)) == [])
        #expect(machine.receive(.answered(.nobody)) == [])
        #expect(machine.receive(.answered(.another)) == [])
        #expect(machine.phase == .registered)
    }

    @Test("a kubelet that holds the stream and lists nothing has let go of us: twice is enough")
    func lost() {
        var machine = Self.settled()
        #expect(machine.receive(.answered(.nobody)) == [])
        #expect(machine.receive(.observed(kubelet: 1, ownInPlace: true)) == [.ask])
        #expect(machine.receive(.answered(.somebody)) == [])
        #expect(machine.receive(.answered(.nobody)) == [])
        #expect(machine.receive(.answered(.unknown)) == [])
        #expect(machine.receive(.answered(.nobody)) == [.cancelWait, .close])
    }

    /// Starts over and holds the registration long enough to look again.
    static func startOver(_ machine: inout Machine) {
        feed(&machine, .closed, .timer)
        // The back-off after failures.
        if machine.phase == .resting { feed(&machine, .timer) }
        feed(&machine, .served, .registerAccepted, .streamOpened(7), .timer)
    }

    @Test("where starting over does not help, it is done ever more rarely")
    func lostAgain() {
        var machine = Self.settled()
        #expect(machine.receive(.answered(.somebody)) == [])
        for misses in [2, 4, 8, 16, 32, 64, 64] {
            for _ in 1..<misses { #expect(machine.receive(.answered(.nobody)) == []) }
            #expect(machine.receive(.answered(.nobody)) == [.cancelWait, .close])
            Self.startOver(&machine)
        }
    }

    @Test("a kubelet that has never listed a device of ours may list none: after three tries it is believed")
    func neverListed() {
        var machine = Self.settled()
        for misses in [2, 4, 8] {
            for _ in 1..<misses { #expect(machine.receive(.answered(.nobody)) == []) }
            #expect(machine.receive(.answered(.nobody)) == [.cancelWait, .close])
            Self.startOver(&machine)
        }
        for _ in 0..<1_000 { #expect(machine.receive(.answered(.nobody)) == []) }
        #expect(machine.phase == .registered)
        // It lists them after all: from then on an empty list says something.
        #expect(machine.receive(.answered(.somebody)) == [])
        #expect(machine.receive(.answered(.nobody)) == [])
        #expect(machine.receive(.answered(.nobody)) == [.cancelWait, .close])
    }

    @Test("stopping ends the waiting for another")
    func stop() {
        var machine = Self.asking()
        #expect(machine.receive(.stop) == [.cancelWait])
        #expect(machine.receive(.answered(.nobody)) == [])
        #expect(machine.phase == .idle)

        machine = Self.asking()
        _ = machine.receive(.answered(.another))
        #expect(machine.receive(.stop) == [.cancelWait])
        #expect(machine.phase == .idle)

        machine = Self.settled()
        _ = machine.receive(.answered(.another))
        #expect(machine.receive(.stop) == [.cancelWait, .close])
        #expect(machine.receive(.closed) == [])
        #expect(machine.phase == .idle)
    }
}

/// A device plugin of somebody else: it lists its devices, and registers once.
final class RivalPlugin: Sendable {
    private let server: GRPCServer
    private let lists = Broadcast<DevicePluginAPI.ListAndWatchResponse>()
    private let directory: String
    private let endpoint: String

    init(_ node: Node, endpoint: String, ids: [String]) async throws {
        directory = node.fake.directory.path + "/kubelet/device-plugins"
        self.endpoint = endpoint
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.Method.getDevicePluginOptions) { (_: DevicePluginAPI.Empty, _) in
            DevicePluginAPI.DevicePluginOptions(getPreferredAllocationAvailable: true)
        }
        router.serverStreaming(DevicePluginAPI.Method.listAndWatch) {
            [lists]
            (_: DevicePluginAPI.Empty, _, writer: GRPCResponseWriter<DevicePluginAPI.ListAndWatchResponse>) in
            for await list in lists.values() { try await writer.write(list) }
        }
        server = GRPCServer(router: router)
        lists.send(.init(devices: ids.map { .init(id: $0, health: "Healthy") }))
        try await server.listen(on: .unix(directory + "/" + endpoint))
    }

    func register() async throws {
        try await RegistrationClient.register(
            .init(version: "v1beta1", endpoint: endpoint, resourceName: Node.resource),
            socket: directory + "/kubelet.sock", timeout: .seconds(300))
    }

    /// Ends; its socket goes with it.
    func stop() async {
        lists.finish()
        await server.shutdown(grace: .seconds(300))
    }
}

@Suite("Two plugins for one resource, with a kubelet", .timeLimit(.minutes(10)))
struct RivalryTests {
    static let known = "neuroncore-devplugin.sock"
    static let numbers = (0..<12).map(String.init)

    /// A plugin that looks at once, and the lines of its log, which `note` hears of first.
    static func plugin(
        _ node: Node, note: @escaping @Sendable (String) -> Void = { _ in }
    ) -> (daemon: DevicePluginDaemon, lines: AsyncStream<String>) {
        let (lines, log) = AsyncStream.makeStream(of: String.self)
        var settings = node.settings
        settings.served[0].plugin.registration.stable = .milliseconds(10)
        settings.served[0].plugin.lookTimeout = .seconds(300)
        let daemon = DevicePluginDaemon(
            settings: settings,
            log: Logger {
                let line = String(decoding: $0, as: UTF8.self)
                note(line)
                log.yield(line)
            },
            metrics: node.metrics)
        return (daemon, lines)
    }

    /// Waits for a line of the log.
    static func line(_ lines: AsyncStream<String>, _ text: String) async -> String {
        for await line in lines where line.contains(text) { return line }
        return ""
    }

    @Test("a plugin that ends while it waits does not say that the other has gone")
    func endsWaiting() async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let rival = try await RivalPlugin(node, endpoint: Self.known, ids: Self.numbers)
        try await rival.register()
        await node.kubelet.wait { $0.allocatable == 12 }
        let noted = Lock<[String]>([])
        let (daemon, lines) = Self.plugin(node) { line in noted.withLock { $0.append(line) } }
        try await daemon.start()
        _ = await Self.line(lines, "waiting for another device plugin to go")
        await daemon.stop()
        #expect(!noted.withLock { $0 }.contains { $0.contains("is gone") })
        await rival.stop()
        await node.kubelet.close()
    }

    @Test("one that was there first is left alone and named, and succeeded when it goes")
    func second() async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let rival = try await RivalPlugin(node, endpoint: Self.known, ids: Self.numbers)
        try await rival.register()
        await node.kubelet.wait { $0.allocatable == 12 }
        let (daemon, lines) = Self.plugin(node)
        try await daemon.start()
        let line = await Self.line(lines, "waiting for another device plugin to go")
        #expect(line.contains("somebody listens on neuroncore-devplugin.sock"), "\(line)")
        #expect(
            node.metrics.exposition().contains(
                "ganglion_device_plugin_rivals{resource=\"\(Node.resource)\"} 1"))
        #expect(
            await daemon.checks(.ready).compactMap(\.fault) == [
                "another device plugin has aws.amazon.com/neuroncore on this node (somebody listens on "
                    + "neuroncore-devplugin.sock; sockets beside ours: neuroncore-devplugin.sock): remove one of the "
                    + "two from this node"
            ])
        #expect(await daemon.checks(.live).allSatisfy { $0.fault == nil })
        #expect(await node.kubelet.state.registrations == 1)
        await rival.stop()
        let state = await node.kubelet.wait { $0.registrations >= 2 && $0.allocatable == 12 }
        #expect(state.overlaps == 0)
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test("one that stays is not said to be gone when we are stopped")
    func stopped() async throws {
        let node = try Node()
        try await node.kubelet.start()
        let rival = try await RivalPlugin(node, endpoint: Self.known, ids: Self.numbers)
        try await rival.register()
        let (lines, log) = AsyncStream.makeStream(of: String.self)
        let said = Lock("")
        let daemon = DevicePluginDaemon(
            settings: node.settings,
            log: Logger { bytes in
                let line = String(decoding: bytes, as: UTF8.self)
                said.withLock { $0 += line }
                log.yield(line)
            }, metrics: node.metrics)
        try await daemon.start()
        _ = await Self.line(lines, "waiting for another device plugin to go")
        await daemon.stop()
        #expect(!said.withLock { $0.contains("the other device plugin is gone") })
        await rival.stop()
        await node.kubelet.close()
    }

    @Test("one of an unknown name is known by the devices that the kubelet lists already")
    func unknownName() async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let rival = try await RivalPlugin(node, endpoint: "x.sock", ids: Self.numbers)
        try await rival.register()
        await node.kubelet.wait { $0.allocatable == 12 }
        let (daemon, lines) = Self.plugin(node)
        try await daemon.start()
        let line = await Self.line(lines, "waiting for another device plugin to go")
        #expect(line.contains("the kubelet lists 12 of its devices already"), "\(line)")
        #expect(line.contains("sockets beside ours: x.sock"), "\(line)")
        await rival.stop()
        await node.kubelet.wait { $0.registrations >= 2 && $0.allocatable == 12 }
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test(
        "one that comes later keeps the resource: our stream stays and says nothing until the other is gone",
        arguments: [(known, numbers), ("x.sock", ["core-a", "core-b"])])
    func first(endpoint: String, ids: [String]) async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let (daemon, lines) = Self.plugin(node)
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let rival = try await RivalPlugin(node, endpoint: endpoint, ids: ids)
        try await rival.register()
        _ = await Self.line(lines, "waiting for another device plugin to go")
        // The agent hears of it a moment later.
        while await daemon.state.resources.map(\.registered) != [false] { await Task.yield() }
        let before = await node.kubelet.state.registrations
        try node.fake.device.setMemoryErrors(.memory, chip: 2, to: 1)
        await daemon.rescan()
        var state = await node.kubelet.state
        #expect(state.allocatable == ids.count)
        #expect(state.registrations == before)
        #expect(state.openStreams == 2)
        await rival.stop()
        state = await node.kubelet.wait { $0.registrations > before && $0.allocatable == 10 }
        #expect(state.overlaps == 1, "only the other registered over an open stream")
        #expect(
            node.metrics.exposition().contains(
                "ganglion_device_plugin_rivals{resource=\"\(Node.resource)\"} 0"))
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test("one that nobody noticed, and that takes our registration with it, costs the node nothing for long")
    func passing() async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let (daemon, lines) = Self.plugin(node)
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let rival = try await RivalPlugin(node, endpoint: "x.sock", ids: Self.numbers)
        try await rival.register()
        await node.kubelet.wait { $0.openStreams == 2 }
        await rival.stop()
        let line = await Self.line(lines, "registration ended")
        #expect(line.contains("the kubelet lists no device"), "\(line)")
        await node.kubelet.wait { $0.registrations >= 3 && $0.allocatable == 12 }
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test("a second Ganglion does not take the first one's socket, and follows it")
    func twice() async throws {
        let node = try Node()
        try await node.kubelet.start()
        try await node.kubelet.servePodResources()
        let first = node.plugin()
        try await first.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let socket = Files.socketIdentity(node.ownSocket)
        let (second, lines) = Self.plugin(node)
        try await second.start()
        let line = await Self.line(lines, "waiting for another device plugin to go")
        #expect(line.contains("somebody listens on ganglion-neuroncore.sock"), "\(line)")
        #expect(Files.socketIdentity(node.ownSocket) == socket)
        await first.stop()
        let state = await node.kubelet.wait { $0.registrations >= 2 && $0.allocatable == 12 }
        #expect(state.overlaps == 0)
        await second.stop()
        await node.kubelet.close()
    }
}
