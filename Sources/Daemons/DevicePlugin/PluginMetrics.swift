// What the plugin counts, under names of its own; labels are few and fixed by the node.

package import Observability

/// The plugin's metrics.
package struct PluginMetrics: Sendable {
    let registrations: Counter
    let registered: Gauge
    let rivals: Gauge
    let devices: Gauge
    let allocations: Counter
    let givenTwice: Counter
    let otherLayouts: Gauge
    let preferences: Counter
    let allocationTime: Histogram
    let chips: Gauge
    let chipHealth: Gauge
    let healthChanges: Counter
    let kernelErrors: Counter
    let scans: Counter
    let lastScan: Gauge
    let reloads: Counter
    let settingsValid: Gauge

    /// The metrics in a registry.
    package init(_ registry: MetricsRegistry) {
        registrations = registry.counter(
            "ganglion_device_plugin_registrations_total", "Register calls to the kubelet by result.",
            labels: ["resource", "result"])
        registered = registry.gauge(
            "ganglion_device_plugin_registered",
            "1 while the kubelet holds an open ListAndWatch, and no other plugin has the resource.",
            labels: ["resource"])
        rivals = registry.gauge(
            "ganglion_device_plugin_rivals", "1 while another device plugin has the resource on this node.",
            labels: ["resource"])
        devices = registry.gauge(
            "ganglion_device_plugin_devices", "Advertised devices by health.", labels: ["resource", "health"])
        allocations = registry.counter(
            "ganglion_device_plugin_allocations_total",
            "Allocate calls by result: ok, unusable (handed out, but the runtime cannot use the set), refused.",
            labels: ["resource", "result"])
        givenTwice = registry.counter(
            "ganglion_device_plugin_given_twice_total",
            "Devices that the kubelet gave again a moment after it had given them, while a container held them: refused; "
                + "or while it did not say who holds them: unverified.",
            labels: ["resource", "result"])
        otherLayouts = registry.gauge(
            "ganglion_device_plugin_cores_of_other_layouts",
            "Cores that cannot be given because a pod holds devices of another logical core size.",
            labels: ["resource"])
        preferences = registry.counter(
            "ganglion_device_plugin_preferred_allocations_total",
            "GetPreferredAllocation calls by who chose: assigned, placement, none.",
            labels: ["resource", "chosen_by"])
        allocationTime = registry.histogram(
            "ganglion_device_plugin_call_seconds", "Time to answer the kubelet.", labels: ["method"])
        chips = registry.gauge(
            "ganglion_device_plugin_chips", "Chips by where they come from: driver or fake.",
            labels: ["source"])
        chipHealth = registry.gauge(
            "ganglion_device_plugin_chip_healthy", "1 for a healthy chip, 0 for another.", labels: ["chip"])
        healthChanges = registry.counter(
            "ganglion_device_plugin_health_changes_total", "Changes of a chip's health by what it became.",
            labels: ["chip", "health"])
        kernelErrors = registry.counter(
            "ganglion_device_plugin_kernel_errors_total",
            "Hardware errors in the kernel log: taken, or foreign (of no chip of this node).",
            labels: ["result"])
        scans = registry.counter("ganglion_device_plugin_scans_total", "Scans of the driver's files.")
        lastScan = registry.gauge(
            "ganglion_device_plugin_last_scan_timestamp_seconds",
            "When the driver's files were last read, since unix epoch in seconds.")
        reloads = registry.counter(
            "ganglion_device_plugin_settings_reloads_total", "Reloads of the settings file by result.",
            labels: ["result"])
        settingsValid = registry.gauge(
            "ganglion_device_plugin_settings_valid",
            "0 while the settings file cannot be taken and older settings hold.")
    }
}
