// The kubelet knows two ways to a device plugin: the plugin calls Register on kubelet.sock, or the kubelet finds the
// plugin's socket in a directory that it watches. Both end in the same place, so a plugin uses one of them: a second
// registration of a name can take the first with it (kubelet 1.36, handler.go runClient).

internal import KubeletAPI
package import SystemIO

/// How the kubelet comes to know of the plugin.
package enum RegistrationFlow: String, CaseIterable, Sendable {
    /// The plugin calls Register on `device-plugins/kubelet.sock`, which is wiped with each start of a kubelet.
    case kubeletSocket = "kubelet-socket"
    /// The kubelet finds the socket in `plugins_registry`, which it watches and never wipes.
    case pluginsRegistry = "plugins-registry"

    /// The directory of the plugin's socket, below the kubelet's root.
    var directory: String {
        switch self {
        case .kubeletSocket: DevicePluginAPI.directory
        case .pluginsRegistry: PluginRegistrationAPI.directory
        }
    }
}

/// How a plugin sees that there is a kubelet, and which.
package enum KubeletSign: Equatable, Sendable {
    /// Its socket, made anew with each start.
    case socket(Files.Identity)
    /// The directory that it watches, which says nothing of the kubelet behind it: only the stream does.
    case directory
}

extension ResourcePlugin.Settings {
    /// The kubelet that is there; nil for none.
    var kubelet: KubeletSign? {
        switch flow {
        case .kubeletSocket: Files.socketIdentity(kubeletSocket).map { .socket($0) }
        case .pluginsRegistry: Files.kind(directory, following: true) == .directory ? .directory : nil
        }
    }
}

extension RegistrationMachine.Settings {
    /// For a kubelet that comes by itself: it looks at its directory once a second, and it may not be running.
    package static var pluginsRegistry: Self {
        var settings = Self()
        settings.streamDeadline = .seconds(60)
        settings.pause = .milliseconds(1_500)
        return settings
    }
}
