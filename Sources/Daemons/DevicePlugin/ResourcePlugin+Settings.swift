// What a resource's plugin is told: where it serves, which stays as it is, and how it gives devices, which may change.

internal import KubeletAPI
package import SystemIO

extension ResourcePlugin {
    /// What is served where.
    package struct Settings: Equatable, Sendable {
        /// `aws.amazon.com/neuroncore`
        package var resource: String
        /// The kubelet's directory.
        package var kubeletRoot: String
        /// Where `kubelet.sock` is; nil for `device-plugins` in the kubelet's directory. A kubelet whose directory was
        /// moved with `--root-dir` has it in `/var/lib/kubelet/device-plugins` all the same (1.36, NewManagerImpl).
        package var devicePluginsDirectory: String?
        /// The name of our socket.
        package var endpoint: String
        /// How the kubelet comes to know of it.
        package var flow: RegistrationFlow
        /// Between two looks at the sockets where no event came.
        package var pollInterval = Duration.seconds(5)
        /// How long the kubelet may take to answer Register, within which it dials us.
        package var registerTimeout = Duration.seconds(10)
        /// How long calls that are under way may take to end when we leave the kubelet.
        package var drainTimeout = Duration.seconds(2)
        /// The kubelet's account, where another plugin of the resource shows.
        package var podResourcesSocket: String
        /// How long a look for such another may wait for an answer.
        package var lookTimeout = Duration.milliseconds(250)
        /// The registration's times.
        package var registration = RegistrationMachine<KubeletSign>.Settings()

        /// Settings with the defaults for the rest.
        package init(
            resource: String, kubeletRoot: String, endpoint: String,
            flow: RegistrationFlow = .kubeletSocket
        ) {
            self.resource = resource
            self.kubeletRoot = kubeletRoot
            self.endpoint = endpoint
            self.flow = flow
            podResourcesSocket = kubeletRoot + "/" + PodResourcesAPI.socket
            if flow == .pluginsRegistry { registration = .pluginsRegistry }
        }

        /// Why the sockets cannot be, however long one waits for the kubelet; nil where they can.
        package var socketFault: SystemError? {
            for path in flow == .kubeletSocket ? [kubeletSocket, ownSocket] : [ownSocket]
            where path.utf8.count > 107 {
                return SystemError(
                    "use socket path", path, code: 0,
                    hint: "it has \(path.utf8.count) octets, at most 107 are possible: "
                        + "shorten \(directoryFlag) or the resource's name")
            }
            return nil
        }

        /// Where our socket is.
        var directory: String {
            switch (flow, devicePluginsDirectory) {
            case (.kubeletSocket, let directory?): directory
            case (.kubeletSocket, nil), (.pluginsRegistry, _): kubeletRoot + "/" + flow.directory
            }
        }
        private var directoryFlag: String {
            flow == .kubeletSocket && devicePluginsDirectory != nil
                ? "--device-plugins-directory" : "--kubelet-root"
        }
        var kubeletSocket: String { directory + "/" + DevicePluginAPI.kubeletSocketName }
        var ownSocket: String { directory + "/" + endpoint }
    }

    /// What may change while the kubelet holds its stream.
    package struct Behaviour: Equatable, Sendable {
        /// Refuse sets that the runtime cannot use.
        package var isStrict = false
        /// Name chips by CDI instead of giving their device nodes.
        package var usesCDI = false
        /// How long the kubelet is kept waiting for a group that an agent may be about to hand over.
        package var assignmentWait = Duration.milliseconds(100)

        /// The defaults.
        package init() {}
    }
}
