// A NeuronNode is what one node has: its chips, their health, who holds which NeuronCores. The node agent writes it; it is
// named as the node.

package import KubernetesAPI

extension APIResource {
    /// This project's inventory of nodes.
    package static let neuronNodes = APIResource(
        group: "ganglion.dev", version: "v1alpha1", plural: "neuronnodes", kind: "NeuronNode",
        isNamespaced: false)
}

/// The inventory of a node.
package struct NeuronNode: Resource {
    /// `neuronnodes.ganglion.dev/v1alpha1`
    package static let resource = APIResource.neuronNodes
    /// Always `ganglion.dev/v1alpha1`.
    package private(set) var apiVersion = VersionField<NeuronNode>()
    /// Always `NeuronNode`.
    package private(set) var kind = KindField<NeuronNode>()
    /// Its name is the Node's.
    package var metadata: ObjectMetadata
    /// What the agent has seen; nil before its first word.
    package var status: NeuronNodeStatus?

    /// An inventory.
    package init(metadata: ObjectMetadata, status: NeuronNodeStatus? = nil) {
        self.metadata = metadata
        self.status = status
    }

    /// The definition of the resource.
    package static let definition = ResourceDefinition(
        resource: resource,
        comment: """
            A NeuronNode is what one node has: its chips, their health, who holds which NeuronCores. The node agent writes it.
            """,
        description: "NeuronNode is the inventory of one node, named as the node.", shortName: "nn",
        columns: [
            .init("Type", "string", ".status.instanceType"),
            .init("Chips", "integer", ".status.chipCount"),
            .init("Cores", "integer", ".status.coreCount"),
            .init("Free", "integer", ".status.freeCores"),
            .init(
                "Largest", "integer", ".status.largestFreeGroup",
                description: "cores of the largest group that could be handed out now"),
            .init("Healthy", "string", #".status.conditions[?(@.type=="Healthy")].status"#),
            .init(
                "Source", "string", ".status.deviceSource", description: "where the chips come from",
                isWide: true
            ),
            .init("Driver", "string", ".status.driverVersion", isWide: true),
            .init("Age", "date", ".metadata.creationTimestamp"),
        ], status: NeuronNodeStatus.schema)
}

/// `status` of a NeuronNode.
package struct NeuronNodeStatus: Codable, Equatable, Sendable {
    /// Such as `inf2.48xlarge`; nil where it is not known.
    package var instanceType: String?
    /// nil where no driver is loaded.
    package var driverVersion: String?
    /// Where the chips come from; nil where there are none or it is not known.
    package var deviceSource: String?
    /// Physical cores that make one core of the numbers below; nil where it is not known.
    package var logicalCoreSize: Int?
    /// Chips of the node; nil before the plugin has spoken.
    package var chipCount: Int?
    /// Cores of the node; nil before the plugin has spoken.
    package var coreCount: Int?
    /// Healthy cores that no pod holds; nil while the kubelet has not said who holds what.
    package var freeCores: Int?
    /// Cores of the largest group that could be handed out now; nil while the kubelet has not said who holds what.
    package var largestFreeGroup: Int?
    /// The chips, by rising index.
    package var chips: [Chip] = []
    /// Who holds which cores; nil while the kubelet has not said.
    package var allocations: [Allocation]?
    /// When the kubelet last said who holds what; nil while it has not, and of agents that did not write it yet.
    package var reportTime: Timestamp?
    /// Healthy, Registered and AllocationsKnown.
    package var conditions: [Condition] = []

    /// Nothing is known.
    package init() {}

    /// The most chips of a node (the driver's own table).
    package static let maximumChips = 64
    /// The most entries of `allocations`.
    package static let maximumAllocations = 1024
    /// How often `reportTime` is written anew although nothing else changes.
    package static let renewal = Duration.seconds(30)
    /// A report whose `reportTime` stays the same for this long is an agent's that has ended, or hears no kubelet.
    package static let validity = Duration.seconds(100)

    /// What it may hold.
    package static let schema = Schema.object(
        "What the node agent has seen.",
        [
            "instanceType": .string("The EC2 instance type, such as inf2.48xlarge."),
            "driverVersion": .string("The version of the aws-neuronx driver."),
            "deviceSource": .choice(
                "Where the chips come from; fake chips compute on the CPU and are no hardware.",
                among: ["driver", "fake"]),
            "logicalCoreSize": .integer(
                "Physical cores that make one core of the numbers below (NEURON_LOGICAL_NC_CONFIG)."),
            "chipCount": .integer("Chips of the node."),
            "coreCount": .integer("Cores of the node."),
            "freeCores": .integer("Healthy cores that no pod holds."),
            "largestFreeGroup": .integer("Cores of the largest group that could be handed out now."),
            "chips": .list(
                "The chips and their health.", of: Chip.schema, count: 0...maximumChips, .map(["index"])),
            "allocations": .list(
                "Who holds which cores, as the kubelet says.", of: Allocation.schema,
                count: 0...maximumAllocations, .map(["namespace", "pod", "container"])),
            "reportTime": .moment(
                """
                When the kubelet last said who holds what; renewed twice a minute while it does. What has stood still for \
                longer counts for pods that are there only.
                """),
            "conditions": .conditions,
        ])

    /// One chip: /dev/neuronN.
    package struct Chip: Codable, Equatable, Sendable {
        /// Whether it can be given work.
        package enum Health: String, CaseIterable, Codable, Sendable {
            /// Nothing is wrong.
            case healthy = "Healthy"
            /// Its cores are not handed out.
            case unhealthy = "Unhealthy"
        }

        /// The N of `/dev/neuronN`.
        package var index: Int
        /// How many cores it has; its first is `index * cores`.
        package var cores: Int
        /// Device memory, such as `32Gi`; nil where it is not known.
        package var memory: String?
        /// Whether it can be given work.
        package var health: Health
        /// Why it cannot, in one sentence; nil while it can.
        package var reason: String?
        /// Why it cannot, for programs.
        package var faults: [Fault] = []
        /// The chips that it has links to, at most `maximumLinks`.
        package var connected: [Int]

        /// A chip.
        package init(
            index: Int, cores: Int, memory: String? = nil, health: Health, reason: String? = nil,
            faults: [Fault] = [], connected: [Int] = []
        ) {
            self.index = index
            self.cores = cores
            self.memory = memory
            self.health = health
            self.reason = reason
            self.faults = faults
            self.connected = connected
        }

        /// The most entries of `connected`.
        package static let maximumLinks = 16
        /// The most entries of `faults`.
        package static let maximumFaults = 32

        /// What it may hold.
        package static let schema = Schema.object(
            "",
            [
                "index": .integer("N of /dev/neuronN."),
                "cores": .integer("How many cores the chip has; its first is index * cores."),
                "memory": .string("Device memory, such as 32Gi."),
                "health": .choice("Whether the chip's cores are handed out.", of: Health.self),
                "reason": .string("Why the chip is unhealthy."),
                "faults": .list(
                    "Why the chip is unhealthy, for programs: what has to be replaced, and what reloaded.",
                    of: Fault.schema, count: 0...maximumFaults, .atomic),
                "connected": .list(
                    "The chips it has links to.", of: .integer(), count: 0...maximumLinks, .atomic),
            ], required: ["index", "cores", "health"])
    }

    /// One thing that is wrong with a chip.
    package struct Fault: Codable, Equatable, Sendable {
        /// What can be wrong, each with what mends it.
        package enum Kind: String, CaseIterable, Codable, Sendable {
            /// The chip's directory is gone: replace the instance.
            case missing = "Missing"
            /// Uncorrectable errors of on-chip memory: replace the instance.
            case sramUncorrected = "SRAMUncorrected"
            /// Uncorrectable errors of device memory: replace the instance.
            case memoryUncorrected = "MemoryUncorrected"
            /// Errors of device memory that a restart of the driver repairs: reload the driver or reboot.
            case memoryRepairable = "MemoryRepairable"
            /// The device could not be reset: reload the driver or reboot.
            case resetFailed = "ResetFailed"
            /// A part that the driver itself calls unhealthy: replace the instance.
            case componentUnhealthy = "ComponentUnhealthy"
            /// A core's counter of hardware errors: replace the instance.
            case coreError = "CoreError"
            /// An error that the runtime told the kernel log: replace the instance.
            case kernelLogError = "KernelLogError"
            /// Something that is no chip stands where its device node should be: remove it and reload the driver.
            case noDevice = "NoDevice"
            /// A fake chip on a node that has real ones: remove the fake node's files.
            case fakeBesideReal = "FakeBesideReal"
            /// Something that the agent does not know, of a newer device plugin.
            case unknown = "Unknown"
        }

        /// What is wrong.
        package var kind: Kind
        /// The physical core on the chip; nil where it is the whole chip's.
        package var core: Int?
        /// The driver's name of the counter, of the error in the kernel log, or of the unhealthy part; nil where there is none.
        package var counter: String?
        /// What the counter says; nil where there is none.
        package var count: Int?

        /// A fault.
        package init(_ kind: Kind, core: Int? = nil, counter: String? = nil, count: Int? = nil) {
            self.kind = kind
            self.core = core
            self.counter = counter
            self.count = count
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "",
            [
                "kind": .choice(
                    """
                    What is wrong. MemoryRepairable and ResetFailed go with a reload of the driver or a reboot, NoDevice and \
                    FakeBesideReal with what stands in the wrong place, all others with the instance.
                    """, of: Kind.self),
                "core": .integer("The physical core on the chip; absent where it is the whole chip's."),
                "counter": .string(
                    "The driver's name of the counter, of the error in the kernel log, or of the unhealthy part."
                ),
                "count": .large("What the counter says."),
            ], required: ["kind"])
    }

    /// The cores of one container.
    package struct Allocation: Codable, Equatable, Sendable {
        /// The pod's namespace.
        package var namespace: String
        /// The pod's name.
        package var pod: String
        /// The container's name.
        package var container: String
        /// The node's core numbers, such as `4,5,6,7`.
        package var cores: String
        /// The pod's uid; nil where the agent cannot tell which pod of that name it is. The kubelet knows names only, and
        /// names are used again.
        package var uid: String?

        /// An allocation.
        package init(namespace: String, pod: String, container: String, cores: String, uid: String? = nil) {
            self.namespace = namespace
            self.pod = pod
            self.container = container
            self.cores = cores
            self.uid = uid
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "",
            [
                "namespace": .string("The pod's namespace."), "pod": .string("The pod's name."),
                "container": .string("The container's name."),
                "cores": .string("The node's core numbers, such as 4,5,6,7."),
                "uid": .string("The pod's uid; absent where it is not certain which pod of that name it is."),
            ], required: ["namespace", "pod", "container", "cores"])
    }
}
