// Where discovery looks. A real node and a fake one differ in nothing but these paths.

/// Where discovery looks and what it is told.
package struct DiscoverySettings: Hashable, Sendable {
    /// The mount point of sysfs.
    package var sysfsRoot: String
    /// Where the device nodes are.
    package var deviceRoot: String
    /// AWS's node-wide file with `NEURON_LOGICAL_NC_CONFIG=1`.
    package var logicalCoreConfigFile: String
    /// The instance type, when somebody knows better than the firmware.
    package var instanceType: String?
    /// Physical cores in a logical core, when somebody knows better than the file.
    package var logicalCoreSize: Int?

    /// For a fake node: the host's sysfs, where a driver must not be loaded; nil where nobody cares.
    package var hostSysfsRoot: String?

    /// Whether to ask the driver for PCI addresses through the device nodes, which takes the right to open them.
    package var asksDriver: Bool

    /// What counts as a fault of a chip.
    package var health = HealthPolicy()

    /// Settings; the defaults are a real node's.
    package init(
        sysfsRoot: String = "/sys", deviceRoot: String = "/dev",
        logicalCoreConfigFile: String = "/opt/aws/neuron/logical_nc_config", instanceType: String? = nil,
        logicalCoreSize: Int? = nil, asksDriver: Bool = false
    ) {
        self.sysfsRoot = sysfsRoot
        self.deviceRoot = deviceRoot
        self.logicalCoreConfigFile = logicalCoreConfigFile
        self.instanceType = instanceType
        self.logicalCoreSize = logicalCoreSize
        self.asksDriver = asksDriver
    }

    /// The settings for a tree that `FakeDevice.create` has written at `root`.
    package static func fake(root: String) -> DiscoverySettings {
        DiscoverySettings(
            sysfsRoot: root + "/sys", deviceRoot: root + "/dev",
            logicalCoreConfigFile: root + "/opt/aws/neuron/logical_nc_config")
    }
}
