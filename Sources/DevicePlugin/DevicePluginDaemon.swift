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
        package var discovery: DiscoverySettings
        /// What one device is.
        package var granularity = Granularity.core
        /// Whether devices carry their NUMA node.
        package var tellsNUMA = false
        /// Between two looks at the chips.
        package var healthInterval = Duration.seconds(5)
        /// The path of the socket for the node agent; nil for none.
        package var agentSocket: String?

        /// Settings with the defaults for the rest.
        package init(resource: ResourcePlugin.Settings, discovery: DiscoverySettings) {
            self.resource = resource
            self.discovery = discovery
        }
    }

    /// The loop that serves.
    package nonisolated let loop: EventLoop
    /// The loop as executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let settings: Settings
    private let log: Logger
    private let metrics: PluginMetrics
    private let states = Broadcast<NodePluginAPI.NodeState>()
    private var ledger = NodeLedger()
    private var monitor: NodeMonitor?
    private var plugin: ResourcePlugin?
    private var agent: AgentService?

    /// A daemon that does nothing before `start`.
    package init(
        settings: Settings, loop: EventLoop = .shared, log: Logger,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.metrics = PluginMetrics(metrics)
    }

    /// Begins: scans, serves, registers, and goes on until `stop`.
    ///
    /// - Throws: `SystemError` when not even a thread can be had.
    package func start() async throws(SystemError) {
        let plugin = ResourcePlugin(
            settings: settings.resource, loop: loop, log: log, metrics: metrics,
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
        let monitor = NodeMonitor(
            discovery: Discovery(settings.discovery), interval: settings.healthInterval,
            loop: try EventLoop(name: "monitor"), log: log, metrics: metrics,
            onChange: { [weak self] in await self?.update($0) })
        self.monitor = monitor
        await monitor.start()
    }

    /// Looks at the chips now.
    package func rescan() async { await monitor?.scan() }

    /// Ends everything: the kubelet sees the stream end, calls that are under way finish, sockets are removed.
    package func stop() async {
        await monitor?.stop()
        monitor?.loop.stop()
        await plugin?.stop()
        await agent?.stop()
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
