// k8s.io/kubelet/pkg/apis/pluginregistration/v1 of Kubernetes 1.36: the kubelet finds a socket in its
// plugins_registry directory, asks it what it is, and tells it what came of that.

package import Protobuf

/// The kubelet's plugin registration API, v1, which the plugin serves.
package enum PluginRegistrationAPI {
    /// The type of a device plugin.
    package static let devicePlugin = "DevicePlugin"
    /// The type of a driver for dynamic resource allocation.
    package static let draPlugin = "DRAPlugin"
    /// The directory below the kubelet's root that it watches for sockets.
    package static let directory = "plugins_registry"

    /// Served by the plugin.
    package enum Method {
        /// InfoRequest to PluginInfo, within 1 s.
        package static let getInfo = "/pluginregistration.Registration/GetInfo"
        /// RegistrationStatus to RegistrationStatusResponse, within 5 s.
        package static let notifyRegistrationStatus =
            "/pluginregistration.Registration/NotifyRegistrationStatus"
    }

    /// Nothing.
    package struct InfoRequest: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// What a socket in plugins_registry is.
    package struct PluginInfo: Message {
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

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, type)
            writer.write(2, name)
            writer.write(3, endpoint)
            writer.write(4, supportedVersions)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &type)
            case 2: try reader.read(field, into: &name)
            case 3: try reader.read(field, into: &endpoint)
            case 4: try reader.read(field, into: &supportedVersions)
            default: break
            }
        }
    }

    /// What came of the registration.
    package struct RegistrationStatus: Message {
        /// Did the kubelet take it?
        package var pluginRegistered: Bool = false
        /// Why not.
        package var error: String = ""

        package init() {}

        package init(
            pluginRegistered: Bool = false, error: String = ""
        ) {
            self.pluginRegistered = pluginRegistered
            self.error = error
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, pluginRegistered)
            writer.write(2, error)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &pluginRegistered)
            case 2: try reader.read(field, into: &error)
            default: break
            }
        }
    }

    /// Nothing.
    package struct RegistrationStatusResponse: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }
}
