// What the pod resources API fixes beside its messages, which are in Proto/podresources.proto.

extension PodResourcesAPI {
    /// The socket below the kubelet's root.
    package static let socket = "pod-resources/kubelet.sock"
}
