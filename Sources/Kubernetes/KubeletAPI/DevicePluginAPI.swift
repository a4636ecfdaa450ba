// What the device plugin API fixes beside its messages, which are in Proto/deviceplugin.proto.

extension DevicePluginAPI {
    /// What RegisterRequest must say.
    package static let version = "v1beta1"
    /// The health of a device that may be given to a pod.
    package static let healthy = "Healthy"
    /// The health of a device that is there and must not be given to a pod.
    package static let unhealthy = "Unhealthy"
    /// The kubelet's own socket in its device-plugins directory.
    package static let kubeletSocketName = "kubelet.sock"
    /// The device-plugins directory below the kubelet's root, which is /var/lib/kubelet unless it was moved.
    package static let directory = "device-plugins"
}
