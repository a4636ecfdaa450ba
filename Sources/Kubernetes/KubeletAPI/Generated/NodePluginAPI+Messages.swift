// What the node agent, which talks to the API server, and the device plugin, which must not, tell each other over a Unix
// socket. Each message is complete, so either side can restart at any time.
//
// Made from Proto/nodeplugin.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

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
    package struct SetAssignmentsRequest: FieldMessage {
        /// Replaces what was set before.
        package var assignments: [Assignment] = []
        /// Pods that hold nothing any more, although a kubelet before 1.34 lists their devices until they are deleted. Replaces
        /// what was set before, and is forgotten when the agent goes.
        package var stoppedPods: [PodName] = []

        package init() {}

        package init(assignments: [Assignment] = [], stoppedPods: [PodName] = []) {
            self.assignments = assignments
            self.stoppedPods = stoppedPods
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &assignments)
            try wire.field(2, &stoppedPods)
        }
    }

    /// A pod of this node.
    package struct PodName: FieldMessage {
        /// The pod's namespace.
        package var namespace: String = ""
        /// The pod's name.
        package var name: String = ""

        package init() {}

        package init(namespace: String = "", name: String = "") {
            self.namespace = namespace
            self.name = name
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &namespace)
            try wire.field(2, &name)
        }
    }

    /// What the plugin made of it.
    package struct SetAssignmentsResponse: FieldMessage {
        /// Assignments that can never be honoured; the others are kept.
        package var rejected: [RejectedAssignment] = []

        package init() {}

        package init(rejected: [RejectedAssignment] = []) { self.rejected = rejected }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &rejected)
        }
    }

    /// An assignment that can never be honoured.
    package struct RejectedAssignment: FieldMessage {
        /// The pod.
        package var podUID: String = ""
        /// The container.
        package var container: String = ""
        /// One sentence.
        package var reason: String = ""

        package init() {}

        package init(podUID: String = "", container: String = "", reason: String = "") {
            self.podUID = podUID
            self.container = container
            self.reason = reason
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &podUID)
            try wire.field(2, &container)
            try wire.field(3, &reason)
        }
    }

    /// The group of one container of a pod that is bound to this node.
    package struct Assignment: FieldMessage {
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

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &podNamespace)
            try wire.field(2, &podName)
            try wire.field(3, &podUID)
            try wire.field(4, &container)
            try wire.field(5, &resource)
            try wire.field(6, &deviceIDs)
            try wire.field(7, &boundAt)
        }
    }

    /// Nothing.
    package struct GetStateRequest: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// Nothing.
    package struct WatchStateRequest: FieldMessage {
        package init() {}

        /// None.
        package mutating func fields(_ wire: inout ProtobufFields) {}
    }

    /// What the plugin knows about the node.
    package struct NodeState: FieldMessage {
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
        /// Where the chips come from, `driver` or `fake`; empty where there is none.
        package var deviceSource: String = ""
        /// The logical core size of the chips' family unless somebody says otherwise: with it a core's id is its plain number. 0
        /// from a plugin that does not know the field, all of whose ids are plain.
        package var defaultLogicalCoreSize: Int32 = 0

        package init() {}

        package init(
            instanceType: String = "", driverVersion: String = "", logicalCoreSize: Int32 = 0,
            chips: [Chip] = [], resources: [Resource] = [], deviceSource: String = "",
            defaultLogicalCoreSize: Int32 = 0
        ) {
            self.instanceType = instanceType
            self.driverVersion = driverVersion
            self.logicalCoreSize = logicalCoreSize
            self.chips = chips
            self.resources = resources
            self.deviceSource = deviceSource
            self.defaultLogicalCoreSize = defaultLogicalCoreSize
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &instanceType)
            try wire.field(2, &driverVersion)
            try wire.field(3, &logicalCoreSize)
            try wire.field(4, &chips)
            try wire.field(5, &resources)
            try wire.field(6, &deviceSource)
            try wire.field(7, &defaultLogicalCoreSize)
        }
    }

    /// One chip: /dev/neuronN.
    package struct Chip: FieldMessage {
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
        /// The same as `reason` for a machine, in the same order; empty when it is healthy.
        package var faults: [Fault] = []

        package init() {}

        package init(
            index: Int32 = 0, memoryBytes: UInt64 = 0, cores: [Int64] = [], health: String = "",
            reason: String = "", connected: [Int64] = [], serialNumber: String = "", faults: [Fault] = []
        ) {
            self.index = index
            self.memoryBytes = memoryBytes
            self.cores = cores
            self.health = health
            self.reason = reason
            self.connected = connected
            self.serialNumber = serialNumber
            self.faults = faults
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &index)
            try wire.field(2, &memoryBytes)
            try wire.field(3, &cores)
            try wire.field(4, &health)
            try wire.field(5, &reason)
            try wire.field(6, &connected)
            try wire.field(7, &serialNumber)
            try wire.field(8, &faults)
        }
    }

    /// One thing that is wrong with a chip.
    package struct Fault: FieldMessage {
        /// What can be wrong, each with what mends it.
        package enum Kind: Int32, Sendable, CaseIterable {
            /// One that this version does not know.
            case unknown = 0
            /// The chip's directory is gone: replace the instance.
            case missing = 1
            /// Uncorrectable errors of on-chip memory: replace the instance.
            case sramUncorrected = 2
            /// Uncorrectable errors of device memory: replace the instance.
            case memoryUncorrected = 3
            /// Errors of device memory that a restart of the driver repairs: reload the driver or reboot.
            case memoryRepairable = 4
            /// The device could not be reset: reload the driver or reboot.
            case resetFailed = 5
            /// Parts that the driver itself calls unhealthy: replace the instance.
            case components = 6
            /// A core's counter of hardware errors: replace the instance.
            case core = 7
            /// An error that the runtime told the kernel log: replace the instance.
            case kernelLog = 8
            /// Something that is no chip stands where its device node should be: remove it and reload the driver.
            case noDevice = 9
            /// A fake chip on a node that has real ones: remove the fake node's files.
            case fakeBesideReal = 10
        }

        /// What is wrong.
        package var kind: Kind = .unknown
        /// The physical core on the chip; not set where it is the whole chip's.
        package var core: Int32? = nil
        /// The driver's name of the counter, of the error in the kernel log, or of the unhealthy part; else empty.
        package var counter: String = ""
        /// What the counter says; 0 where there is none.
        package var count: UInt64 = 0

        package init() {}

        package init(kind: Kind = .unknown, core: Int32? = nil, counter: String = "", count: UInt64 = 0) {
            self.kind = kind
            self.core = core
            self.counter = counter
            self.count = count
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &kind, unknown: .unknown)
            try wire.field(2, &core)
            try wire.field(3, &counter)
            try wire.field(4, &count)
        }
    }

    /// An extended resource that the plugin advertises.
    package struct Resource: FieldMessage {
        /// `aws.amazon.com/neuroncore`.
        package var name: String = ""
        /// All devices: the capacity.
        package var devices: Int32 = 0
        /// Healthy devices: what is allocatable.
        package var healthy: Int32 = 0
        /// Does the kubelet hold an open ListAndWatch?
        package var registered: Bool = false

        package init() {}

        package init(name: String = "", devices: Int32 = 0, healthy: Int32 = 0, registered: Bool = false) {
            self.name = name
            self.devices = devices
            self.healthy = healthy
            self.registered = registered
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &devices)
            try wire.field(3, &healthy)
            try wire.field(4, &registered)
        }
    }
}
