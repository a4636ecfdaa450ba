// What a container was given, as its own program sees it: what the Neuron runtime would go by. It travels as JSON from a
// container without a shell to whoever wants to know whether the container could use its cores.

package import JSON

/// The environment and the devices of one container.
package struct ContainerReport: Codable, Equatable, Sendable {
    /// A file `/dev/neuronN`.
    package struct Device: Codable, Equatable, Sendable {
        /// What the file is.
        package enum Kind: String, Codable, Sendable {
            /// The driver's own.
            case character = "character device"
            /// A regular file with a fake chip's description.
            case fake = "fake chip"
            /// Neither: nothing that a runtime can use.
            case other
        }

        /// What a fake chip's file says of it.
        package struct Chip: Codable, Equatable, Sendable {
            /// The chip's number on the node.
            package var index: Int
            /// Its logical cores.
            package var cores: Int
            /// Its memory in octets.
            package var memory: Int

            /// A description.
            package init(index: Int, cores: Int, memory: Int) {
                self.index = index
                self.cores = cores
                self.memory = memory
            }
        }

        /// N of `/dev/neuronN`, as the container counts.
        package var number: Int
        /// Where it is.
        package var path: String
        package var kind: Kind
        /// The device number's parts; nil for what is no device. The driver's minor number is the chip's number on the node.
        package var major: Int?
        package var minor: Int?
        /// nil for what is no fake chip.
        package var chip: Chip?
        /// Why it cannot be opened for reading and writing; nil when it can.
        package var problem: String?

        /// A device.
        package init(
            number: Int, path: String, kind: Kind, major: Int? = nil, minor: Int? = nil, chip: Chip? = nil,
            problem: String? = nil
        ) {
            self.number = number
            self.path = path
            self.kind = kind
            self.major = major
            self.minor = minor
            self.chip = chip
            self.problem = problem
        }

        /// The chip's number on the node, where the file tells.
        package var hostNumber: Int? { chip?.index ?? (kind == .character ? minor : nil) }
    }

    /// The container's host name.
    package var hostname: String
    /// The variables of `environmentPrefixes`, and no others: an environment may hold secrets.
    package var environment: [String: String]
    /// By rising number.
    package var devices: [Device]

    /// A report.
    package init(hostname: String, environment: [String: String], devices: [Device]) {
        self.hostname = hostname
        self.environment = environment
        self.devices = devices
    }

    /// The variables that a report repeats.
    package static let environmentPrefixes = ["NEURON_", "GANGLION_", "AWS_NEURON_"]

    /// The variable that the runtime goes by.
    package static let visibleCores = "NEURON_RT_VISIBLE_CORES"
    /// The variable with the node's own numbers of the same cores.
    package static let hostCores = "GANGLION_HOST_CORES"

    /// Reads a report.
    ///
    /// - Throws: `JSONError` that names what is missing.
    package init(_ json: JSON) throws(JSONError) { self = try json.decode() }

    /// The cores of a variable, in the order in which they stand there: `0,1,2` or `0-2`; nil where it is not set, or no
    /// list of cores.
    package func cores(_ variable: String) -> [Int]? {
        guard let text = environment[variable] else { return nil }
        var cores: [Int] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
                (0..<4096).contains(first), (first..<4096).contains(last)
            else { return nil }
            cores += first...last
        }
        return cores
    }
}
