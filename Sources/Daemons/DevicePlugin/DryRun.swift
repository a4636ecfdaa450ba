// What the kubelet would be told, for people: on a new node, after a change of settings, in a bug report.

internal import KubeletAPI
internal import Neuron

/// A dry run that found nothing.
struct NothingToAdvertise: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// Prints devices.
enum DryRun {
    /// Prints the devices as the kubelet would get them.
    static func print(_ settings: DevicePluginDaemon.Settings) throws {
        for line in try lines(settings) { Swift.print(line) }
    }

    /// The lines.
    ///
    /// - Throws: `NothingToAdvertise`.
    static func lines(_ settings: DevicePluginDaemon.Settings) throws(NothingToAdvertise) -> [String] {
        var ledger = NodeLedger()
        let discovery = settings.monitor.discovery
        let changes = ledger.update(Discovery(discovery).scan())
        var lines = changes.remarks.map { "# \($0)" }
        for change in changes.health where !change.faults.isEmpty {
            lines.append("# neuron\(change.chip) is unhealthy: \(HealthFault.sentence(change.faults))")
        }
        for served in settings.served {
            guard
                let catalog = DeviceCatalog(
                    ledger, granularity: served.granularity, tellsNUMA: settings.tellsNUMA)
            else {
                let mend =
                    discovery.hostSysfsRoot == nil
                    ? "load the neuron driver or name another --sysfs-root"
                    : "run \"ganglion fake install\" or name another --fake-root"
                throw NothingToAdvertise(
                    description: "no usable chips in \(discovery.sysfsRoot): nothing would be advertised, "
                        + mend)
            }
            lines.append("\(served.plugin.resource): \(catalog.devices.count)")
            for device in catalog.list.devices {
                let nodes =
                    device.topology.map { " numa=" + $0.nodes.map { "\($0.id)" }.joined(separator: ",") }
                    ?? ""
                lines.append("\(device.id) \(device.health)\(nodes)")
            }
        }
        return lines
    }
}
