// k8s.io/kubelet/pkg/apis/pluginregistration/v1 of Kubernetes 1.36, its names, numbers and types: the kubelet finds a
// socket in its plugins_registry directory, asks it what it is, and tells it what came of that.
//
// Made from Proto/pluginregistration.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// The kubelet's plugin registration API, v1, which the plugin serves.
package enum PluginRegistrationAPI {
    /// Served by the plugin.
    package enum Method {
        /// InfoRequest to PluginInfo, within 1 s.
        package static let getInfo = "/pluginregistration.Registration/GetInfo"
        /// RegistrationStatus to RegistrationStatusResponse, within 5 s.
        package static let notifyRegistrationStatus =
            "/pluginregistration.Registration/NotifyRegistrationStatus"
    }

    /// Nothing.
    package struct InfoRequest: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// What a socket in plugins_registry is.
    package struct PluginInfo: FieldMessage {
        /// `PluginRegistrationAPI.devicePlugin`, `draPlugin` or CSIPlugin.
        package var type: String = ""
        /// The resource or driver.
        package var name: String = ""
        /// The absolute path of the socket that serves it; this one when empty.
        package var endpoint: String = ""
        /// The versions of the API that it serves.
        package var supportedVersions: [String] = []

        package init() {}

        package init(
            type: String = "", name: String = "", endpoint: String = "", supportedVersions: [String] = []
        ) {
            self.type = type
            self.name = name
            self.endpoint = endpoint
            self.supportedVersions = supportedVersions
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &type)
            try wire.field(2, &name)
            try wire.field(3, &endpoint)
            try wire.field(4, &supportedVersions)
        }
    }

    /// What came of the registration.
    package struct RegistrationStatus: FieldMessage {
        /// Did the kubelet take it?
        package var pluginRegistered: Bool = false
        /// Why not.
        package var error: String = ""

        package init() {}

        package init(pluginRegistered: Bool = false, error: String = "") {
            self.pluginRegistered = pluginRegistered
            self.error = error
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &pluginRegistered)
            try wire.field(2, &error)
        }
    }

    /// Nothing.
    package struct RegistrationStatusResponse: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }
}
