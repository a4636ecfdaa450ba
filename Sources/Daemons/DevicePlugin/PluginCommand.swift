// The program `ganglion-device-plugin`: from the command line to a daemon that runs until SIGTERM, and that takes what
// changes in its settings file without the kubelet's noticing.

package import Arguments
internal import KubeletAPI
internal import LogArguments
internal import Neuron
internal import Observability
internal import SystemIO

/// The command line and life of the device plugin.
package enum PluginCommand {
    /// The program.
    package static let command = make { try await run($0) }

    private static func make(_ action: @escaping Command.Action) -> Command {
        Command(
            "ganglion-device-plugin", summary: "Advertises NeuronCores to the kubelet",
            details: """
                Serves the kubelet's device plugin API v1beta1 and stays registered. Pods that ask for the resource get \
                consecutive cores, the device nodes of their chips and NEURON_RT_VISIBLE_CORES. It needs no access to \
                the Kubernetes API. A flag counts before the environment, that before the settings file. SIGHUP reads \
                the settings file and the driver's files again.
                """,
            arguments: PluginOptions.all,
            examples: [
                .init("ganglion-device-plugin", "On a node with Neuron chips"),
                .init(
                    "ganglion-device-plugin --config /etc/ganglion/device-plugin.yaml",
                    "With settings from a ConfigMap"),
                .init(
                    "ganglion-device-plugin --sysfs-root /tmp/fake/sys --device-root /tmp/fake/dev --dry-run",
                    "What would a fake node advertise?"),
            ], action: action)
    }

    private static func run(_ given: ArgumentValues) async throws {
        // The same declarations without an action that would refer to this one.
        let source = PluginSettingsSource(
            command: make { _ in }, words: Array(CommandLine.arguments.dropFirst()),
            environment: Command.environment, path: given[PluginOptions.config])
        let values = try source.read()
        if let fault = PluginOptions.fault(values) { throw fault }
        let settings = PluginOptions.settings(values)
        if values[PluginOptions.dryRun] { return try DryRun.print(settings) }
        if let fault = settings.socketFault { throw fault }
        try await serve(source, values, settings)
    }

    private static func serve(
        _ source: PluginSettingsSource, _ values: ArgumentValues, _ settings: DevicePluginDaemon.Settings
    ) async throws {
        let log = LogOptions.logger(values)
        let signals = try SignalWatcher([.terminate, .interrupt, .hangup])
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        let daemon = DevicePluginDaemon(settings: settings, log: log, metrics: registry)
        log.info(
            "starting", ["version": Product.version, "resource": settings.served.map(\.plugin.resource)])
        if let root = values[PluginOptions.fakeRoot] {
            if settings.monitor.discovery.hostSysfsRoot != nil {
                log.info("serving fake chips, which compute on the CPU", ["root": root])
            } else {
                log.warning(
                    "the neuron driver is loaded: its chips are served and the fake node is not",
                    ["fake_root": root])
            }
        }
        try await daemon.start()
        ProgramMemory.keepTrimmed(on: daemon.loop)
        let reloader = SettingsReloader(source: source, values: values, daemon: daemon, log: log)
        let watcher = source.path.map { path in
            FileContentWatcher(path: path) { await reloader.reload() }
        }
        await watcher?.start()
        for await signal in signals.signals {
            if signal == .hangup {
                await reloader.reload()
                await daemon.rescan()
                continue
            }
            log.info("stopping", ["signal": "\(signal)"])
            break
        }
        await watcher?.stop()
        await daemon.stop()
        log.info("stopped")
    }
}

/// Reads the settings again and hands the daemon what may change.
actor SettingsReloader {
    private let source: PluginSettingsSource
    private let start: ArgumentValues
    private let daemon: DevicePluginDaemon
    private let log: Logger

    /// - Parameter values: those that the daemon was started with.
    init(source: PluginSettingsSource, values: ArgumentValues, daemon: DevicePluginDaemon, log: Logger) {
        self.source = source
        start = values
        self.daemon = daemon
        self.log = log
        daemon.metrics.settingsValid.set(1)
    }

    func reload() async {
        let values: ArgumentValues
        do {
            values = try source.read()
        } catch {
            daemon.metrics.reloads.increment(["failed"])
            daemon.metrics.settingsValid.set(0)
            log.error("the settings are not taken, those from before hold", ["error": "\(error)"])
            return
        }
        let pending = PluginOptions.fixed.filter { $0.text(values) != $0.text(start) }.map(\.name)
        if !pending.isEmpty { log.warning("settings wait for a restart", ["settings": pending]) }
        log.level = values[LogOptions.level]
        await daemon.use(PluginOptions.settings(values))
        daemon.metrics.reloads.increment(["ok"])
        daemon.metrics.settingsValid.set(1)
        log.info("settings taken", ["file": source.path])
    }
}
