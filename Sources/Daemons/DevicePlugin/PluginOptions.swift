// The settings of the device plugin, each once: as a flag, a variable of the environment and a key of the settings file.

package import Arguments
internal import KubeletAPI
internal import LogArguments
package import Neuron
internal import Observability
internal import SystemIO
internal import Text

/// Which resources a node has.
enum Advertised: String, ArgumentChoice {
    /// Logical cores.
    case core
    /// Chips with all their cores.
    case chip
    /// Both, and no core twice.
    case both
}

extension RegistrationFlow: ArgumentChoice {}

/// Settings that do not go together.
struct ConflictingSettings: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// What the plugin can be told.
enum PluginOptions {
    static let config = Option<String?>(
        "config", environment: "GANGLION_CONFIG", placeholder: "FILE",
        help: "A file of \"key: value\" lines, the keys being these flags; read again when it changes")
    static let kubeletRoot = Option(
        "kubelet-root", default: "/var/lib/kubelet", environment: "GANGLION_KUBELET_ROOT", placeholder: "DIR",
        help: "The kubelet's directory; its pod-resources and plugins_registry directories are below")
    static let devicePluginsDirectory = Option<String?>(
        "device-plugins-directory", environment: "GANGLION_DEVICE_PLUGINS_DIRECTORY", placeholder: "DIR",
        help:
            "Where kubelet.sock is (default device-plugins in the kubelet's directory); a kubelet with --root-dir "
            + "has it in /var/lib/kubelet/device-plugins all the same")
    static let sysfsRoot = Option(
        "sysfs-root", default: "/sys", environment: "GANGLION_SYSFS_ROOT", placeholder: "DIR",
        help: "Where the driver's files are")
    static let deviceRoot = Option(
        "device-root", default: "/dev", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where neuron0, neuron1 ... are on the host")
    static let fakeRoot = Option<String?>(
        "fake-root", environment: "GANGLION_FAKE_ROOT", placeholder: "DIR",
        help:
            "Serve the fake node that \"ganglion fake install\" wrote there, unless the neuron driver is loaded"
    )
    static let logicalCoreConfig = Option(
        "logical-core-config", default: "/opt/aws/neuron/logical_nc_config",
        environment: "GANGLION_LOGICAL_CORE_CONFIG", placeholder: "FILE",
        help: "The node's file with NEURON_LOGICAL_NC_CONFIG")
    static let instanceType = Option<String?>(
        "instance-type", environment: "GANGLION_INSTANCE_TYPE", placeholder: "TYPE",
        help: "The EC2 instance type, where the firmware does not say it")
    static let granularity = Option(
        "granularity", default: Advertised.core, environment: "GANGLION_GRANULARITY",
        help:
            "What one device is: a logical core, a chip with all its cores, or both, each a resource of its own"
    )
    static let coreResource = Option(
        "core-resource", default: "aws.amazon.com/neuroncore", environment: "GANGLION_CORE_RESOURCE",
        placeholder: "NAME", help: "The extended resource of a core", check: resourceNameFault)
    static let chipResource = Option(
        "chip-resource", default: "aws.amazon.com/neuron", environment: "GANGLION_CHIP_RESOURCE",
        placeholder: "NAME", help: "The extended resource of a chip", check: resourceNameFault)
    static let registration = Option(
        "registration", default: RegistrationFlow.kubeletSocket, environment: "GANGLION_REGISTRATION",
        help: "Call the kubelet, or let it find the plugin's socket in its plugins_registry directory")
    static let podResourcesSocket = Option<String?>(
        "pod-resources-socket", environment: "GANGLION_POD_RESOURCES_SOCKET", placeholder: "PATH",
        help: "The kubelet's account of who holds what, needed for both resources "
            + "(default pod-resources/kubelet.sock in the kubelet's directory)")
    static let agentSocket = Option<String?>(
        "agent-socket", environment: "GANGLION_AGENT_SOCKET", placeholder: "PATH",
        help: "Serve the node agent on this Unix socket")
    static let metricsAddress = Option<String?>(
        "metrics-address", environment: "GANGLION_METRICS_ADDRESS", placeholder: "HOST:PORT",
        help: "Serve /metrics, /healthz and /readyz over HTTP, :9410 for every address (default nowhere)",
        check: { text in
            do throws(SystemError) {
                _ = try SocketAddress(parsing: text)
                return nil
            } catch {
                return "must be HOST:PORT with a numeric host and a port up to 65535, or a path"
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
    static let cdi = Flag(
        "cdi", environment: "GANGLION_CDI",
        help: "Name chips by CDI instead of giving device nodes; the container runtime must have CDI on")
    static let cdiDirectory = Option(
        "cdi-directory", default: "/var/run/cdi", environment: "GANGLION_CDI_DIRECTORY", placeholder: "DIR",
        help: "Where the container runtime finds CDI specifications")
    static let featureFile = Option<String?>(
        "feature-file", environment: "GANGLION_FEATURE_FILE", placeholder: "PATH",
        help:
            "Write node labels here for node-feature-discovery, into its features.d directory (default none)")
    static let assignmentWait = Option(
        "assignment-wait", default: Duration.milliseconds(100), environment: "GANGLION_ASSIGNMENT_WAIT",
        help: "How long the kubelet waits for a group that the agent may hand over, where there is an agent",
        check: { $0 > .milliseconds(100) ? "must be at most 100ms" : nil })
    static let dryRun = Flag("dry-run", help: "Print what would be advertised and end")
    static let all: [any ArgumentDeclaration] =
        [
            config, kubeletRoot, devicePluginsDirectory, sysfsRoot, deviceRoot, fakeRoot, logicalCoreConfig,
            instanceType, granularity,
            coreResource, chipResource, registration, podResourcesSocket, agentSocket, metricsAddress,
            healthInterval, healthChecks, healthIgnore, healthThreshold, kernelLog, kernelLogHold, strict,
            numa, cdi, cdiDirectory, featureFile, assignmentWait, dryRun,
        ] + LogOptions.all

    /// What only a restart changes, with its value as text.
    static let fixed: [(name: String, text: @Sendable (ArgumentValues) -> String?)] = [
        ("kubelet-root", { $0[kubeletRoot] }), ("device-plugins-directory", { $0[devicePluginsDirectory] }),
        ("sysfs-root", { $0[sysfsRoot] }), ("device-root", { $0[deviceRoot] }),
        ("fake-root", { $0[fakeRoot] }), ("logical-core-config", { $0[logicalCoreConfig] }),
        ("instance-type", { $0[instanceType] }), ("granularity", { $0[granularity].rawValue }),
        ("core-resource", { $0[coreResource] }), ("chip-resource", { $0[chipResource] }),
        ("registration", { $0[registration].rawValue }),
        ("pod-resources-socket", { $0[podResourcesSocket] }),
        ("agent-socket", { $0[agentSocket] }), ("metrics-address", { $0[metricsAddress] }),
        ("log-format", { $0[LogOptions.format].rawValue }),
    ]

    /// Why settings that are right one by one do not go together; nil where they do.
    static func fault(_ values: ArgumentValues) -> ConflictingSettings? {
        guard values[granularity] == .both, values[coreResource] == values[chipResource] else { return nil }
        return ConflictingSettings(
            description: "--core-resource and --chip-resource are both \(values[coreResource]): "
                + "with --granularity both each needs a name of its own")
    }

    /// What the daemon is told.
    static func settings(_ values: ArgumentValues) -> DevicePluginDaemon.Settings {
        let root = values[kubeletRoot]
        func served(_ resource: String, _ granularity: Granularity) -> DevicePluginDaemon.Served {
            // Short, for a socket's path has 107 octets; two domains may have resources of one name.
            let name = resource.split(separator: "/").last.map(String.init) ?? "neuron"
            let isShared =
                values[coreResource].hasSuffix("/" + name) && values[chipResource].hasSuffix("/" + name)
            let endpoint = "ganglion-\(name)\(isShared ? "-\(granularity.rawValue)" : "").sock"
            var settings = ResourcePlugin.Settings(
                resource: resource, kubeletRoot: root, endpoint: endpoint, flow: values[registration])
            settings.devicePluginsDirectory = values[devicePluginsDirectory]
            return .init(settings, granularity)
        }
        var all: [DevicePluginDaemon.Served] = []
        if values[granularity] != .chip { all.append(served(values[coreResource], .core)) }
        if values[granularity] != .core { all.append(served(values[chipResource], .chip)) }
        var settings = DevicePluginDaemon.Settings(served: all, discovery: discovery(values))
        settings.tellsNUMA = values[numa]
        settings.monitor.interval = values[healthInterval]
        settings.monitor.kernelLog = values[kernelLog]
        settings.monitor.discovery.health = healthPolicy(values)
        settings.behaviour.isStrict = values[strict]
        settings.behaviour.assignmentWait = values[assignmentWait]
        settings.cdiDirectory = values[cdi] ? values[cdiDirectory] : nil
        settings.featureFile = values[featureFile]
        settings.podResourcesSocket = values[podResourcesSocket] ?? root + "/" + PodResourcesAPI.socket
        settings.agentSocket = values[agentSocket]
        settings.statusAddress = values[metricsAddress].flatMap { try? SocketAddress(parsing: $0) }
        return settings
    }

    /// Where the chips are: the driver's, also where a fake node was named and the driver is loaded.
    private static func discovery(_ values: ArgumentValues) -> DiscoverySettings {
        if let root = values[fakeRoot], !Discovery.isDriverLoaded(sysfsRoot: values[sysfsRoot]) {
            var settings = DiscoverySettings.fake(root: root)
            settings.hostSysfsRoot = values[sysfsRoot]
            settings.instanceType = values[instanceType]
            return settings
        }
        return DiscoverySettings(
            sysfsRoot: values[sysfsRoot], deviceRoot: values[deviceRoot],
            logicalCoreConfigFile: values[logicalCoreConfig], instanceType: values[instanceType])
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
