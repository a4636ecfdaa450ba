// The settings of the device plugin, each once: as a flag, a variable of the environment and a key of the settings file.

package import Arguments
internal import KubeletAPI
package import Neuron
internal import Observability
internal import SystemIO

extension Granularity: ArgumentChoice {}

/// What the plugin can be told.
enum PluginOptions {
    static let config = Option<String?>(
        "config", environment: "GANGLION_CONFIG", placeholder: "FILE",
        help: "A file of \"key: value\" lines, the keys being these flags; read again when it changes")
    static let kubeletRoot = Option(
        "kubelet-root", default: "/var/lib/kubelet", environment: "GANGLION_KUBELET_ROOT", placeholder: "DIR",
        help: "The kubelet's directory; its device-plugins directory is below")
    static let sysfsRoot = Option(
        "sysfs-root", default: "/sys", environment: "GANGLION_SYSFS_ROOT", placeholder: "DIR",
        help: "Where the driver's files are")
    static let deviceRoot = Option(
        "device-root", default: "/dev", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where neuron0, neuron1 ... are on the host")
    static let logicalCoreConfig = Option(
        "logical-core-config", default: "/opt/aws/neuron/logical_nc_config",
        environment: "GANGLION_LOGICAL_CORE_CONFIG", placeholder: "FILE",
        help: "The node's file with NEURON_LOGICAL_NC_CONFIG")
    static let instanceType = Option<String?>(
        "instance-type", environment: "GANGLION_INSTANCE_TYPE", placeholder: "TYPE",
        help: "The EC2 instance type, where the firmware does not say it")
    static let granularity = Option(
        "granularity", default: Granularity.core, environment: "GANGLION_GRANULARITY",
        help: "What one device is: a logical core, or a chip with all its cores")
    static let resourceName = Option<String?>(
        "resource-name", environment: "GANGLION_RESOURCE_NAME", placeholder: "NAME",
        help: "The extended resource (default aws.amazon.com/neuroncore, or aws.amazon.com/neuron for chips)",
        check: resourceNameFault)
    static let endpoint = Option<String?>(
        "endpoint", environment: "GANGLION_ENDPOINT", placeholder: "FILE",
        help: "The name of the plugin's socket in the device-plugins directory (default from the resource)",
        check: { $0.isEmpty || $0.contains("/") ? "must be a file name" : nil })
    static let agentSocket = Option<String?>(
        "agent-socket", environment: "GANGLION_AGENT_SOCKET", placeholder: "PATH",
        help: "Serve the node agent on this Unix socket")
    static let statusAddress = Option<String?>(
        "status-address", environment: "GANGLION_STATUS_ADDRESS", placeholder: "HOST:PORT",
        help: "Serve /metrics, /healthz and /readyz over HTTP, :9410 for every address (default nowhere)",
        check: { text in
            do throws(SystemError) {
                _ = try SocketAddress(parsing: text)
                return nil
            } catch {
                return "must be HOST:PORT with a numeric host, or a path"
            }
        })
    static let healthInterval = Option(
        "health-interval", default: Duration.seconds(5), environment: "GANGLION_HEALTH_INTERVAL",
        help: "Between two looks at the chips",
        check: { $0 < .milliseconds(50) ? "must be at least 50ms" : nil })
    static let healthChecks = Option(
        "health-checks", default: true, environment: "GANGLION_HEALTH_CHECKS",
        help: "Off: a chip counts as healthy for as long as it is there")
    static let healthIgnore = Option<[String]>(
        "health-ignore", environment: "GANGLION_HEALTH_IGNORE", placeholder: "NAME",
        help: "A counter, component or kernel log error that never counts (default HANG_ON_COLLECTIVES)",
        check: { isSignName($0) ? nil : "must be a name of letters, digits, _ and -" })
    static let healthThreshold = Option<[HealthPolicy.Threshold]>(
        "health-threshold", environment: "GANGLION_HEALTH_THRESHOLD",
        help: "From which number on a counter is a fault (default 1 for each)")
    static let kernelLog = Option<String?>(
        "kernel-log", environment: "GANGLION_KERNEL_LOG", placeholder: "PATH",
        help: "Read hardware errors from this log, /dev/kmsg or a log daemon's file (default none)")
    static let kernelLogHold = Option(
        "kernel-log-hold", default: Duration.seconds(3_600), environment: "GANGLION_KERNEL_LOG_HOLD",
        help: "How long an error of the kernel log counts when no further one comes")
    static let strict = Flag(
        "strict", environment: "GANGLION_STRICT",
        help: "Refuse sets of cores that the Neuron runtime cannot use; the pod fails and says why")
    static let numa = Flag(
        "numa", environment: "GANGLION_NUMA",
        help: "Tell the kubelet the NUMA nodes of devices; not for Trainium, whose groups span nodes")
    static let dryRun = Flag("dry-run", help: "Print what would be advertised and end")
    static let all: [any ArgumentDeclaration] =
        [
            config, kubeletRoot, sysfsRoot, deviceRoot, logicalCoreConfig, instanceType, granularity,
            resourceName, endpoint, agentSocket, statusAddress, healthInterval, healthChecks, healthIgnore,
            healthThreshold, kernelLog, kernelLogHold, strict, numa, dryRun,
        ] + LogOptions.all

    /// What only a restart changes, with its value as text.
    static let fixed: [(name: String, text: @Sendable (ArgumentValues) -> String?)] = [
        ("kubelet-root", { $0[kubeletRoot] }), ("sysfs-root", { $0[sysfsRoot] }),
        ("device-root", { $0[deviceRoot] }), ("logical-core-config", { $0[logicalCoreConfig] }),
        ("instance-type", { $0[instanceType] }), ("granularity", { $0[granularity].rawValue }),
        ("resource-name", { $0[resourceName] }), ("endpoint", { $0[endpoint] }),
        ("agent-socket", { $0[agentSocket] }), ("status-address", { $0[statusAddress] }),
        ("log-format", { $0[LogOptions.format].rawValue }),
    ]

    /// What the daemon is told.
    static func settings(_ values: ArgumentValues) -> DevicePluginDaemon.Settings {
        let isCore = values[granularity] == .core
        let resource =
            values[resourceName] ?? (isCore ? "aws.amazon.com/neuroncore" : "aws.amazon.com/neuron")
        let name = resource.split(separator: "/").last.map(String.init) ?? "neuroncore"
        var settings = DevicePluginDaemon.Settings(
            resource: ResourcePlugin.Settings(
                resource: resource, kubeletRoot: values[kubeletRoot],
                endpoint: values[endpoint] ?? "ganglion-\(name).sock"),
            discovery: DiscoverySettings(
                sysfsRoot: values[sysfsRoot], deviceRoot: values[deviceRoot],
                logicalCoreConfigFile: values[logicalCoreConfig], instanceType: values[instanceType]))
        settings.granularity = values[granularity]
        settings.tellsNUMA = values[numa]
        settings.monitor.interval = values[healthInterval]
        settings.monitor.kernelLog = values[kernelLog]
        settings.monitor.discovery.health = healthPolicy(values)
        settings.behaviour.isStrict = values[strict]
        settings.agentSocket = values[agentSocket]
        settings.statusAddress = values[statusAddress].flatMap { try? SocketAddress(parsing: $0) }
        return settings
    }

    private static func healthPolicy(_ values: ArgumentValues) -> HealthPolicy {
        var policy = HealthPolicy()
        policy.isOn = values[healthChecks]
        if !values[healthIgnore].isEmpty { policy.ignored = Set(values[healthIgnore]) }
        policy.thresholds = Dictionary(
            values[healthThreshold].map { ($0.counter, $0.value) }, uniquingKeysWith: { _, last in last })
        policy.kernelLogHold = values[kernelLogHold]
        return policy
    }

    private static func isSignName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 95 || byte == 45
            }
    }
}

extension HealthPolicy.Threshold: ArgumentValue {
    /// A counter, an equals sign and a number: `sram_ecc_uncorrected=3`.
    package init(argument: String) throws(InvalidArgument) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let value = UInt64(parts[1]), value > 0 else {
            throw InvalidArgument("must be a counter and a number from 1 on, like sram_ecc_uncorrected=3")
        }
        let counter = String(parts[0])
        guard HealthPolicy.counters.contains(counter) else {
            let near = nearest(to: counter, among: HealthPolicy.counters)
            throw InvalidArgument("must name a counter" + (near.map { ": did you mean \($0)?" } ?? ""))
        }
        self.init(counter: counter, value: value)
    }

    /// As it is given.
    package var argumentText: String { "\(counter)=\(value)" }
    /// COUNTER=N
    package static var placeholder: String { "COUNTER=N" }
}
