// k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1 of Kubernetes 1.36, its names, numbers and types: how a plugin registers,
// the life of its device list, which devices a container gets, and what it sees of them. The kubelet sends one container
// per request and reads the first response only.
//
// Made from Proto/deviceplugin.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// The kubelet's device plugin API, v1beta1: the only version that there is.
package enum DevicePluginAPI {
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

        package init(preStartRequired: Bool = false, getPreferredAllocationAvailable: Bool = false) {
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

        package init(devices: [Device] = []) { self.devices = devices }

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

        package init(id: String = "", health: String = "", topology: TopologyInfo? = nil) {
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

        package init(nodes: [NUMANode] = []) { self.nodes = nodes }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &nodes)
        }
    }

    /// A NUMA node.
    package struct NUMANode: FieldMessage {
        /// Its number. Never send -1.
        package var id: Int64 = 0

        package init() {}

        package init(id: Int64 = 0) { self.id = id }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &id)
        }
    }

    /// Sent before a container starts, when asked for.
    package struct PreStartContainerRequest: FieldMessage {
        /// The container's devices.
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String] = []) { self.deviceIDs = deviceIDs }

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

    /// Asks which devices would be best for containers.
    package struct PreferredAllocationRequest: FieldMessage {
        /// One for each container; the kubelet sends one.
        package var containerRequests: [ContainerPreferredAllocationRequest] = []

        package init() {}

        package init(containerRequests: [ContainerPreferredAllocationRequest] = []) {
            self.containerRequests = containerRequests
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerRequests)
        }
    }

    /// What one container could get.
    package struct ContainerPreferredAllocationRequest: FieldMessage {
        /// Unsorted; holds the ones that must be included.
        package var availableDeviceIDs: [String] = []
        /// What the answer has to hold.
        package var mustIncludeDeviceIDs: [String] = []
        /// How many devices the answer has to have.
        package var allocationSize: Int32 = 0

        package init() {}

        package init(
            availableDeviceIDs: [String] = [], mustIncludeDeviceIDs: [String] = [], allocationSize: Int32 = 0
        ) {
            self.availableDeviceIDs = availableDeviceIDs
            self.mustIncludeDeviceIDs = mustIncludeDeviceIDs
            self.allocationSize = allocationSize
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &availableDeviceIDs)
            try wire.field(2, &mustIncludeDeviceIDs)
            try wire.field(3, &allocationSize)
        }
    }

    /// The devices that would be best.
    package struct PreferredAllocationResponse: FieldMessage {
        /// One for each request.
        package var containerResponses: [ContainerPreferredAllocationResponse] = []

        package init() {}

        package init(containerResponses: [ContainerPreferredAllocationResponse] = []) {
            self.containerResponses = containerResponses
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerResponses)
        }
    }

    /// The devices that would be best for one container.
    package struct ContainerPreferredAllocationResponse: FieldMessage {
        /// As many as were asked for, or none: then the kubelet chooses.
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String] = []) { self.deviceIDs = deviceIDs }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &deviceIDs)
        }
    }

    /// Devices were chosen; asks what the containers need to use them.
    package struct AllocateRequest: FieldMessage {
        /// One for each container; the kubelet sends one.
        package var containerRequests: [ContainerAllocateRequest] = []

        package init() {}

        package init(containerRequests: [ContainerAllocateRequest] = []) {
            self.containerRequests = containerRequests
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerRequests)
        }
    }

    /// The devices of one container.
    package struct ContainerAllocateRequest: FieldMessage {
        /// In random order.
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String] = []) { self.deviceIDs = deviceIDs }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &deviceIDs)
        }
    }

    /// What containers need to use their devices.
    package struct AllocateResponse: FieldMessage {
        /// One for each request.
        package var containerResponses: [ContainerAllocateResponse] = []

        package init() {}

        package init(containerResponses: [ContainerAllocateResponse] = []) {
            self.containerResponses = containerResponses
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerResponses)
        }
    }

    /// What one container needs to use its devices.
    package struct ContainerAllocateResponse: FieldMessage {
        /// Environment; the pod can override it.
        package var envs: [String: String] = [:]
        /// Paths of the host.
        package var mounts: [Mount] = []
        /// Device nodes of the host.
        package var devices: [DeviceSpec] = []
        /// Annotations for the container runtime.
        package var annotations: [String: String] = [:]
        /// Devices by their CDI names.
        package var cdiDevices: [CDIDevice] = []

        package init() {}

        package init(
            envs: [String: String] = [:], mounts: [Mount] = [], devices: [DeviceSpec] = [],
            annotations: [String: String] = [:], cdiDevices: [CDIDevice] = []
        ) {
            self.envs = envs
            self.mounts = mounts
            self.devices = devices
            self.annotations = annotations
            self.cdiDevices = cdiDevices
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &envs)
            try wire.field(2, &mounts)
            try wire.field(3, &devices)
            try wire.field(4, &annotations)
            try wire.field(5, &cdiDevices)
        }
    }

    /// A path of the host in a container.
    package struct Mount: FieldMessage {
        /// Where the container sees it.
        package var containerPath: String = ""
        /// Where it is.
        package var hostPath: String = ""
        /// May the container not write it?
        package var readOnly: Bool = false

        package init() {}

        package init(containerPath: String = "", hostPath: String = "", readOnly: Bool = false) {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.readOnly = readOnly
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerPath)
            try wire.field(2, &hostPath)
            try wire.field(3, &readOnly)
        }
    }

    /// A device node of the host in a container.
    package struct DeviceSpec: FieldMessage {
        /// Where the container sees it.
        package var containerPath: String = ""
        /// Where it is.
        package var hostPath: String = ""
        /// Any of r (read), w (write), m (make nodes).
        package var permissions: String = ""

        package init() {}

        package init(containerPath: String = "", hostPath: String = "", permissions: String = "") {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.permissions = permissions
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containerPath)
            try wire.field(2, &hostPath)
            try wire.field(3, &permissions)
        }
    }

    /// A device by its CDI name.
    package struct CDIDevice: FieldMessage {
        /// Fully qualified: `vendor/class=name`.
        package var name: String = ""

        package init() {}

        package init(name: String = "") { self.name = name }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
        }
    }
}
