// The device plugin's command line. It needs no API token, no TLS and no Foundation: what hands out cores must be
// small, start in milliseconds, and work when an API server does not.

import Arguments
import DevicePlugin
import Glibc
import KubeletAPI
import Neuron
import Observability
import SystemIO

extension Granularity: ArgumentChoice {}

enum Options {
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
    static let healthInterval = Option(
        "health-interval", default: Duration.seconds(5), environment: "GANGLION_HEALTH_INTERVAL",
        help: "Between two looks at the chips",
        check: { $0 < .milliseconds(50) ? "must be at least 50ms" : nil })
    static let strict = Flag(
        "strict", environment: "GANGLION_STRICT",
        help: "Refuse sets of cores that the Neuron runtime cannot use; the pod fails and says why")
    static let numa = Flag(
        "numa", environment: "GANGLION_NUMA",
        help: "Tell the kubelet the NUMA nodes of devices; not for Trainium, whose groups span nodes")
    static let dryRun = Flag("dry-run", help: "Print what would be advertised and end")

    static let all: [any ArgumentDeclaration] =
        [
            kubeletRoot, sysfsRoot, deviceRoot, logicalCoreConfig, instanceType, granularity, resourceName,
            endpoint,
            agentSocket, healthInterval, strict, numa, dryRun,
        ] + LogOptions.all

    static func settings(_ values: ArgumentValues) -> DevicePluginDaemon.Settings {
        let isCore = values[granularity] == .core
        let resource =
            values[resourceName] ?? (isCore ? "aws.amazon.com/neuroncore" : "aws.amazon.com/neuron")
        let name = resource.split(separator: "/").last.map(String.init) ?? "neuroncore"
        var served = ResourcePlugin.Settings(
            resource: resource, kubeletRoot: values[kubeletRoot],
            endpoint: values[endpoint] ?? "ganglion-\(name).sock")
        served.isStrict = values[strict]
        var settings = DevicePluginDaemon.Settings(
            resource: served,
            discovery: DiscoverySettings(
                sysfsRoot: values[sysfsRoot], deviceRoot: values[deviceRoot],
                logicalCoreConfigFile: values[logicalCoreConfig], instanceType: values[instanceType]))
        settings.granularity = values[granularity]
        settings.tellsNUMA = values[numa]
        settings.healthInterval = values[healthInterval]
        settings.agentSocket = values[agentSocket]
        return settings
    }
}

/// A dry run that found nothing.
struct NothingToAdvertise: Error, CustomStringConvertible {
    let description: String
}

/// Prints the devices as the kubelet would get them.
func dryRun(_ settings: DevicePluginDaemon.Settings) throws {
    var ledger = NodeLedger()
    for remark in ledger.update(Discovery(settings.discovery).scan()).remarks { print("# \(remark)") }
    guard
        let catalog = DeviceCatalog(ledger, granularity: settings.granularity, tellsNUMA: settings.tellsNUMA)
    else {
        throw NothingToAdvertise(
            description: "no usable chips in \(settings.discovery.sysfsRoot): nothing would be advertised, "
                + "load the neuron driver or name another --sysfs-root")
    }
    print("\(settings.resource.resource): \(catalog.devices.count)")
    for device in catalog.list.devices {
        let nodes =
            device.topology.map { " numa=" + $0.nodes.map { "\($0.id)" }.joined(separator: ",") } ?? ""
        print("\(device.id) \(device.health)\(nodes)")
    }
}

@main
struct Main {
    static func main() async {
        let command = Command(
            "ganglion-device-plugin", summary: "Advertises NeuronCores to the kubelet",
            details: """
                Serves the kubelet's device plugin API v1beta1 and stays registered. Pods that ask for the resource get \
                consecutive cores, the device nodes of their chips and NEURON_RT_VISIBLE_CORES. It needs no access to \
                the Kubernetes API.
                """,
            arguments: Options.all,
            examples: [
                .init("ganglion-device-plugin", "On a node with Neuron chips"),
                .init(
                    "ganglion-device-plugin --sysfs-root /tmp/fake/sys --device-root /tmp/fake/dev --dry-run",
                    "What would a fake node advertise?"),
            ]
        ) { values in
            let settings = Options.settings(values)
            if values[Options.dryRun] { return try dryRun(settings) }
            if let fault = settings.resource.socketFault { throw fault }
            try await serve(
                settings, LogOptions.logger(values))
        }
        await command.main()
    }

    static func serve(_ settings: DevicePluginDaemon.Settings, _ log: Logger) async throws {
        let signals = try SignalWatcher([.terminate, .interrupt, .hangup])
        let daemon = DevicePluginDaemon(settings: settings, log: log)
        log.info("starting", ["version": Product.version, "resource": settings.resource.resource])
        try await daemon.start()
        for await signal in signals.signals {
            if signal == .hangup {
                await daemon.rescan()
                continue
            }
            log.info("stopping", ["signal": "\(signal)"])
            break
        }
        await daemon.stop()
        log.info("stopped")
    }
}
