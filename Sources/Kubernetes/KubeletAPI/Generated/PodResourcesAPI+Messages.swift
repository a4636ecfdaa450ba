// k8s.io/kubelet/pkg/apis/podresources/v1 of Kubernetes 1.36, its names, numbers and types: the kubelet's own account of
// which container holds which device. It says what is given, not what is free.
//
// Made from Proto/podresources.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// The kubelet's pod resources API, v1.
package enum PodResourcesAPI {
    /// Served by the kubelet, 100 calls per second over all clients, 10 at once.
    package enum Method {
        /// ListPodResourcesRequest to ListPodResourcesResponse.
        package static let list = "/v1.PodResourcesLister/List"
        /// AllocatableResourcesRequest to AllocatableResourcesResponse.
        package static let getAllocatableResources = "/v1.PodResourcesLister/GetAllocatableResources"
        /// GetPodResourcesRequest to GetPodResourcesResponse; UNKNOWN when there is no such pod.
        package static let get = "/v1.PodResourcesLister/Get"
    }

    /// Nothing.
    package struct ListPodResourcesRequest: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// What all active pods hold.
    package struct ListPodResourcesResponse: FieldMessage {
        /// One for each pod, also for those that hold nothing.
        package var podResources: [PodResources] = []

        package init() {}

        package init(podResources: [PodResources] = []) { self.podResources = podResources }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &podResources)
        }
    }

    /// Nothing.
    package struct AllocatableResourcesRequest: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// What can be given, whether or not it has been.
    package struct AllocatableResourcesResponse: FieldMessage {
        /// Healthy devices, one entry for each device and NUMA node.
        package var devices: [ContainerDevices] = []
        /// CPUs that can be given exclusively.
        package var cpuIDs: [Int64] = []
        /// Memory that can be given exclusively.
        package var memory: [ContainerMemory] = []

        package init() {}

        package init(devices: [ContainerDevices] = [], cpuIDs: [Int64] = [], memory: [ContainerMemory] = []) {
            self.devices = devices
            self.cpuIDs = cpuIDs
            self.memory = memory
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &devices)
            try wire.field(2, &cpuIDs)
            try wire.field(3, &memory)
        }
    }

    /// Names a pod.
    package struct GetPodResourcesRequest: FieldMessage {
        /// Its name.
        package var podName: String = ""
        /// Its namespace.
        package var podNamespace: String = ""

        package init() {}

        package init(podName: String = "", podNamespace: String = "") {
            self.podName = podName
            self.podNamespace = podNamespace
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &podName)
            try wire.field(2, &podNamespace)
        }
    }

    /// What one pod holds.
    package struct GetPodResourcesResponse: FieldMessage {
        /// Of the pod that was named.
        package var podResources: PodResources? = nil

        package init() {}

        package init(podResources: PodResources? = nil) { self.podResources = podResources }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &podResources)
        }
    }

    /// What a pod holds.
    package struct PodResources: FieldMessage {
        /// The pod's name.
        package var name: String = ""
        /// The pod's namespace.
        package var namespace: String = ""
        /// App containers and restartable init containers.
        package var containers: [ContainerResources] = []

        package init() {}

        package init(name: String = "", namespace: String = "", containers: [ContainerResources] = []) {
            self.name = name
            self.namespace = namespace
            self.containers = containers
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &namespace)
            try wire.field(3, &containers)
        }
    }

    /// What a container holds.
    package struct ContainerResources: FieldMessage {
        /// The container's name.
        package var name: String = ""
        /// Devices, one entry for each resource and NUMA node.
        package var devices: [ContainerDevices] = []
        /// CPUs that it has to itself.
        package var cpuIDs: [Int64] = []
        /// Memory that it has to itself.
        package var memory: [ContainerMemory] = []
        /// What it has through resource claims.
        package var dynamicResources: [DynamicResource] = []

        package init() {}

        package init(
            name: String = "", devices: [ContainerDevices] = [], cpuIDs: [Int64] = [],
            memory: [ContainerMemory] = [], dynamicResources: [DynamicResource] = []
        ) {
            self.name = name
            self.devices = devices
            self.cpuIDs = cpuIDs
            self.memory = memory
            self.dynamicResources = dynamicResources
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &devices)
            try wire.field(3, &cpuIDs)
            try wire.field(4, &memory)
            try wire.field(5, &dynamicResources)
        }
    }

    /// Devices of one resource.
    package struct ContainerDevices: FieldMessage {
        /// The extended resource.
        package var resourceName: String = ""
        /// The plugin's ids.
        package var deviceIDs: [String] = []
        /// Where they are, if the plugin said.
        package var topology: TopologyInfo? = nil

        package init() {}

        package init(resourceName: String = "", deviceIDs: [String] = [], topology: TopologyInfo? = nil) {
            self.resourceName = resourceName
            self.deviceIDs = deviceIDs
            self.topology = topology
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &resourceName)
            try wire.field(2, &deviceIDs)
            try wire.field(3, &topology)
        }
    }

    /// Memory of one kind.
    package struct ContainerMemory: FieldMessage {
        /// `memory` or `hugepages-...`.
        package var memoryType: String = ""
        /// Bytes.
        package var size: UInt64 = 0
        /// Where it is.
        package var topology: TopologyInfo? = nil

        package init() {}

        package init(memoryType: String = "", size: UInt64 = 0, topology: TopologyInfo? = nil) {
            self.memoryType = memoryType
            self.size = size
            self.topology = topology
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &memoryType)
            try wire.field(2, &size)
            try wire.field(3, &topology)
        }
    }

    /// Where something is.
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
        /// Its number.
        package var id: Int64 = 0

        package init() {}

        package init(id: Int64 = 0) { self.id = id }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &id)
        }
    }

    /// A resource claim of a container.
    package struct DynamicResource: FieldMessage {
        /// The ResourceClaim's name.
        package var claimName: String = ""
        /// Its namespace.
        package var claimNamespace: String = ""
        /// The devices that it was given.
        package var claimResources: [ClaimResource] = []

        package init() {}

        package init(
            claimName: String = "", claimNamespace: String = "", claimResources: [ClaimResource] = []
        ) {
            self.claimName = claimName
            self.claimNamespace = claimNamespace
            self.claimResources = claimResources
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(2, &claimName)
            try wire.field(3, &claimNamespace)
            try wire.field(4, &claimResources)
        }
    }

    /// A device of a resource claim.
    package struct ClaimResource: FieldMessage {
        /// What the container runtime makes visible.
        package var cdiDevices: [CDIDevice] = []
        /// The driver.
        package var driverName: String = ""
        /// The driver's pool.
        package var poolName: String = ""
        /// The device in the pool.
        package var deviceName: String = ""
        /// Which share of the device, where it is shared.
        package var shareID: String? = nil

        package init() {}

        package init(
            cdiDevices: [CDIDevice] = [], driverName: String = "", poolName: String = "",
            deviceName: String = "", shareID: String? = nil
        ) {
            self.cdiDevices = cdiDevices
            self.driverName = driverName
            self.poolName = poolName
            self.deviceName = deviceName
            self.shareID = shareID
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &cdiDevices)
            try wire.field(2, &driverName)
            try wire.field(3, &poolName)
            try wire.field(4, &deviceName)
            try wire.field(5, &shareID)
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
