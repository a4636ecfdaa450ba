// What the node agent can ask and tell over its Unix socket. Nothing here is needed to hand out cores: if the agent is
// not there, or the socket cannot be made, the plugin goes on.

internal import GRPC
internal import KubeletAPI
internal import Neuron
internal import Observability
internal import SystemIO

extension NodePluginAPI.NodeState {
    /// The state of a node.
    init(_ ledger: NodeLedger, resources: [NodePluginAPI.Resource]) {
        let inventory = ledger.inventory
        self.init(
            instanceType: inventory?.instanceTypeName ?? "",
            driverVersion: inventory?.driverVersion.map { "\($0)" } ?? "",
            logicalCoreSize: Int32(truncatingIfNeeded: inventory?.logicalCoreSize ?? 0),
            chips: ledger.entries.map { entry in
                NodePluginAPI.Chip(
                    index: Int32(truncatingIfNeeded: entry.chip.index),
                    memoryBytes: entry.chip.memoryBytes ?? 0,
                    cores: entry.chip.cores.map { Int64($0) },
                    health: entry.isHealthy ? DevicePluginAPI.healthy : DevicePluginAPI.unhealthy,
                    reason: HealthFault.sentence(entry.faults),
                    connected: entry.chip.connected.map { Int64($0) },
                    serialNumber: entry.chip.serialNumber ?? "",
                    faults: entry.faults.flatMap(NodePluginAPI.Fault.list))
            },
            resources: resources, deviceSource: inventory?.deviceSource?.rawValue ?? "",
            defaultLogicalCoreSize: Int32(
                truncatingIfNeeded: inventory.map { CoreNumbering($0).defaultSize } ?? 0))
    }
}

/// Serves the node agent.
actor AgentService: LoopActor {
    nonisolated let loop: EventLoop

    private let path: String
    private let log: Logger
    private let states: Broadcast<NodePluginAPI.NodeState>
    private let setAssignments:
        @Sendable ([NodePluginAPI.Assignment]) async -> [NodePluginAPI.RejectedAssignment]
    private let setPresence: @Sendable (Bool) async -> Void
    private let setStopped: @Sendable ([NodePluginAPI.PodName]) async -> Void
    private var watchers = 0
    private var server: GRPCServer?
    private var socket: Files.Identity?
    private var timer: ScheduledTimer?
    private var isStopped = false
    private var complained = ""

    init(
        path: String, loop: EventLoop, log: Logger, states: Broadcast<NodePluginAPI.NodeState>,
        setAssignments:
            @escaping @Sendable ([NodePluginAPI.Assignment]) async -> [NodePluginAPI.RejectedAssignment],
        setPresence: @escaping @Sendable (Bool) async -> Void,
        setStopped: @escaping @Sendable ([NodePluginAPI.PodName]) async -> Void
    ) {
        self.path = path
        self.loop = loop
        self.log = log
        self.states = states
        self.setAssignments = setAssignments
        self.setPresence = setPresence
        self.setStopped = setStopped
    }

    /// Serves, and sees to it every few seconds that it still does: the directory may be made anew under us.
    func start() async {
        guard !isStopped else { return }
        if server == nil || socket == nil || Files.socketIdentity(path) != socket { await serve() }
        guard !isStopped else { return }
        timer?.cancel()
        timer = loop.schedule(after: .seconds(5), on: self) { $0.startAgain() }
    }

    private func startAgain() { Task { await start() } }

    func stop() async {
        isStopped = true
        timer?.cancel()
        states.finish()
        await server?.shutdown(grace: .seconds(1))
        server = nil
    }

    private func serve() async {
        await server?.shutdown(grace: .zero)
        let server = GRPCServer(router: router(), loop: loop)
        self.server = server
        do {
            if let slash = path.lastIndex(of: "/") { try Files.makeDirectory(String(path[..<slash])) }
            try await server.listen(on: .unix(path))
            socket = Files.socketIdentity(path)
            log.info("serving the node agent", ["socket": path])
            complained = ""
        } catch {
            socket = nil
            // Once for each reason, not every few seconds.
            if complained != "\(error)" { log.warning("cannot serve the node agent", ["error": "\(error)"]) }
            complained = "\(error)"
        }
    }

    /// An agent that follows the state is one that hands over assignments.
    private func watch(_ change: Int) async {
        watchers += change
        await setPresence(watchers > 0)
        // Names are used again, and nobody would say so any more.
        if watchers == 0 { await setStopped([]) }
    }

    private func router() -> GRPCRouter {
        var router = GRPCRouter()
        router.unary(NodePluginAPI.Method.setAssignments) {
            [setAssignments, setStopped, log] (request: NodePluginAPI.SetAssignmentsRequest, _) in
            await setStopped(request.stoppedPods)
            let rejected = await setAssignments(request.assignments)
            log.debug("assignments", ["count": request.assignments.count, "rejected": rejected.count])
            for one in rejected {
                log.warning(
                    "assignment is refused",
                    ["pod_uid": one.podUID, "container": one.container, "reason": one.reason])
            }
            return NodePluginAPI.SetAssignmentsResponse(rejected: rejected)
        }
        router.unary(NodePluginAPI.Method.getState) { [states] (_: NodePluginAPI.GetStateRequest, _) in
            states.latest ?? NodePluginAPI.NodeState()
        }
        router.serverStreaming(NodePluginAPI.Method.watchState) {
            [weak self, states]
            (_: NodePluginAPI.WatchStateRequest, _, writer: GRPCResponseWriter<NodePluginAPI.NodeState>) in
            await self?.watch(1)
            do {
                for await state in states.values() { try await writer.write(state) }
            } catch {
                await self?.watch(-1)
                throw error
            }
            await self?.watch(-1)
        }
        return router
    }
}
