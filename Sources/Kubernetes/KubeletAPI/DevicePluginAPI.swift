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
    package struct Empty: FieldMessage {

        package init() {}
        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// What the plugin wants to be asked. The kubelet reads it from GetDevicePluginOptions only.
    package struct DevicePluginOptions: FieldMessage {
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

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &preStartRequired)
            try wire.field(2, &getPreferredAllocationAvailable)
        }
    }

    /// Asks the kubelet to use the plugin: it dials the endpoint before it answers.
    package struct RegisterRequest: FieldMessage {
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

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &version)
            try wire.field(2, &endpoint)
            try wire.field(3, &resourceName)
            try wire.field(4, &options)
        }
    }

    /// The complete list of devices, which replaces the one before.
    package struct ListAndWatchResponse: FieldMessage {
        /// All devices, the unhealthy ones too.
        package var devices: [Device] = []

        package init() {}

        package init(
            devices: [Device] = []
        ) {
            self.devices = devices
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &devices)
        }
    }

    /// What the kubelet counts and hands out.
    package struct Device: FieldMessage {
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

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &id)
            try wire.field(2, &health)
            try wire.field(3, &topology)
        }
    }

    /// Where a device is.
    package struct TopologyInfo: FieldMessage {
        /// The NUMA nodes it is on.
        package var nodes: [NUMANode] = []

        package init() {}

        package init(
            nodes: [NUMANode] = []
        ) {
            self.nodes = nodes
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &nodes)
        }
    }

    /// A NUMA node.
    package struct NUMANode: FieldMessage {
        /// Its number. Never send -1.
        package var id: Int64 = 0

        package init() {}

        package init(
            id: Int64 = 0
        ) {
            self.id = id
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &id)
        }
    }

    /// Sent before a container starts, when asked for.
    package struct PreStartContainerRequest: FieldMessage {
        /// The container's devices.
        package var deviceIDs: [String] = []

        package init() {}

        package init(
            deviceIDs: [String] = []
        ) {
            self.deviceIDs = deviceIDs
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &deviceIDs)
        }
    }

    /// Nothing.
    package struct PreStartContainerResponse: FieldMessage {

        package init() {}
        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }
}
