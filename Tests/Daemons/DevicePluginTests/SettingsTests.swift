import Arguments
import Glibc
import KubeletAPI
import Neuron
import Observability
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

/// The lines that a logger has written.
final class LogLines: Sendable {
    private let lines = Lock<[String]>([])

    /// A logger that writes here.
    func logger(_ level: LogLevel = .info) -> Logger {
        Logger(level: level) { [lines] bytes in
            lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }
    }

    func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
}

@Suite("Settings of the device plugin")
struct PluginSettingsTests {
    static func values(_ words: [String] = [], _ text: String = "") throws -> ArgumentValues {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/settings.yaml"
        try Files.write(path, Array(text.utf8))
        return try source(words, path).read()
    }

    static func source(_ words: [String], _ path: String?) -> PluginSettingsSource {
        PluginSettingsSource(
            command: PluginCommand.command, words: words, environment: { _ in nil }, path: path)
    }

    @Test("become what the daemon does")
    func daemon() throws {
        let settings = PluginOptions.settings(
            try Self.values(
                [],
                """
                granularity: both
                chip-resource: example.com/chip
                registration: plugins-registry
                cdi: true
                feature-file: /etc/features
                assignment-wait: 50ms
                kubelet-root: /data/kubelet
                health-interval: 2s
                health-ignore: link_efa,reset
                health-threshold: sram_ecc_uncorrected=3,hw_nc_ue_error=2
                kernel-log: /dev/kmsg
                kernel-log-hold: 10m
                metrics-address: ":9410"
                strict: true
                numa: true
                """))
        #expect(settings.served.map(\.granularity) == [.core, .chip])
        #expect(
            settings.served.map(\.plugin.ownSocket) == [
                "/data/kubelet/plugins_registry/ganglion-neuroncore.sock",
                "/data/kubelet/plugins_registry/ganglion-chip.sock",
            ])
        #expect(settings.podResourcesSocket == "/data/kubelet/pod-resources/kubelet.sock")
        #expect(settings.cdiDirectory == "/var/run/cdi" && settings.featureFile == "/etc/features")
        #expect(settings.behaviour.assignmentWait == .milliseconds(50))
        #expect(settings.monitor.interval == .seconds(2))
        #expect(settings.monitor.kernelLog == "/dev/kmsg")
        var policy = HealthPolicy()
        policy.ignored = ["link_efa", "reset"]
        policy.thresholds = ["sram_ecc_uncorrected": 3, "hw_nc_ue_error": 2]
        policy.kernelLogHold = .seconds(600)
        #expect(settings.monitor.discovery.health == policy)
        #expect(settings.statusAddress == .any(port: 9410))
        #expect(settings.behaviour.isStrict && settings.tellsNUMA)
        let shared = try Self.values([], "granularity: both\ncore-resource: a.io/x\nchip-resource: b.io/x\n")
        #expect(
            PluginOptions.settings(shared).served.map(\.plugin.endpoint)
                == ["ganglion-x-core.sock", "ganglion-x-chip.sock"])
        let plain = PluginOptions.settings(try Self.values())
        #expect(plain.monitor.discovery.health == HealthPolicy())
        #expect(plain.served.map(\.plugin.resource) == ["aws.amazon.com/neuroncore"])
        #expect(plain.cdiDirectory == nil && plain.featureFile == nil && plain.statusAddress == nil)
    }

    @Test("serve a fake node where no driver is loaded, and the driver's chips where one is")
    func fakeRoot() throws {
        let directory = try TemporaryDirectory()
        let words = ["--fake-root", "/var/lib/ganglion/fake", "--sysfs-root", directory.path]
        let fake = PluginOptions.settings(try Self.values(words)).monitor.discovery
        #expect(fake.sysfsRoot == "/var/lib/ganglion/fake/sys")
        #expect(fake.deviceRoot == "/var/lib/ganglion/fake/dev")
        #expect(fake.hostSysfsRoot == directory.path)
        try Files.makeDirectory(directory.path + "/module/neuron")
        let real = PluginOptions.settings(try Self.values(words)).monitor.discovery
        #expect(real.sysfsRoot == directory.path)
        #expect(real.deviceRoot == "/dev" && real.hostSysfsRoot == nil)
    }

    @Test(
        "find kubelet.sock where it is, also when the kubelet's directory was moved",
        arguments: [
            ([], "/var/lib/kubelet/device-plugins/ganglion-neuroncore.sock"),
            (["--kubelet-root", "/data/k"], "/data/k/device-plugins/ganglion-neuroncore.sock"),
            (
                [
                    "--kubelet-root", "/data/k", "--device-plugins-directory",
                    "/var/lib/kubelet/device-plugins",
                ],
                "/var/lib/kubelet/device-plugins/ganglion-neuroncore.sock"
            ),
            (
                [
                    "--kubelet-root", "/data/k", "--device-plugins-directory",
                    "/var/lib/kubelet/device-plugins",
                    "--registration", "plugins-registry",
                ], "/data/k/plugins_registry/ganglion-neuroncore.sock"
            ),
        ] as [([String], String)])
    func directories(_ words: [String], _ socket: String) throws {
        let settings = PluginOptions.settings(try Self.values(words))
        #expect(settings.served.map(\.plugin.ownSocket) == [socket])
        #expect(
            settings.podResourcesSocket.hasPrefix("/var/lib/kubelet/pod-resources/") == !words.contains(
                "/data/k"))
    }

    @Test(
        "that are wrong say where and what",
        arguments: [
            (
                "health-thresholds: x", "unknown setting health-thresholds in",
                "did you mean health-threshold?"
            ),
            ("health-threshold: sram_ecc=1", "health-threshold in", "must name a counter"),
            (
                "health-threshold: sram_ecc_uncorected=1", "it must name a counter",
                "did you mean sram_ecc_uncorrected?"
            ),
            ("health-threshold: sram_ecc_uncorrected=0", "must be a counter and a number from 1 on", ""),
            ("config: /etc/x", "config in", "can be given on the command line only"),
            ("dry-run: true", "dry-run in", "can be given on the command line only"),
            (
                "metrics-address: nowhere", "metrics-address in",
                "must be HOST:PORT with a numeric host and a port up to 65535, or a path"
            ),
            ("assignment-wait: 2s", "assignment-wait in", "must be at most 100ms"),
            ("core-resource: neuroncore", "core-resource in", "must be a domain, a slash and a name"),
            ("health-ignore: a b", "health-ignore in", "must be a name of letters, digits, _ and -"),
        ])
    func wrong(text: String, start: String, end: String) throws {
        let error = try #require(throws: ArgumentError.self) { _ = try Self.values([], text) }
        #expect(error.description.contains(start) && error.description.contains(end), "\(error)")
    }

    @Test("from a file that is not there are refused at the start")
    func noFile() {
        #expect(throws: SystemError.self) { _ = try Self.source([], "/nonexistent/settings.yaml").read() }
    }

    @Test("all have a flag, a variable of its name and help, and those that need a restart are settings")
    func complete() {
        let names = PluginOptions.all.map(\.specification)
        for option in names where option.name != "dry-run" {
            let variable =
                "GANGLION_"
                + String(option.name.uppercased().map { $0 == "-" ? "_" : $0 })
            #expect(option.environment == variable)
        }
        #expect(Set(names.map(\.name)).isSuperset(of: PluginOptions.fixed.map(\.name)))
    }

    @Test("of a dry run print what would be advertised, or why nothing would")
    func dryRun() throws {
        let fake = try FakeNode("inf2.xlarge")
        let words = [
            "--sysfs-root", fake.device.settings.sysfsRoot, "--device-root", fake.device.settings.deviceRoot,
        ]
        let lines = try DryRun.lines(PluginOptions.settings(try Self.values(words)))
        #expect(lines.suffix(3) == ["aws.amazon.com/neuroncore: 2", "0 Healthy", "1 Healthy"])
        let empty = try TemporaryDirectory()
        let nothing = PluginOptions.settings(try Self.values(["--sysfs-root", empty.path]))
        #expect(
            throws: NothingToAdvertise(
                description: "no usable chips in \(empty.path): nothing would be advertised, load the neuron "
                    + "driver or name another --sysfs-root")
        ) { _ = try DryRun.lines(nothing) }
        let unwritten = PluginOptions.settings(
            try Self.values(["--fake-root", empty.path, "--sysfs-root", empty.path]))
        #expect(
            throws: NothingToAdvertise(
                description: "no usable chips in \(empty.path)/sys: nothing would be advertised, run "
                    + "\"ganglion fake install\" or name another --fake-root")
        ) { _ = try DryRun.lines(unwritten) }
    }

    @Test("of a dry run say why a chip is unhealthy")
    func dryRunFault() throws {
        let fake = try FakeNode("inf2.24xlarge")
        let paths = fake.device.settings
        let chip = paths.deviceRoot + "/neuron3"
        try Files.remove(chip)
        try Files.makeDirectory(chip)
        let words = ["--sysfs-root", paths.sysfsRoot, "--device-root", paths.deviceRoot]
        let lines = try DryRun.lines(PluginOptions.settings(try Self.values(words)))
        #expect(lines.contains("6 Unhealthy"))
        #expect(
            lines.contains { $0.hasPrefix("# neuron3 is unhealthy: \(chip) is a directory, expected") },
            "\(lines)")
    }

    @Test("of one name for both resources are refused: two plugins would fight for it")
    func oneName() throws {
        let names = ["--core-resource", "a.b/c", "--chip-resource", "a.b/c"]
        #expect(PluginOptions.fault(try Self.values(names)) == nil)
        #expect(
            PluginOptions.fault(try Self.values(names + ["--granularity", "both"]))?.description
                == "--core-resource and --chip-resource are both a.b/c: with --granularity both each needs a name "
                + "of its own")
        #expect(PluginOptions.fault(try Self.values(["--granularity", "both"])) == nil)
    }
}

@Suite("Settings that change while the plugin runs", .timeLimit(.minutes(10)))
struct SettingsReloadTests {
    @Test("are taken without the kubelet's noticing, and a file that is wrong changes nothing")
    func reload() async throws {
        let node = try Node()
        let path = node.fake.directory.path + "/settings.yaml"
        let words = [
            "--sysfs-root", node.fake.device.settings.sysfsRoot, "--device-root",
            node.fake.device.settings.deviceRoot, "--kubelet-root", node.kubelet.root,
        ]
        func write(_ text: String) throws { try Files.writeAtomically(path, Array(text.utf8)) }
        try write("health-interval: 50ms\nhealth-threshold: mem_ecc_uncorrected=5\n")
        let source = PluginSettingsTests.source(words, path)
        let values = try source.read()
        let lines = LogLines()
        let log = lines.logger()
        let daemon = DevicePluginDaemon(
            settings: PluginOptions.settings(values), log: log, metrics: node.metrics)
        try await node.kubelet.start()
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let reloader = SettingsReloader(source: source, values: values, daemon: daemon, log: log)

        try node.fake.device.setMemoryErrors(.memory, chip: 0, to: 4)
        try write("health-interval: 50ms\nlog-level: debug\nstrict: true\n")
        await reloader.reload()
        await node.kubelet.wait { $0.allocatable == 10 }
        #expect(log.level == .debug)
        let client = try await node.kubelet.client(Node.resource)
        await #expect(throws: (any Error).self) {
            try await client.allocate(.init(containerRequests: [.init(deviceIDs: ["2", "6"])]))
        }

        try write("health-interval: soon\n")
        await reloader.reload()
        #expect(daemon.metrics.settingsValid.value() == 0)
        #expect(lines.contains("the settings are not taken, those from before hold"))
        #expect(lines.contains("must be a time with its unit"))
        try write("health-interval: 50ms\nhealth-checks: off\ninstance-type: other.48xlarge\n")
        await reloader.reload()
        await node.kubelet.wait { $0.allocatable == 12 }
        #expect(daemon.metrics.settingsValid.value() == 1)
        #expect(lines.contains("settings wait for a restart settings=instance-type"))
        #expect(await daemon.state.instanceType == "inf2.24xlarge")
        let state = await node.kubelet.state
        #expect(state.registrations == 1 && state.openStreams == 1)
        #expect(daemon.metrics.reloads.value(["ok"]) == 2 && daemon.metrics.reloads.value(["failed"]) == 1)
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test(
        "are noticed when a ConfigMap's link is replaced, without inotify as well", arguments: [true, false])
    func configMap(hasDirectory: Bool) async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path
        for version in ["1", "2"] {
            try Files.makeDirectory("\(root)/..v\(version)")
            try Files.write("\(root)/..v\(version)/settings.yaml", Array("strict: \(version)".utf8))
        }
        try Files.link("\(root)/..data", to: "..v1")
        try Files.link("\(root)/settings.yaml", to: "..data/settings.yaml")
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self)
        // Where there is nothing to watch, the interval must find the change.
        let path = hasDirectory ? "\(root)/settings.yaml" : "\(root)/./nothing/../settings.yaml"
        if !hasDirectory { try Files.makeDirectory("\(root)/nothing") }
        let watcher = FileContentWatcher(
            path: path, interval: hasDirectory ? .seconds(600) : .milliseconds(20)
        ) { continuation.yield() }
        await watcher.start()
        try Files.link("\(root)/..new", to: "..v2")
        try #require(rename("\(root)/..new", "\(root)/..data") == 0)
        for await _ in changes { break }
        await watcher.stop()
    }
}
