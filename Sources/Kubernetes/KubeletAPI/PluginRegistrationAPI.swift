// What the plugin registration API fixes beside its messages, which are in Proto/pluginregistration.proto.

extension PluginRegistrationAPI {
    /// The type of a device plugin.
    package static let devicePlugin = "DevicePlugin"
    /// The type of a driver for dynamic resource allocation.
    package static let draPlugin = "DRAPlugin"
    /// The directory below the kubelet's root that it watches for sockets.
    package static let directory = "plugins_registry"
}
