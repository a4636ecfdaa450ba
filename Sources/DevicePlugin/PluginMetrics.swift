// What the plugin counts, under names of its own; labels are few and fixed by the node.

package import Observability

/// The plugin's metrics.
package struct PluginMetrics: Sendable {
    let registrations: Counter
    let registered: Gauge
    let devices: Gauge
    let allocations: Counter
    let preferences: Counter
    let allocationTime: Histogram
    let chipHealth: Gauge
    let scans: Counter

    /// The metrics in a registry.
    package init(_ registry: MetricsRegistry) {
        registrations = registry.counter(
            "ganglion_device_plugin_registrations_total", "Register calls to the kubelet by result.",
            labels: ["resource", "result"])
        registered = registry.gauge(
            "ganglion_device_plugin_registered", "1 while the kubelet holds an open ListAndWatch.",
            labels: ["resource"])
        devices = registry.gauge(
            "ganglion_device_plugin_devices", "Advertised devices by health.", labels: ["resource", "health"])
        allocations = registry.counter(
            "ganglion_device_plugin_allocations_total",
            "Allocate calls by result: ok, unusable (handed out, but the runtime cannot use the set), refused.",
            labels: ["resource", "result"])
        preferences = registry.counter(
            "ganglion_device_plugin_preferred_allocations_total",
            "GetPreferredAllocation calls by who chose: assigned, placement, none.",
            labels: ["resource", "chosen_by"])
        allocationTime = registry.histogram(
            "ganglion_device_plugin_call_seconds", "Time to answer the kubelet.", labels: ["method"])
        chipHealth = registry.gauge(
            "ganglion_device_plugin_chip_healthy", "1 for a healthy chip, 0 for another.", labels: ["chip"])
        scans = registry.counter("ganglion_device_plugin_scans_total", "Scans of the driver's files.")
    }
}
