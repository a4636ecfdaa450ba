// Looks at the chips now and then, on a thread of its own: reading a counter asks the chip's firmware and may take its
// time, and the kubelet must not wait for that. There may be no driver yet: then it looks more often, and says so once.

package import Neuron
package import Observability
package import SystemIO

/// Scans the chips and tells when something has changed.
package actor NodeMonitor: LoopActor {
    /// Where and how often it looks.
    package struct Settings: Equatable, Sendable {
        /// Where the chips are and what counts as a fault.
        package var discovery: DiscoverySettings
        /// Between two scans; while there are no chips it is a second at most.
        package var interval = Duration.seconds(5)
        /// The kernel's log, `/dev/kmsg`; nil to read none.
        package var kernelLog: String?

        /// Settings with the defaults for the rest.
        package init(discovery: DiscoverySettings) { self.discovery = discovery }
    }

    /// The least time between two scans that the driver asks for.
    private static let spacing = Duration.milliseconds(200)

    /// The monitor's own thread.
    package nonisolated let loop: EventLoop

    /// When the last scan ended; without waiting for one that is under way.
    package nonisolated let lastScan = Lock(ContinuousClock.now)

    private var settings: Settings
    private let log: Logger
    private let metrics: PluginMetrics
    private let onChange: @Sendable (NodeLedger) async -> Void
    private var ledger = NodeLedger()
    private var errors = KernelErrors()
    private var kernelLog: KernelLog?
    private var kernelLogWatch: EventLoop.Registration?
    private var kernelLogFault = ""
    /// The next log to be opened has taken the place of another: nothing of it has been read.
    private var wasReplaced = false
    private var notifier: HealthNotifier?
    private var timer: ScheduledTimer?
    private var isScanDue = false
    private var isStopped = false
    private var isFirst = true

    /// A monitor that does nothing before `start`.
    ///
    /// - Parameter onChange: told after the first scan that found chips, and after each that has changed something.
    package init(
        settings: Settings, loop: EventLoop, log: Logger, metrics: PluginMetrics,
        onChange: @escaping @Sendable (NodeLedger) async -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.metrics = metrics
        self.onChange = onChange
    }

    /// Scans at once, and from then on.
    package func start() async {
        notifier = HealthNotifier(
            loop: loop,
            onChange: callback { monitor, path in
                monitor.notifier?.forget(path)
                monitor.scanSoon()
            })
        await scan()
    }

    /// Goes on with other settings, at once.
    package func use(_ settings: Settings) async {
        guard settings != self.settings else { return }
        if settings.kernelLog != self.settings.kernelLog { closeKernelLog() }
        self.settings = settings
        await scan()
    }

    /// Scans no more.
    package func stop() {
        isStopped = true
        timer?.cancel()
        closeKernelLog()
        notifier?.watch([])
    }

    /// Scans now; returns when what changed has been told.
    package func scan() async {
        guard !isStopped else { return }
        timer?.cancel()
        var found = Discovery(settings.discovery).scan()
        let now = MonotonicClock.time
        if !found.chips.isEmpty { takeKernelLog(found.chips) }
        let policy = settings.discovery.health
        errors.forget(now: now, policy: policy)
        for index in found.chips.indices {
            let faults = errors.faults(chip: found.chips[index].index, now: now, policy: policy)
            found.chips[index].health = found.chips[index].health.adding(faults)
        }
        let changes = ledger.update(found)
        notifier?.watch(Discovery(settings.discovery).notifyingFiles(chips: found.chips.map(\.index)))
        metrics.scans.increment()
        lastScan.withLock { $0 = .now }
        metrics.lastScan.set(Double(WallClock.now) / 1e9)
        note(changes)
        if !changes.isEmpty { await onChange(ledger) }
        guard !isStopped else { return }
        timer?.cancel()
        let pause = ledger.entries.isEmpty ? min(settings.interval, .seconds(1)) : settings.interval
        scan(after: pause)
    }

    private func scan(after pause: Duration) {
        timer = loop.schedule(after: pause, on: self) { $0.scanAgain() }
    }

    private func scanAgain() {
        isScanDue = false
        Task { await scan() }
    }

    /// Somebody has told of a change: many tellings in a short time are one scan.
    private func scanSoon() {
        guard !isScanDue, !isStopped else { return }
        isScanDue = true
        timer?.cancel()
        scan(after: Self.spacing)
    }

    // MARK: The kernel's log

    /// Reads what is new; true when an error of one of these chips was among it.
    @discardableResult
    private func takeKernelLog(_ chips: [Chip]) -> Bool {
        guard settings.discovery.health.isOn, openKernelLog(), let kernelLog else { return false }
        let now = MonotonicClock.time
        var isNews = false
        for line in kernelLog.read() {
            guard let error = KernelError(parsing: line.text) else { continue }
            let isTaken = errors.receive(error, at: min(line.time ?? now, now), chips: chips)
            isNews = isNews || isTaken
            metrics.kernelErrors.increment([isTaken ? "taken" : "foreign"])
            log.warning(
                isTaken
                    ? "the kernel log tells of a hardware error" : "a hardware error of no chip of this node",
                [
                    "error": error.name, "chip": error.chip, "core": error.core, "action": error.action,
                    "serial": error.serialNumber,
                ])
        }
        if kernelLog.isReplaced { closeKernelLog(fromStart: true) }
        return isNews
    }

    private func openKernelLog() -> Bool {
        guard let path = settings.kernelLog else { return false }
        if kernelLog != nil { return true }
        do throws(SystemError) {
            let opened = try KernelLog(path: path, fromStart: wasReplaced)
            kernelLogWatch = try opened.watch(
                loop,
                callback { monitor in
                    if monitor.takeKernelLog(monitor.ledger.entries.map(\.chip)) { monitor.scanSoon() }
                })
            kernelLog = opened
            kernelLogFault = ""
            log.info("reading the kernel log", ["path": path])
            return true
        } catch {
            if kernelLogFault != error.description {
                log.warning("cannot read the kernel log", ["error": error.description])
            }
            kernelLogFault = error.description
            return false
        }
    }

    private func closeKernelLog(fromStart: Bool = false) {
        wasReplaced = fromStart
        if let kernelLogWatch { loop.deregister(kernelLogWatch) }
        kernelLogWatch = nil
        kernelLog = nil
    }

    // MARK: What is told

    private func note(_ changes: NodeLedger.Changes) {
        for remark in changes.remarks { log.warning("discovery", ["remark": remark]) }
        if ledger.entries.isEmpty {
            if isFirst { log.info("waiting for chips", ["sysfs": settings.discovery.sysfsRoot]) }
            isFirst = false
            return
        }
        if !changes.added.isEmpty {
            log.info(
                "chips found",
                [
                    "chips": changes.added.count, "source": ledger.inventory?.deviceSource?.rawValue,
                    "instance_type": ledger.inventory?.instanceTypeName,
                    "driver": ledger.inventory?.driverVersion.map { "\($0)" },
                    "logical_core_size": ledger.inventory?.logicalCoreSize,
                ])
        }
        for change in changes.health {
            metrics.healthChanges.increment(
                [String(change.chip), change.faults.isEmpty ? "healthy" : "unhealthy"])
            if change.faults.isEmpty {
                log.info("chip has recovered", ["chip": change.chip])
            } else {
                log.warning(
                    "chip is unhealthy",
                    ["chip": change.chip, "reason": HealthFault.sentence(change.faults)])
            }
        }
        let source = ledger.inventory?.deviceSource ?? .driver
        for one in [DeviceSource.driver, .fake] {
            metrics.chips.set(one == source ? Double(ledger.entries.count) : 0, [one.rawValue])
        }
        for entry in ledger.entries {
            metrics.chipHealth.set(entry.isHealthy ? 1 : 0, [String(entry.chip.index)])
        }
    }
}
