// What the parts of the kubelet share.

internal import KubernetesAPI
internal import KubernetesClient
internal import SystemIO

/// What pods are run with.
struct KubeletServices: Sendable {
    var root: String
    var nodeName: String
    var loop: EventLoop
    var images: ImageTable
    var shim: ShimCommand
    var devices: any ContainerDevices
    var cluster: any ClusterAPI
    var actions: any ActionRunner
    var events: CoreEventRecorder
    var timings: KubeletTimings
    /// What every container has in its environment.
    var baseEnvironment: [String: String]
}
