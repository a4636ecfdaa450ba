// ganglion.v1alpha1.NodePlugin: what the node agent, which talks to the API server, and the device plugin, which must
// not, tell each other over a Unix socket. Each message is complete, so either side can restart at any time.

package import Protobuf

/// The API that the device plugin serves to the node agent.
package enum NodePluginAPI {
    /// Served by the device plugin on its agent socket.
    package enum Method {
        /// SetAssignmentsRequest to SetAssignmentsResponse.
        package static let setAssignments = "/ganglion.v1alpha1.NodePlugin/SetAssignments"
        /// GetStateRequest to NodeState.
        package static let getState = "/ganglion.v1alpha1.NodePlugin/GetState"
        /// WatchStateRequest to a stream of NodeState: the present one at once, then one for each change; states that
        /// a slow reader missed are left out.
        package static let watchState = "/ganglion.v1alpha1.NodePlugin/WatchState"
    }

    /// The groups that the operator has assigned to pods of this node: all of them, each time.
    package struct SetAssignmentsRequest: Message {
        /// Replaces what was set before.
        package var assignments: [Assignment] = []

        package init() {}

        package init(
            assignments: [Assignment] = []
        ) {
            self.assignments = assignments
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, assignments)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &assignments)
            default: break
            }
        }
    }

    /// What the plugin made of it.
    package struct SetAssignmentsResponse: Message {
        /// Assignments that can never be honoured; the others are kept.
        package var rejected: [RejectedAssignment] = []

        package init() {}

        package init(
            rejected: [RejectedAssignment] = []
        ) {
            self.rejected = rejected
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, rejected)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &rejected)
            default: break
            }
        }
    }

    /// An assignment that can never be honoured.
    package struct RejectedAssignment: Message {
        /// The pod.
        package var podUID: String = ""
        /// The container.
        package var container: String = ""
        /// One sentence.
        package var reason: String = ""

        package init() {}

        package init(
            podUID: String = "", container: String = "", reason: String = ""
        ) {
            self.podUID = podUID
            self.container = container
            self.reason = reason
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, podUID)
            writer.write(2, container)
            writer.write(3, reason)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &podUID)
            case 2: try reader.read(field, into: &container)
            case 3: try reader.read(field, into: &reason)
            default: break
            }
        }
    }

    /// The group of one container of a pod that is bound to this node.
    package struct Assignment: Message {
        /// The pod's namespace.
        package var podNamespace: String = ""
        /// The pod's name.
        package var podName: String = ""
        /// The pod's uid.
        package var podUID: String = ""
        /// The container's name.
        package var container: String = ""
        /// The extended resource.
        package var resource: String = ""
        /// The plugin's ids.
        package var deviceIDs: [String] = []
        /// When the pod was bound, in milliseconds since 1970; the kubelet admits in this order.
        package var boundAt: Int64 = 0

        package init() {}

        package init(
            podNamespace: String = "", podName: String = "", podUID: String = "", container: String = "",
            resource: String = "", deviceIDs: [String] = [], boundAt: Int64 = 0
        ) {
            self.podNamespace = podNamespace
            self.podName = podName
            self.podUID = podUID
            self.container = container
            self.resource = resource
            self.deviceIDs = deviceIDs
            self.boundAt = boundAt
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, podNamespace)
            writer.write(2, podName)
            writer.write(3, podUID)
            writer.write(4, container)
            writer.write(5, resource)
            writer.write(6, deviceIDs)
            writer.write(7, boundAt)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &podNamespace)
            case 2: try reader.read(field, into: &podName)
            case 3: try reader.read(field, into: &podUID)
            case 4: try reader.read(field, into: &container)
            case 5: try reader.read(field, into: &resource)
            case 6: try reader.read(field, into: &deviceIDs)
            case 7: try reader.read(field, into: &boundAt)
            default: break
            }
        }
    }

    /// Nothing.
    package struct GetStateRequest: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// Nothing.
    package struct WatchStateRequest: Message {

        package init() {}
        package func encode(to writer: inout ProtobufWriter) {}
        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {}
    }

    /// What the plugin knows about the node.
    package struct NodeState: Message {
        /// `inf2.48xlarge`; empty where it is not known.
        package var instanceType: String = ""
        /// Empty where no driver is loaded.
        package var driverVersion: String = ""
        /// Physical cores in a logical one: 1 or 2.
        package var logicalCoreSize: Int32 = 0
        /// All chips, in rising order.
        package var chips: [Chip] = []
        /// What is advertised.
        package var resources: [Resource] = []

        package init() {}

        package init(
            instanceType: String = "", driverVersion: String = "", logicalCoreSize: Int32 = 0,
            chips: [Chip] = [], resources: [Resource] = []
        ) {
            self.instanceType = instanceType
            self.driverVersion = driverVersion
            self.logicalCoreSize = logicalCoreSize
            self.chips = chips
            self.resources = resources
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, instanceType)
            writer.write(2, driverVersion)
            writer.write(3, logicalCoreSize)
            writer.write(4, chips)
            writer.write(5, resources)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &instanceType)
            case 2: try reader.read(field, into: &driverVersion)
            case 3: try reader.read(field, into: &logicalCoreSize)
            case 4: try reader.read(field, into: &chips)
            case 5: try reader.read(field, into: &resources)
            default: break
            }
        }
    }

    /// One chip: /dev/neuronN.
    package struct Chip: Message {
        /// N.
        package var index: Int32 = 0
        /// Device memory; 0 where it is not known.
        package var memoryBytes: UInt64 = 0
        /// Its logical cores, by the numbers that they have on the node.
        package var cores: [Int64] = []
        /// `DevicePluginAPI.healthy` or `unhealthy`.
        package var health: String = ""
        /// Why it is not healthy: one sentence, or empty.
        package var reason: String = ""
        /// The chips that it has links to.
        package var connected: [Int64] = []
        /// Empty where it is not known.
        package var serialNumber: String = ""

        package init() {}

        package init(
            index: Int32 = 0, memoryBytes: UInt64 = 0, cores: [Int64] = [], health: String = "",
            reason: String = "", connected: [Int64] = [], serialNumber: String = ""
        ) {
            self.index = index
            self.memoryBytes = memoryBytes
            self.cores = cores
            self.health = health
            self.reason = reason
            self.connected = connected
            self.serialNumber = serialNumber
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, index)
            writer.write(2, memoryBytes)
            writer.write(3, cores)
            writer.write(4, health)
            writer.write(5, reason)
            writer.write(6, connected)
            writer.write(7, serialNumber)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &index)
            case 2: try reader.read(field, into: &memoryBytes)
            case 3: try reader.read(field, into: &cores)
            case 4: try reader.read(field, into: &health)
            case 5: try reader.read(field, into: &reason)
            case 6: try reader.read(field, into: &connected)
            case 7: try reader.read(field, into: &serialNumber)
            default: break
            }
        }
    }

    /// An extended resource that the plugin advertises.
    package struct Resource: Message {
        /// `aws.amazon.com/neuroncore`.
        package var name: String = ""
        /// All devices: the capacity.
        package var devices: Int32 = 0
        /// Healthy devices: what is allocatable.
        package var healthy: Int32 = 0
        /// Does the kubelet hold an open ListAndWatch?
        package var registered: Bool = false

        package init() {}

        package init(
            name: String = "", devices: Int32 = 0, healthy: Int32 = 0, registered: Bool = false
        ) {
            self.name = name
            self.devices = devices
            self.healthy = healthy
            self.registered = registered
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, name)
            writer.write(2, devices)
            writer.write(3, healthy)
            writer.write(4, registered)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &name)
            case 2: try reader.read(field, into: &devices)
            case 3: try reader.read(field, into: &healthy)
            case 4: try reader.read(field, into: &registered)
            default: break
            }
        }
    }
}
