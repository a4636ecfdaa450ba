// What the parts of the kubelet share.

internal import JSON
internal import SystemIO

/// The times of a kubelet; tests shorten them.
package struct KubeletTimings: Sendable {
    /// The first pause of CrashLoopBackOff and of ImagePullBackOff.
    package var backoffInitial: Duration = .seconds(10)
    /// Their longest pause.
    package var backoffMaximum: Duration = .seconds(300)
    /// How often the node's status and lease are renewed.
    package var nodeStatus: Duration = .seconds(10)
    /// How long Register waits for a plugin's socket.
    package var pluginDial: Duration = .seconds(10)
    /// How long a plugin may take for PreStartContainer.
    package var preStart: Duration = .seconds(30)
    /// The pause before a failed request to the API server is made again.
    package var retry: Duration = .seconds(1)

    /// Those of a real kubelet.
    package init() {}
}

/// What pods are run with.
struct KubeletServices: Sendable {
    var root: String
    var nodeName: String
    var loop: EventLoop
    var images: ImageTable
    var shim: ShimCommand
    var devices: any ContainerDevices
    var backend: any KubeletBackend
    var prober: any Prober
    var events: EventRecorder
    var timings: KubeletTimings
    /// What every container has in its environment.
    var baseEnvironment: [String: String]
}
