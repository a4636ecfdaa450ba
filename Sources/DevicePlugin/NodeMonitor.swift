// Looks at the chips now and then, on a thread of its own: reading a counter asks the chip's firmware and may take its
// time, and the kubelet must not wait for that. There may be no driver yet: then it looks more often, and says so once.

package import Neuron
package import Observability
package import SystemIO

/// Scans the chips and tells when something has changed.
package actor NodeMonitor {
    /// The monitor's own thread.
    package nonisolated let loop: EventLoop
    /// The loop as executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let discovery: Discovery
    private let interval: Duration
    private let log: Logger
    private let metrics: PluginMetrics
    private let onChange: @Sendable (NodeLedger) async -> Void
    private var ledger = NodeLedger()
    private var timer: ScheduledTimer?
    private var isStopped = false
    private var isFirst = true

    /// A monitor that does nothing before `start`.
    ///
    /// - Parameters:
    ///   - interval: between two scans; while there are no chips it is a second at most.
    ///   - onChange: told after the first scan that found chips, and after each that has changed something.
    package init(
        discovery: Discovery, interval: Duration, loop: EventLoop, log: Logger, metrics: PluginMetrics,
        onChange: @escaping @Sendable (NodeLedger) async -> Void
    ) {
        self.discovery = discovery
        self.interval = interval
        self.loop = loop
        self.log = log
        self.metrics = metrics
        self.onChange = onChange
    }

    /// Scans at once, and from then on.
    package func start() async { await scan() }

    /// Scans no more.
    package func stop() {
        isStopped = true
        timer?.cancel()
    }

    /// Scans now; returns when what changed has been told.
    package func scan() async {
        guard !isStopped else { return }
        timer?.cancel()
        let changes = ledger.update(discovery.scan())
        metrics.scans.increment()
        note(changes)
        if !changes.isEmpty { await onChange(ledger) }
        guard !isStopped else { return }
        timer?.cancel()
        let pause = ledger.entries.isEmpty ? min(interval, .seconds(1)) : interval
        timer = loop.schedule(after: pause) { [weak self] in
            self?.assumeIsolated { $0.scanAgain() }
        }
    }

    private func scanAgain() { Task { await scan() } }

    private func note(_ changes: NodeLedger.Changes) {
        for remark in changes.remarks { log.warning("discovery", ["remark": remark]) }
        if ledger.entries.isEmpty {
            if isFirst { log.info("waiting for chips", ["sysfs": discovery.settings.sysfsRoot]) }
            isFirst = false
            return
        }
        if !changes.added.isEmpty {
            log.info(
                "chips found",
                [
                    "chips": changes.added.count, "instance_type": ledger.inventory?.instanceTypeName,
                    "driver": ledger.inventory?.driverVersion.map { "\($0)" },
                    "logical_core_size": ledger.inventory?.logicalCoreSize,
                ])
        }
        for change in changes.health {
            if let fault = change.fault {
                log.warning("chip is unhealthy", ["chip": change.chip, "reason": fault])
            } else {
                log.info("chip has recovered", ["chip": change.chip])
            }
        }
        for entry in ledger.entries {
            metrics.chipHealth.set(entry.fault == nil ? 1 : 0, [String(entry.chip.index)])
        }
    }
}
