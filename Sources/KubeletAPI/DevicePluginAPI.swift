// k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1 of Kubernetes 1.36: how a plugin registers, and the life of its device
// list. The messages of allocation are in DevicePluginAllocation.swift.

package import Protobuf

/// The kubelet's device plugin API, v1beta1: the only version that there is.
package enum DevicePluginAPI {
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

    /// Served by the kubelet.
    package enum RegistrationMethod {
        /// RegisterRequest to Empty.
        package static let register = "/v1beta1.Registration/Register"
    }

    /// Served by the plugin.
    package enum Method {
        /// Empty to DevicePluginOptions.
        package static let getDevicePluginOptions = "/v1beta1.DevicePlugin/GetDevicePluginOptions"
        /// Empty to a stream of ListAndWatchResponse.
        package static let listAndWatch = "/v1beta1.DevicePlugin/ListAndWatch"
        /// PreferredAllocationRequest to PreferredAllocationResponse.
        package static let getPreferredAllocation = "/v1beta1.DevicePlugin/GetPreferredAllocation"
        /// AllocateRequest to AllocateResponse.
        package static let allocate = "/v1beta1.DevicePlugin/Allocate"
        /// PreStartContainerRequest to PreStartContainerResponse.
        package static let preStartContainer = "/v1beta1.DevicePlugin/PreStartContainer"
    }

    /// Nothing.
    package struct Empty: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// What the plugin wants to be asked. The kubelet reads it from GetDevicePluginOptions only.
    package struct DevicePluginOptions: Message {
        /// Call PreStartContainer before every start of a container that has devices.
        package var preStartRequired: Bool = false
        /// Call GetPreferredAllocation where there is a choice.
        package var getPreferredAllocationAvailable: Bool = false

        package init() {}

        package init(
            preStartRequired: Bool = false, getPreferredAllocationAvailable: Bool = false
        ) {
            self.preStartRequired = preStartRequired
            self.getPreferredAllocationAvailable = getPreferredAllocationAvailable
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, preStartRequired)
            writer.write(2, getPreferredAllocationAvailable)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &preStartRequired)
            case 2: try reader.read(field, into: &getPreferredAllocationAvailable)
            default: break
            }
        }
    }

    /// Asks the kubelet to use the plugin: it dials the endpoint before it answers.
    package struct RegisterRequest: Message {
        /// `DevicePluginAPI.version`; any other is refused.
        package var version: String = ""
        /// The plugin's socket, relative to the kubelet's device-plugins directory.
        package var endpoint: String = ""
        /// The extended resource: one registration each.
        package var resourceName: String = ""
        /// Ignored by the kubelet.
        package var options: DevicePluginOptions? = nil

        package init() {}

        package init(
            version: String = "", endpoint: String = "", resourceName: String = "",
            options: DevicePluginOptions? = nil
        ) {
            self.version = version
            self.endpoint = endpoint
            self.resourceName = resourceName
            self.options = options
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, version)
            writer.write(2, endpoint)
            writer.write(3, resourceName)
            writer.write(4, options)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &version)
            case 2: try reader.read(field, into: &endpoint)
            case 3: try reader.read(field, into: &resourceName)
            case 4: try reader.read(field, into: &options)
            default: break
            }
        }
    }

    /// The complete list of devices, which replaces the one before.
    package struct ListAndWatchResponse: Message {
        /// All devices, the unhealthy ones too.
        package var devices: [Device] = []

        package init() {}

        package init(
            devices: [Device] = []
        ) {
            self.devices = devices
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, devices)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &devices)
            default: break
            }
        }
    }

    /// What the kubelet counts and hands out.
    package struct Device: Message {
        /// Unique over all resources of the node, and the same after every restart.
        package var id: String = ""
        /// `DevicePluginAPI.healthy`; every other text is unhealthy.
        package var health: String = ""
        /// NUMA nodes; leave out where they are not known.
        package var topology: TopologyInfo? = nil

        package init() {}

        package init(
            id: String = "", health: String = "", topology: TopologyInfo? = nil
        ) {
            self.id = id
            self.health = health
            self.topology = topology
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, id)
            writer.write(2, health)
            writer.write(3, topology)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &id)
            case 2: try reader.read(field, into: &health)
            case 3: try reader.read(field, into: &topology)
            default: break
            }
        }
    }

    /// Where a device is.
    package struct TopologyInfo: Message {
        /// The NUMA nodes it is on.
        package var nodes: [NUMANode] = []

        package init() {}

        package init(
            nodes: [NUMANode] = []
        ) {
            self.nodes = nodes
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, nodes)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &nodes)
            default: break
            }
        }
    }

    /// A NUMA node.
    package struct NUMANode: Message {
        /// Its number. Never send -1.
        package var id: Int64 = 0

        package init() {}

        package init(
            id: Int64 = 0
        ) {
            self.id = id
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, id)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &id)
            default: break
            }
        }
    }

    /// Sent before a container starts, when asked for.
    package struct PreStartContainerRequest: Message {
        /// The container's devices.
        package var deviceIDs: [String] = []

        package init() {}

        package init(
            deviceIDs: [String] = []
        ) {
            self.deviceIDs = deviceIDs
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, deviceIDs)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &deviceIDs)
            default: break
            }
        }
    }

    /// Nothing.
    package struct PreStartContainerResponse: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }
}
