// `ganglion fake install`: what an init container runs on each node of a cluster, and what a person runs once.

internal import Arguments
internal import Neuron

/// What to do where something speaks against a fake node.
enum FakeObstacle: String, ArgumentChoice {
    /// Fail and say why.
    case refuse
    /// Leave everything as it is, say so, and end well.
    case skip
}

extension FakeCommand {
    /// The Node's label that names its instance type.
    package static let typeLabel = "ganglion.dev/fake-instance-type"

    /// Writes a fake node unless it is there.
    ///
    /// - Parameters:
    ///   - instanceType: nil where none is wanted: then nothing is written.
    ///   - source: where the type's name is from, for the failure's sentence; nil for the command line.
    ///   - sysfsRoot: the host's sysfs, which tells whether the driver is loaded.
    ///   - ifDriver: what to do where it is.
    ///   - ifUsed: what to do where another type's cores are held.
    static func install(
        instanceType: String?, source: String? = nil, root: String, logicalCoreSize: Int? = nil,
        sysfsRoot: String = "/sys", ifDriver: FakeObstacle = .refuse, ifUsed: FakeObstacle = .refuse
    ) -> CommandOutput {
        func obstacle(_ choice: FakeObstacle, _ sentence: String) -> CommandOutput {
            choice == .skip ? CommandOutput(warnings: [sentence]) : CommandOutput(failure: sentence)
        }
        guard let name = instanceType, !name.isEmpty else {
            return CommandOutput(
                text: "no instance type is wanted here: nothing is written; label the node \(typeLabel)\n")
        }
        do throws(FakeDeviceError) {
            switch try FakeDevice.install(
                instanceType: name, at: root, logicalCoreSize: logicalCoreSize, sysfsRoot: sysfsRoot)
            {
            case .written(let fake): return CommandOutput(text: describe(fake, name, root))
            case .kept(let fake):
                return CommandOutput(text: "is there already: " + describe(fake, name, root))
            case .inUse(_, let present):
                return obstacle(
                    ifUsed,
                    "\(root) is a fake \(present) whose cores are held: delete the pods that hold them before it can "
                        + "become \(name)")
            case .driverIsLoaded:
                return obstacle(
                    ifDriver,
                    "the neuron driver is loaded on this node (\(sysfsRoot)/module/neuron): its chips are real, and no "
                        + "fake \(name) is written")
            }
        } catch {
            return CommandOutput(failure: (source.map { $0 + ": " } ?? "") + error.description)
        }
    }

    /// Removes a fake node.
    static func remove(root: String) -> CommandOutput {
        do throws(FakeDeviceError) {
            try FakeDevice(root: root).remove()
            return CommandOutput(text: "removed \(root)\n")
        } catch {
            return CommandOutput(failure: error.description)
        }
    }

    /// `install` for the command line.
    static func install(
        _ nodeLabel: @escaping @Sendable (_ node: String, _ label: String) async throws -> String?
    ) -> Command {
        Command(
            "install", summary: "Write a fake node on a host, unless it is there or the driver is loaded",
            details: """
                Made for an init container beside the device plugin, which then runs with --fake-root. What is there \
                already and of the same type is not touched, so that running pods keep their cores.
                """,
            arguments: [wantedType, root, logicalCores, nodeName, sysfsRoot, driverLoaded, coresHeld],
            examples: [
                .init(
                    "ganglion fake install --instance-type inf2.48xlarge --root /var/lib/ganglion/fake",
                    "for all who run on this host"),
                .init(
                    "ganglion fake install --root /var/lib/ganglion/fake --node-name worker-1",
                    "the type that the Node's label \(typeLabel) names"),
            ]
        ) { values in
            var type = values[wantedType]
            var source: String?
            if let node = values[nodeName], let label = try await nodeLabel(node, typeLabel) {
                type = label
                source = "label \(typeLabel) of node \(node)"
            }
            try print(
                install(
                    instanceType: type, source: source, root: values[root],
                    logicalCoreSize: values[logicalCores],
                    sysfsRoot: values[sysfsRoot], ifDriver: values[driverLoaded], ifUsed: values[coresHeld]))
        }
    }

    /// `remove` for the command line.
    static let remove = Command(
        "remove", summary: "Remove a fake node whose cores nobody holds", arguments: [root],
        examples: [
            .init("ganglion fake remove --root /var/lib/ganglion/fake", "after the chart is uninstalled")
        ]
    ) { values in
        try print(remove(root: values[root]))
    }

    private static let wantedType = Option<String?>(
        "instance-type", placeholder: "TYPE",
        help: "An EC2 instance type, where the node's label names none; \"ganglion fake list\" names them")
    private static let nodeName = Option<String?>(
        "node-name", environment: "NODE_NAME", placeholder: "NAME",
        help: "The Node whose label \(typeLabel) names the type")
    private static let sysfsRoot = Option(
        "sysfs-root", default: "/sys", placeholder: "DIR", help: "Where the driver's files would be")
    private static let driverLoaded = Option(
        "driver-loaded", default: FakeObstacle.refuse, help: "What to do where the neuron driver is loaded")
    private static let coresHeld = Option(
        "cores-held", default: FakeObstacle.refuse,
        help: "What to do where another type is there and processes hold its cores")
}
