// The parts put together: the monitor finds chips, the resource's plugin serves the kubelet, the agent's service says
// what both know.

package import KubeletAPI
package import Neuron
package import Observability
package import SystemIO

/// A device plugin for the chips of one node.
package actor DevicePluginDaemon {
    /// What it does where.
    package struct Settings: Sendable {
        /// The kubelet's side.
        package var resource: ResourcePlugin.Settings
        /// The chips' side.
        package var monitor: NodeMonitor.Settings
        /// How devices are given.
        package var behaviour = ResourcePlugin.Behaviour()
        /// What one device is.
        package var granularity = Granularity.core
        /// Whether devices carry their NUMA node.
        package var tellsNUMA = false
        /// The path of the socket for the node agent; nil for none.
        package var agentSocket: String?
        /// Where metrics and probes are served; nil for nowhere.
        package var statusAddress: SocketAddress?

        /// Settings with the defaults for the rest.
        package init(resource: ResourcePlugin.Settings, discovery: DiscoverySettings) {
            self.resource = resource
            monitor = NodeMonitor.Settings(discovery: discovery)
        }
    }

    /// The loop that serves.
    package nonisolated let loop: EventLoop
    /// The loop as executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var settings: Settings
    private let log: Logger
    private let registry: MetricsRegistry
    /// What it counts.
    package nonisolated let metrics: PluginMetrics
    private let states = Broadcast<NodePluginAPI.NodeState>()
    private var ledger = NodeLedger()
    private var monitor: NodeMonitor?
    private(set) var plugin: ResourcePlugin?
    private var agent: AgentService?
    private var status: StatusServer?

    /// A daemon that does nothing before `start`.
    package init(
        settings: Settings, loop: EventLoop = .shared, log: Logger,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        registry = metrics
        self.metrics = PluginMetrics(metrics)
    }

    /// Begins: scans, serves, registers, and goes on until `stop`.
    ///
    /// - Throws: `SystemError` when not even a thread can be had.
    package func start() async throws(SystemError) {
        let plugin = ResourcePlugin(
            settings: settings.resource, behaviour: settings.behaviour, loop: loop, log: log,
            metrics: metrics,
            onRegistration: { [weak self] _ in
                // Called by the plugin in the middle of a change: look at it when that is through.
                guard let self else { return }
                self.loop.execute { self.assumeIsolated { $0.publishSoon() } }
            })
        self.plugin = plugin
        if let path = settings.agentSocket {
            let agent = AgentService(path: path, loop: loop, log: log, states: states) {
                await plugin.setAssignments($0)
            }
            self.agent = agent
            await agent.start()
        }
        if let address = settings.statusAddress {
            let status = StatusServer(
                address: address, loop: loop, log: log, metrics: registry,
                check: { [weak self] in await self?.checks($0) ?? [] })
            self.status = status
            await status.start()
        }
        let monitor = NodeMonitor(
            settings: settings.monitor, loop: try EventLoop(name: "monitor"), log: log, metrics: metrics,
            onChange: { [weak self] in await self?.update($0) })
        self.monitor = monitor
        await monitor.start()
    }

    /// Takes what of the settings may change while the plugin runs; the kubelet's stream stays open.
    package func use(_ new: Settings) async {
        settings.monitor = new.monitor
        settings.behaviour = new.behaviour
        settings.tellsNUMA = new.tellsNUMA
        await plugin?.use(new.behaviour)
        await monitor?.use(new.monitor)
        await update(ledger)
    }

    /// Where metrics and probes are served; nil while they are not.
    package var statusAddress: SocketAddress? { get async { await status?.bound } }

    /// What a probe finds.
    package func checks(_ probe: StatusProbe) async -> [StatusCheck] {
        guard let plugin else { return [] }
        let resource = settings.resource.resource
        var checks = [StatusCheck(name: "socket of \(resource)", fault: await plugin.selfTest())]
        guard probe == .ready else { return checks }
        let phase = await plugin.phase
        checks.append(
            StatusCheck(
                name: "registration of \(resource)",
                fault: phase == .registered
                    ? nil : "the kubelet holds no open ListAndWatch (\(phase.rawValue))"))
        checks.append(
            StatusCheck(
                name: "chips", fault: ledger.entries.isEmpty ? "none have been found yet" : scanFault()))
        return checks
    }

    /// A read of a chip's file may never come back.
    private func scanFault() -> String? {
        guard let last = monitor?.lastScan.withLock({ $0 }) else { return nil }
        let age = ContinuousClock.now - last
        let limit = max(Duration.seconds(60), settings.monitor.interval * 5)
        return age > limit ? "the driver's files were last read \(age.components.seconds) s ago" : nil
    }

    /// Looks at the chips now.
    package func rescan() async { await monitor?.scan() }

    /// Ends everything: the kubelet sees the stream end, calls that are under way finish, sockets are removed.
    package func stop() async {
        await plugin?.stop()
        await agent?.stop()
        await status?.stop()
        // Last: it may be waiting for a file that never answers.
        await monitor?.stop()
        monitor?.loop.stop()
    }

    /// What the node agent is told now.
    package var state: NodePluginAPI.NodeState { states.latest ?? NodePluginAPI.NodeState() }

    private func update(_ ledger: NodeLedger) async {
        self.ledger = ledger
        guard
            let catalog = DeviceCatalog(
                ledger, granularity: settings.granularity, tellsNUMA: settings.tellsNUMA)
        else { return }
        await plugin?.update(catalog)
        await publish()
    }

    private func publishSoon() { Task { await publish() } }

    private func publish() async {
        guard let plugin else { return }
        let counts = await plugin.counts
        let resource = NodePluginAPI.Resource(
            name: settings.resource.resource, devices: Int32(truncatingIfNeeded: counts.devices),
            healthy: Int32(truncatingIfNeeded: counts.healthy), registered: await plugin.isRegistered)
        states.send(NodePluginAPI.NodeState(ledger, resources: [resource]))
    }
}
