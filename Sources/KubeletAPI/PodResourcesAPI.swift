// k8s.io/kubelet/pkg/apis/podresources/v1 of Kubernetes 1.36: the kubelet's own account of which container holds
// which device. It says what is given, not what is free.

package import Protobuf

/// The kubelet's pod resources API, v1.
package enum PodResourcesAPI {
    /// The socket below the kubelet's root.
    package static let socket = "pod-resources/kubelet.sock"

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
    package struct ListPodResourcesRequest: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// What all active pods hold.
    package struct ListPodResourcesResponse: Message {
        /// One for each pod, also for those that hold nothing.
        package var podResources: [PodResources] = []

        package init() {}

        package init(
            podResources: [PodResources] = []
        ) {
            self.podResources = podResources
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, podResources)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &podResources)
            default: break
            }
        }
    }

    /// Nothing.
    package struct AllocatableResourcesRequest: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// What can be given, whether or not it has been.
    package struct AllocatableResourcesResponse: Message {
        /// Healthy devices, one entry for each device and NUMA node.
        package var devices: [ContainerDevices] = []
        /// CPUs that can be given exclusively.
        package var cpuIDs: [Int64] = []
        /// Memory that can be given exclusively.
        package var memory: [ContainerMemory] = []

        package init() {}

        package init(
            devices: [ContainerDevices] = [], cpuIDs: [Int64] = [], memory: [ContainerMemory] = []
        ) {
            self.devices = devices
            self.cpuIDs = cpuIDs
            self.memory = memory
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, devices)
            writer.write(2, cpuIDs)
            writer.write(3, memory)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &devices)
            case 2: try reader.read(field, into: &cpuIDs)
            case 3: try reader.read(field, into: &memory)
            default: break
            }
        }
    }

    /// Names a pod.
    package struct GetPodResourcesRequest: Message {
        /// Its name.
        package var podName: String = ""
        /// Its namespace.
        package var podNamespace: String = ""

        package init() {}

        package init(
            podName: String = "", podNamespace: String = ""
        ) {
            self.podName = podName
            self.podNamespace = podNamespace
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, podName)
            writer.write(2, podNamespace)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &podName)
            case 2: try reader.read(field, into: &podNamespace)
            default: break
            }
        }
    }

    /// What one pod holds.
    package struct GetPodResourcesResponse: Message {
        /// Of the pod that was named.
        package var podResources: PodResources? = nil

        package init() {}

        package init(
            podResources: PodResources? = nil
        ) {
            self.podResources = podResources
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, podResources)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &podResources)
            default: break
            }
        }
    }

    /// What a pod holds.
    package struct PodResources: Message {
        /// The pod's name.
        package var name: String = ""
        /// The pod's namespace.
        package var namespace: String = ""
        /// App containers and restartable init containers.
        package var containers: [ContainerResources] = []

        package init() {}

        package init(
            name: String = "", namespace: String = "", containers: [ContainerResources] = []
        ) {
            self.name = name
            self.namespace = namespace
            self.containers = containers
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, name)
            writer.write(2, namespace)
            writer.write(3, containers)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &name)
            case 2: try reader.read(field, into: &namespace)
            case 3: try reader.read(field, into: &containers)
            default: break
            }
        }
    }

    /// What a container holds.
    package struct ContainerResources: Message {
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

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, name)
            writer.write(2, devices)
            writer.write(3, cpuIDs)
            writer.write(4, memory)
            writer.write(5, dynamicResources)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &name)
            case 2: try reader.read(field, into: &devices)
            case 3: try reader.read(field, into: &cpuIDs)
            case 4: try reader.read(field, into: &memory)
            case 5: try reader.read(field, into: &dynamicResources)
            default: break
            }
        }
    }

    /// Devices of one resource.
    package struct ContainerDevices: Message {
        /// The extended resource.
        package var resourceName: String = ""
        /// The plugin's ids.
        package var deviceIDs: [String] = []
        /// Where they are, if the plugin said.
        package var topology: TopologyInfo? = nil

        package init() {}

        package init(
            resourceName: String = "", deviceIDs: [String] = [], topology: TopologyInfo? = nil
        ) {
            self.resourceName = resourceName
            self.deviceIDs = deviceIDs
            self.topology = topology
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, resourceName)
            writer.write(2, deviceIDs)
            writer.write(3, topology)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &resourceName)
            case 2: try reader.read(field, into: &deviceIDs)
            case 3: try reader.read(field, into: &topology)
            default: break
            }
        }
    }

    /// Memory of one kind.
    package struct ContainerMemory: Message {
        /// `memory` or `hugepages-...`.
        package var memoryType: String = ""
        /// Bytes.
        package var size: UInt64 = 0
        /// Where it is.
        package var topology: TopologyInfo? = nil

        package init() {}

        package init(
            memoryType: String = "", size: UInt64 = 0, topology: TopologyInfo? = nil
        ) {
            self.memoryType = memoryType
            self.size = size
            self.topology = topology
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, memoryType)
            writer.write(2, size)
            writer.write(3, topology)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &memoryType)
            case 2: try reader.read(field, into: &size)
            case 3: try reader.read(field, into: &topology)
            default: break
            }
        }
    }

    /// Where something is.
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
        /// Its number.
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

    /// A resource claim of a container.
    package struct DynamicResource: Message {
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

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(2, claimName)
            writer.write(3, claimNamespace)
            writer.write(4, claimResources)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 2: try reader.read(field, into: &claimName)
            case 3: try reader.read(field, into: &claimNamespace)
            case 4: try reader.read(field, into: &claimResources)
            default: break
            }
        }
    }

    /// A device of a resource claim.
    package struct ClaimResource: Message {
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

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, cdiDevices)
            writer.write(2, driverName)
            writer.write(3, poolName)
            writer.write(4, deviceName)
            writer.write(5, shareID)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &cdiDevices)
            case 2: try reader.read(field, into: &driverName)
            case 3: try reader.read(field, into: &poolName)
            case 4: try reader.read(field, into: &deviceName)
            case 5: try reader.read(field, into: &shareID)
            default: break
            }
        }
    }

    /// A device by its CDI name.
    package struct CDIDevice: Message {
        /// Fully qualified: `vendor/class=name`.
        package var name: String = ""

        package init() {}

        package init(
            name: String = ""
        ) {
            self.name = name
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, name)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &name)
            default: break
            }
        }
    }
}
