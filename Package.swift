// swift-tools-version: 6.2
import PackageDescription

// The house, floor by floor. A module's folder is `Sources/FLOOR/MODULE`, that of its tests `Tests/FLOOR/MODULETests`; a
// module may import what stands on a lower floor, or on a lower step of its own. Whoever breaks this does not get past
// this file. `scripts/check-modules`, which `make lint` runs, compares the lists below with the imports and prints the
// picture in docs/ARCHITECTURE.md.
//
// No package dependencies: the toolchain, and C libraries of the system.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The matrix kernels are compiled optimised in every configuration: without it a test of a real model takes minutes.
let kernelSettings: [SwiftSetting] = settings + [.unsafeFlags(["-O"])]

/// Settings of kernels for instructions that not every CPU has; NeuronKernels picks a module when it runs.
func kernelSettings(for instructions: [String]) -> [SwiftSetting] {
    #if arch(x86_64)
        kernelSettings + [.unsafeFlags(instructions.flatMap { ["-Xcc", "-m" + $0] })]
    #else
        kernelSettings
    #endif
}

// MARK: - Floors

/// The floors from the ground up.
enum Floor: String, CaseIterable {
    case ground = "Ground"
    case wire = "Wire"
    case protocols = "Protocols"
    case kubernetes = "Kubernetes"
    case neuron = "Neuron"
    /// The cluster for a machine without one. Only commands know of it.
    case local = "Local"
    case daemons = "Daemons"
    case commands = "Commands"
    /// What only measures or tries; nothing of `Sources` stands on it.
    case lab = "Lab"
}

/// Where a module stands.
struct Place {
    var floor: Floor
    var step: Int

    /// Whether a module of this place may import one of `other`.
    func standsAbove(_ other: Place) -> Bool {
        guard let here = Floor.allCases.firstIndex(of: floor),
            let there = Floor.allCases.firstIndex(of: other.floor)
        else { return false }
        if floor == .daemons, other.floor == .local { return false }
        return (there, other.step) < (here, step)
    }
}

var places: [String: Place] = [:]

/// Notes where a module stands; refuses an arrow that does not go down.
@MainActor func place(_ name: String, _ place: Place, above modules: [String]) {
    for module in modules {
        guard let other = places[module] else {
            fatalError("\(name) imports \(module), which is not declared above it in Package.swift")
        }
        guard place.standsAbove(other) else {
            fatalError(
                "\(name) (\(place.floor.rawValue), step \(place.step)) may not import \(module) "
                    + "(\(other.floor.rawValue), step \(other.step)): it does not stand below")
        }
    }
    places[name] = place
}

/// A module without tests of its own.
@MainActor func bare(
    _ name: String, on floor: Floor, step: Int = 0, _ modules: [String] = [], folder: String? = nil,
    exclude: [String] = [], resources: [Resource] = [], settings: [SwiftSetting] = settings
) -> [Target] {
    place(name, Place(floor: floor, step: step), above: modules)
    let root = floor == .lab ? "Tests" : "Sources"
    return [
        .target(
            name: name, dependencies: modules.map { .byName(name: $0) },
            path: folder ?? "\(root)/\(floor.rawValue)/\(name)", exclude: exclude, resources: resources,
            swiftSettings: settings
        )
    ]
}

/// The tests of one module or, without, of whole programs. `programs` are built before and run by the tests.
func tests(
    _ name: String, folder: String, _ modules: [String], programs: [String] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: (modules + programs).map { .byName(name: $0) },
        path: "Tests/\(folder)/\(name)", exclude: exclude,
        swiftSettings: settings)
}

/// A module and its tests, which see it, `TestSupport` and what `tests` names.
@MainActor func module(
    _ name: String, on floor: Floor, step: Int = 0, _ modules: [String] = [], folder: String? = nil,
    exclude: [String] = [], resources: [Resource] = [], tests others: [String] = [],
    testsExclude: [String] = []
) -> [Target] {
    bare(name, on: floor, step: step, modules, folder: folder, exclude: exclude, resources: resources)
        + [tests("\(name)Tests", folder: floor.rawValue, [name] + others, exclude: testsExclude)]
}

/// A C library of the system.
@MainActor func library(_ name: String, pkgConfig: String, package: String) -> [Target] {
    places[name] = Place(floor: .ground, step: 0)
    return [
        .systemLibrary(
            name: name, path: "Sources/Ground/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
    ]
}

/// A command: a thin `main` around modules.
@MainActor func command(
    _ name: String, on floor: Floor = .commands, _ modules: [String], folder: String? = nil
) -> [Target] {
    place(name, Place(floor: floor, step: 9), above: modules)
    return [
        .executableTarget(
            name: name, dependencies: modules.map { .byName(name: $0) },
            path: folder ?? "Sources/Commands/\(name)", swiftSettings: settings)
    ]
}

// MARK: - The modules

/// What the tests of several modules share.
let testSupport: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["SystemIO"], path: "Tests/TestSupport", swiftSettings: settings)
]

/// What the tests of the local cluster's modules share.
let localTestSupport: [Target] = [
    .target(
        name: "LocalTestSupport",
        dependencies: ["HTTP", "HTTP1", "JSON", "LocalAPIServer", "SystemIO", "TestSupport"],
        path: "Tests/Local/LocalTestSupport", swiftSettings: settings)
]

/// What the tests of the scheduler and of the operator share.
let schedulingTestSupport: [Target] = [
    .target(
        name: "SchedulingTestSupport", dependencies: ["GanglionAPI", "JSON", "Neuron", "Scheduling"],
        path: "Tests/Neuron/SchedulingTestSupport", swiftSettings: settings)
]

let ground: [Target] =
    library("COpenSSL", pkgConfig: "openssl", package: "libssl-dev")
    + library("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev")
    + library("CZlib", pkgConfig: "zlib", package: "zlib1g-dev")
    + bare("CLinux", on: .ground, settings: [])
    + module("SystemIO", on: .ground, step: 1, ["CLinux"], tests: ["TestSupport"])
    + module("Text", on: .ground)
    + module("Arguments", on: .ground, step: 1, ["Text"])

let wire: [Target] =
    module("HPACK", on: .wire, tests: ["SystemIO", "TestSupport"])
    + module("HTTP2", on: .wire, step: 1, ["HPACK"], tests: ["HPACK", "TestSupport"])
    + module("HTTP1", on: .wire)
    + module("Protobuf", on: .wire, tests: ["TestSupport"], testsExclude: ["Proto"])
    + module("Gzip", on: .wire, ["CZlib"], tests: ["TestSupport"])
    + module("JSON", on: .wire)
    + module("Digests", on: .wire, ["COpenSSL", "CZlib"])
    + module("Tar", on: .wire)
    + module("TLS", on: .wire, ["COpenSSL", "SystemIO"], tests: ["COpenSSL", "SystemIO", "TestSupport"])

let protocols: [Target] =
    module(
        "HTTP2Transport", on: .protocols, ["HTTP2", "SystemIO"],
        tests: ["HPACK", "HTTP2", "SystemIO", "TestSupport"])
    + module(
        "GRPC", on: .protocols, step: 1,
        ["HPACK", "HTTP2", "HTTP2Transport", "Protobuf", "SystemIO", "Text"],
        tests: [
            "GRPCGzip", "Gzip", "HPACK", "HTTP2", "HTTP2Transport", "Protobuf", "SystemIO", "TestSupport",
        ])
    + bare("GRPCGzip", on: .protocols, step: 2, ["GRPC", "Gzip"])
    + module(
        "GRPCServices", on: .protocols, step: 2, ["GRPC", "Protobuf", "SystemIO"], exclude: ["Proto"],
        tests: ["GRPC", "Protobuf", "SystemIO", "TestSupport"])
    + module(
        "HTTP", on: .protocols, step: 1, ["HPACK", "HTTP1", "HTTP2", "HTTP2Transport", "SystemIO", "Text"],
        tests: ["HPACK", "HTTP1", "HTTP2", "HTTP2Transport", "SystemIO", "TLS", "TestSupport"])
    + module("HTTPProxy", on: .protocols, ["SystemIO", "Text"], tests: ["SystemIO"])
    + module("Observability", on: .protocols, ["SystemIO", "Text"], tests: ["SystemIO"])
    + bare("LogArguments", on: .protocols, step: 1, ["Arguments", "Observability"])
    + module(
        "StatusEndpoints", on: .protocols, step: 2, ["HTTP", "HTTP1", "Observability", "SystemIO"],
        tests: ["HTTP", "HTTP1", "Observability", "SystemIO"])

/// What models come by.
let downloads: [Target] =
    module(
        "WebClient", on: .protocols, step: 2, ["HTTP", "HTTP1", "HTTPProxy", "SystemIO", "TLS", "Text"],
        tests: ["HTTP", "HTTP1", "HTTPProxy", "SystemIO", "TLS", "TestSupport"])
    + module(
        "AWS", on: .protocols, step: 3,
        ["Digests", "HTTP", "HTTP1", "HTTPProxy", "JSON", "SystemIO", "Text", "WebClient"],
        tests: ["HTTP", "HTTP1", "HTTPProxy", "JSON", "SystemIO", "TLS", "TestSupport", "WebClient"])
    + module(
        "OCI", on: .protocols, step: 3,
        ["Digests", "HTTP", "HTTP1", "JSON", "SystemIO", "Text", "WebClient"])

let kubernetes: [Target] =
    module(
        "KubernetesAPI", on: .kubernetes, ["JSON", "SystemIO", "Text"], tests: ["JSON", "TestSupport"])
    + module(
        "KubeletAPI", on: .kubernetes, ["GRPC", "Protobuf", "SystemIO"], exclude: ["Proto"],
        tests: ["GRPC", "Protobuf", "SystemIO", "TestSupport"])
    + module(
        "GanglionAPI", on: .kubernetes, step: 1, ["JSON", "KubernetesAPI"],
        exclude: ["Rights/extender.yaml"],
        resources: [
            .embedInCode("Definitions/modelservers.yaml"), .embedInCode("Definitions/neuronnodes.yaml"),
            .embedInCode("Rights/node-agent.yaml"), .embedInCode("Rights/node-agent-label.yaml"),
            .embedInCode("Rights/operator.yaml"), .embedInCode("Rights/operator-lease.yaml"),
        ],
        tests: ["DefinitionPrinter", "JSON", "KubernetesAPI", "KubernetesClient", "SystemIO", "TestSupport"])
    + module(
        "KubernetesWire", on: .kubernetes, step: 1, ["JSON", "KubernetesAPI", "SystemIO"],
        tests: ["JSON", "KubernetesAPI", "TestSupport"])
    + module(
        "KubernetesClient", on: .kubernetes, step: 2,
        [
            "CYAML", "Gzip", "HTTP", "HTTP1", "HTTPProxy", "JSON", "KubernetesAPI", "KubernetesWire",
            "Observability", "SystemIO", "TLS", "Text",
        ],
        tests: [
            "GanglionAPI", "Gzip", "HTTP", "HTTP1", "HTTPProxy", "JSON", "KubernetesAPI", "KubernetesWire",
            "Observability", "SystemIO", "TLS", "TestSupport",
        ])
    + module(
        "Controller", on: .kubernetes, step: 3,
        ["KubernetesAPI", "KubernetesClient", "Observability", "SystemIO"],
        tests: [
            "HTTP", "JSON", "KubernetesAPI", "KubernetesClient", "Observability", "SystemIO", "TestSupport",
        ])

let neuron: [Target] =
    module("Placement", on: .neuron, ["Text"])
    // Optimised in every configuration, as kernels are: its tests solve hundreds of problems.
    + bare("Packing", on: .neuron, step: 1, ["Placement"], settings: kernelSettings)
    + [tests("PackingTests", folder: "Neuron", ["Packing", "PackingStudy", "Placement"])]
    + module("FakeChip", on: .neuron)
    + module(
        "Neuron", on: .neuron, step: 1, ["CLinux", "FakeChip", "Placement", "SystemIO", "Text"],
        tests: ["CLinux", "Placement", "SystemIO"])
    + module(
        "Scheduling", on: .neuron, step: 2,
        ["GanglionAPI", "KubernetesAPI", "Neuron", "Placement"],
        tests: [
            "GanglionAPI", "JSON", "KubernetesAPI", "Placement", "SchedulingTestSupport",
        ])
    + module(
        "NeuronTools", on: .neuron, step: 2,
        ["Arguments", "FakeChip", "HTTP", "HTTP1", "JSON", "Neuron", "Placement", "SystemIO"],
        tests: ["Arguments", "FakeChip", "JSON", "Neuron", "SystemIO", "TestSupport"])
    + module(
        "Planning", on: .neuron, step: 3,
        ["Arguments", "CYAML", "JSON", "Neuron", "NeuronTools", "Packing", "Placement", "SystemIO", "Text"],
        tests: ["Arguments", "JSON", "Neuron", "NeuronTools", "Packing", "SystemIO", "TestSupport"])
    + bare("CKernels", on: .neuron, folder: "Sources/Neuron/Kernels/CKernels", settings: [])
    + bare(
        "KernelTemplates", on: .neuron, step: 1, ["CKernels"],
        folder: "Sources/Neuron/Kernels/KernelTemplates",
        settings: kernelSettings)
    + bare(
        "NeuronKernelsBaseline", on: .neuron, step: 2, ["KernelTemplates"],
        folder: "Sources/Neuron/Kernels/NeuronKernelsBaseline", settings: kernelSettings)
    + bare(
        "NeuronKernelsAVX2", on: .neuron, step: 2, ["KernelTemplates"],
        folder: "Sources/Neuron/Kernels/NeuronKernelsAVX2", settings: kernelSettings(for: ["avx2", "fma"]))
    + bare(
        "NeuronKernelsAVX512", on: .neuron, step: 2, ["KernelTemplates"],
        folder: "Sources/Neuron/Kernels/NeuronKernelsAVX512",
        settings: kernelSettings(for: ["avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"]))
    + bare(
        "NeuronKernelsAVX512BF16", on: .neuron, step: 3,
        ["CKernels", "KernelTemplates", "NeuronKernelsAVX512"],
        folder: "Sources/Neuron/Kernels/NeuronKernelsAVX512BF16",
        settings: kernelSettings(for: [
            "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512bf16",
        ]))
    + module(
        "NeuronKernels", on: .neuron, step: 4,
        [
            "KernelTemplates", "NeuronKernelsAVX2", "NeuronKernelsAVX512", "NeuronKernelsAVX512BF16",
            "NeuronKernelsBaseline",
        ],
        folder: "Sources/Neuron/Kernels/NeuronKernels", tests: ["KernelTemplates", "NeuronKernelsAVX512BF16"])
    + module(
        "NeuronArtifact", on: .neuron, ["Gzip", "JSON", "SystemIO", "Tar"],
        tests: ["Gzip", "JSON", "SystemIO", "TestSupport"])
    + module(
        "ModelSources", on: .neuron, step: 1,
        [
            "AWS", "CLinux", "Digests", "Gzip", "HTTP", "HTTP1", "HTTPProxy", "NeuronArtifact", "OCI",
            "SystemIO", "Tar", "Text", "WebClient",
        ],
        tests: [
            "AWS", "Digests", "Gzip", "HTTP", "HTTP1", "JSON", "SystemIO", "Tar", "TestSupport", "WebClient",
        ])
    + module("NeuronRuntime", on: .neuron, step: 1, ["CLinux", "NeuronArtifact", "Text"])
    + bare("ModelErrors", on: .neuron, ["JSON"])
    + module(
        "GGUF", on: .neuron, step: 3, ["KernelTemplates", "ModelErrors", "SystemIO"],
        tests: ["ModelErrors", "SystemIO", "TestSupport"])
    + module("ChatTemplates", on: .neuron, ["JSON"], tests: ["JSON", "SystemIO", "TestSupport"])
    + module(
        "Tokenizers", on: .neuron, step: 4, ["GGUF", "JSON", "ModelErrors", "SystemIO"], exclude: ["Unicode"],
        tests: ["JSON", "ModelErrors", "SystemIO", "TestSupport"])
    + module(
        "LibNRT", on: .neuron, step: 2, ["NeuronArtifact", "NeuronRuntime", "SystemIO"],
        tests: [
            "FakeChip", "HTTP", "HTTP1", "JSON", "ModelServer", "Models", "NeuronRuntime", "SystemIO",
            "TestSupport",
        ])
    + bare(
        "NeuronProgram", on: .neuron, step: 5,
        ["JSON", "KernelTemplates", "ModelErrors", "NeuronArtifact", "NeuronKernels", "SystemIO", "Text"])
    + module(
        "FakeRuntime", on: .neuron, step: 6,
        [
            "CLinux", "FakeChip", "KernelTemplates", "ModelErrors", "Neuron", "NeuronArtifact",
            "NeuronKernels", "NeuronProgram", "NeuronRuntime", "SystemIO",
        ],
        tests: [
            "FakeChip", "Models", "Neuron", "NeuronProgram", "NeuronRuntime", "SystemIO", "TestSupport",
        ])
    + module(
        "Models", on: .neuron, step: 6,
        [
            "CLinux", "JSON", "KernelTemplates", "ModelErrors", "NeuronArtifact", "NeuronKernels",
            "NeuronProgram", "NeuronRuntime", "SystemIO", "Text", "Tokenizers",
        ],
        tests: [
            "FakeChip", "FakeRuntime", "JSON", "KernelTemplates", "ModelErrors", "NeuronArtifact",
            "NeuronKernels",
            "NeuronProgram", "NeuronRuntime", "SystemIO", "TestSupport", "Tokenizers",
        ],
        // For `make test-optimized`: Swift 6.3.1 ends when it optimises this file.
        testsExclude: Context.environment["GANGLION_OPTIMIZED"] == nil ? [] : ["CompiledModelTests.swift"])
    + module(
        "LanguageModels", on: .neuron, step: 7,
        [
            "ChatTemplates", "GGUF", "JSON", "KernelTemplates", "ModelErrors", "Models", "NeuronArtifact",
            "NeuronKernels", "NeuronProgram", "NeuronRuntime", "SystemIO", "Text", "Tokenizers",
        ],
        tests: [
            "FakeRuntime", "GGUF", "JSON", "KernelTemplates", "ModelErrors", "NeuronArtifact",
            "NeuronKernels",
            "NeuronProgram",
            "NeuronRuntime", "SystemIO", "TestSupport", "Tokenizers",
        ])

/// The cluster for a machine without one, from the language of validation rules up to the whole cluster.
let local: [Target] =
    module("CEL", on: .local, ["JSON", "KubernetesAPI"], tests: ["JSON"])
    + module(
        "APIMachinery", on: .local, step: 1, ["CEL", "JSON", "KubernetesAPI"],
        tests: ["JSON", "KubernetesAPI"])
    + module(
        "LocalAPIServer", on: .local, step: 2,
        [
            "APIMachinery", "CEL", "Gzip", "HTTP", "HTTP1", "JSON", "KubernetesAPI", "KubernetesClient",
            "KubernetesWire", "SystemIO",
        ],
        tests: [
            "APIMachinery", "CEL", "GanglionAPI", "Gzip", "HTTP", "HTTP1", "JSON", "KubernetesAPI",
            "KubernetesClient", "KubernetesWire",
            "LocalTestSupport", "SystemIO", "TestSupport",
        ])
    + module(
        "LocalControllers", on: .local, step: 3,
        [
            "Controller", "JSON", "KubernetesAPI", "KubernetesClient", "Observability", "Scheduling",
            "SystemIO",
        ],
        tests: [
            "HTTP", "JSON", "KubernetesAPI", "KubernetesClient", "LocalAPIServer", "LocalTestSupport",
            "Observability", "SystemIO", "TestSupport",
        ])
    + module(
        "LocalKubelet", on: .local, step: 3,
        [
            "CLinux", "Controller", "GRPC", "HTTP", "HTTP1", "JSON", "KubeletAPI", "KubernetesAPI",
            "KubernetesClient", "Observability", "Protobuf", "SystemIO", "Text",
        ],
        tests: [
            "Controller", "DevicePlugin", "GRPC", "HTTP", "HTTP1", "JSON", "KubeletAPI", "KubernetesAPI",
            "KubernetesClient", "LocalTestSupport", "Neuron", "Observability", "Protobuf", "SystemIO",
            "TestSupport",
        ])
    + module(
        "LocalCluster", on: .local, step: 4,
        [
            "GanglionAPI", "HTTP", "HTTP1", "JSON", "KubernetesAPI", "KubernetesClient", "LocalAPIServer",
            "LocalControllers", "LocalKubelet", "Neuron", "Observability", "Placement", "SystemIO", "TLS",
        ],
        tests: [
            "HTTP", "JSON", "KubernetesAPI", "LocalAPIServer", "LocalKubelet", "LocalTestSupport",
            "Observability", "SystemIO",
            "TestSupport",
        ])

let daemons: [Target] =
    module(
        "DevicePlugin", on: .daemons,
        [
            "Arguments", "CLinux", "GRPC", "KubeletAPI", "LogArguments", "Neuron", "Observability",
            "Placement", "StatusEndpoints", "SystemIO", "Text",
        ],
        tests: [
            "Arguments", "GRPC", "HTTP", "KubeletAPI", "Neuron", "Observability", "Placement", "Protobuf",
            "StatusEndpoints", "SystemIO", "TestSupport",
        ])
    + module(
        "NodeAgent", on: .daemons,
        [
            "Arguments", "Controller", "GRPC", "GanglionAPI", "JSON", "KubeletAPI", "KubernetesAPI",
            "KubernetesClient", "LogArguments", "Neuron", "Observability", "Placement", "StatusEndpoints",
            "SystemIO",
        ],
        tests: [
            "GRPC", "GanglionAPI", "HTTP", "HTTP1", "JSON", "KubeletAPI", "KubernetesAPI", "KubernetesClient",
            "Neuron", "Observability", "Placement", "StatusEndpoints", "SystemIO", "TestSupport",
        ])
    + module(
        "Operator", on: .daemons,
        [
            "Arguments", "Controller", "GanglionAPI", "HTTP", "HTTP1", "HTTPProxy", "JSON", "KubernetesAPI",
            "KubernetesClient", "KubernetesWire", "LogArguments", "Neuron", "Observability", "Placement",
            "Scheduling", "StatusEndpoints", "SystemIO", "TLS", "Text",
        ],
        tests: [
            "Arguments", "GanglionAPI", "HTTP", "HTTP1", "JSON", "KubernetesAPI", "KubernetesClient",
            "KubernetesWire", "LocalAPIServer", "Neuron", "NeuronRuntime", "Observability", "Placement",
            "Scheduling",
            "SchedulingTestSupport", "SystemIO", "TestSupport",
        ])
    + module(
        "ModelServer", on: .daemons,
        [
            "Arguments", "Digests", "FakeRuntime", "GRPC", "GRPCServices", "HTTP", "HTTP1", "JSON",
            "KernelTemplates",
            "LanguageModels", "LibNRT", "LogArguments", "ModelSources", "Models", "NeuronProgram",
            "NeuronRuntime", "Observability", "Protobuf",
            "SystemIO", "TLS", "Text",
        ], exclude: ["Proto"], resources: [.embedInCode("Console/console.html")],
        tests: [
            "FakeChip", "FakeRuntime", "GRPC", "GRPCServices", "HTTP", "HTTP1", "JSON", "LanguageModels",
            "ModelSources", "Models", "NeuronRuntime", "Observability", "SystemIO", "TLS", "TestSupport",
            "WebClient",
        ])

let commands: [Target] =
    module(
        "GanglionCommands", on: .commands,
        [
            "Arguments", "FakeRuntime", "GanglionAPI", "HTTP", "HTTP1", "JSON", "KubernetesAPI",
            "KubernetesClient", "LanguageModels", "LocalCluster", "LocalKubelet", "LogArguments",
            "ModelErrors", "ModelServer",
            "Models", "Neuron", "NeuronArtifact", "NeuronProgram", "NeuronRuntime", "NeuronTools",
            "NodeAgent",
            "Observability", "Operator", "Planning", "SystemIO", "TLS", "Text",
        ], tests: ["Arguments", "HTTP", "HTTP1", "JSON", "Models", "SystemIO", "TLS", "TestSupport"])
    + command("ganglion", ["Arguments", "GanglionCommands", "LocalKubelet"])
    + command("ganglion-device-plugin", ["Arguments", "DevicePlugin"])
    + command("ganglion-node-agent", ["Arguments", "NodeAgent"])
    + command("ganglion-operator", ["Arguments", "Operator"])
    + command("ganglion-model-server", ["Arguments", "ModelServer"])

// MARK: - What measures and tries

/// Servers and clients for other implementations to be tried against, and rules of placement beside ours.
let lab: [Target] =
    module(
        "Interop", on: .lab,
        [
            "Arguments", "GRPC", "GRPCGzip", "GRPCServices", "HPACK", "HTTP2", "HTTP2Transport", "Protobuf",
            "SystemIO", "TLS",
        ],
        exclude: ["Proto"],
        tests: [
            "Arguments", "GRPC", "GRPCGzip", "GRPCServices", "HTTP2", "Protobuf", "SystemIO", "TLS",
            "TestSupport",
        ])
    + command("ganglion-interop", on: .lab, ["Arguments", "Interop"], folder: "Tests/Lab/ganglion-interop")
    + bare(
        "DefinitionPrinter", on: .lab, ["Arguments", "GanglionAPI", "JSON", "KubernetesAPI", "SystemIO"])
    + command(
        "ganglion-definitions", on: .lab, ["Arguments", "DefinitionPrinter"],
        folder: "Tests/Lab/ganglion-definitions")
    + bare("PackingStudy", on: .lab, ["Packing"])
    + bare(
        "FakeNRT", on: .lab, ["FakeRuntime", "NeuronArtifact", "NeuronRuntime", "SystemIO"],
        folder: "Tests/Neuron/FakeNRT")
    + module("PlacementStudy", on: .lab, ["Neuron", "Placement"], tests: ["Placement"])

/// The suite that checks any cluster; and the whole system as users start it: the executables, and the real kubectl.
let endToEnd: [Target] =
    bare(
        "EndToEnd", on: .lab,
        [
            "Arguments", "GanglionAPI", "HTTP", "HTTP1", "JSON", "KubernetesAPI", "KubernetesClient",
            "Neuron",
            "NeuronTools", "Placement",
            "SystemIO",
        ], folder: "Tests/EndToEnd/EndToEnd")
    + command("ganglion-e2e", on: .lab, ["Arguments", "EndToEnd"], folder: "Tests/EndToEnd/ganglion-e2e")
    + [
        tests(
            "EndToEndTests", folder: "EndToEnd",
            [
                "EndToEnd", "GRPC", "HTTP", "HTTP1", "JSON", "KubeletAPI", "KubernetesClient", "Models",
                "Neuron", "NeuronTools", "Placement", "SystemIO", "TestSupport",
            ],
            programs: [
                "ganglion", "ganglion-device-plugin", "ganglion-e2e", "ganglion-model-server",
                "ganglion-node-agent", "ganglion-operator",
            ]),
        // The chart and the plain manifests: Helm's own engine, kubectl, and the programs that they run.
        tests(
            "ChartTests", folder: "EndToEnd",
            ["Arguments", "JSON", "KubernetesAPI", "KubernetesClient", "Neuron", "SystemIO", "TestSupport"],
            programs: ["ganglion", "ganglion-device-plugin", "ganglion-node-agent", "ganglion-operator"]),
        // The programs of a node, killed at any of their system calls.
        .target(name: "CSyscallTrap", path: "Tests/EndToEnd/CSyscallTrap"),
        tests(
            "ProgramKillTests", folder: "EndToEnd",
            [
                "Arguments", "CSyscallTrap", "GanglionAPI", "JSON", "KubeletAPI", "KubernetesAPI",
                "KubernetesClient", "LocalAPIServer", "Neuron", "Operator", "Placement", "SystemIO",
                "TestSupport",
            ],
            programs: ["ganglion", "ganglion-device-plugin", "ganglion-node-agent"]),
    ]

/// Programs to begin with; Examples/README.md sorts them.
let examples: [Target] =
    command("example-echo", on: .lab, ["GRPC", "Protobuf", "SystemIO"], folder: "Examples/Echo")
    + command(
        "example-watch-pods", on: .lab, ["KubernetesAPI", "KubernetesClient"], folder: "Examples/WatchPods")
    + command(
        "example-controller", on: .lab,
        ["Controller", "GanglionAPI", "KubernetesAPI", "KubernetesClient", "Observability", "SystemIO"],
        folder: "Examples/Controller")
    + command(
        "example-api-server", on: .lab,
        ["GanglionAPI", "JSON", "KubernetesAPI", "KubernetesClient", "LocalAPIServer"],
        folder: "Examples/APIServer")
    + command("example-plan-placement", on: .lab, ["Neuron", "Placement"], folder: "Examples/PlanPlacement")

/// Only for `make wire-cost` and `make bench-plugin`: what counts allocations replaces malloc, which a static executable
/// of the same build could not have.
let benchmarks: [Target] =
    Context.environment["GANGLION_BENCH"] == nil
    ? []
    : [
        .target(
            name: "CAllocationCounter", path: "Tests/Benchmarks/CAllocationCounter",
            cSettings: [.unsafeFlags(["-fno-builtin"])]),
        .executableTarget(
            name: "wire-cost",
            dependencies: ["CAllocationCounter", "GRPC", "HTTP2", "HPACK", "Protobuf", "SystemIO"],
            path: "Tests/Benchmarks/WireCost", swiftSettings: settings,
            // Without the debugger's information: valgrind 3.19 cannot read what Swift 6.3 writes.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--strip-debug"])]),
        .executableTarget(
            name: "copy-cost",
            dependencies: ["CAllocationCounter", "JSON", "KubernetesAPI", "KubernetesClient", "Operator"],
            path: "Tests/Benchmarks/CopyCost", swiftSettings: settings),
        .executableTarget(
            name: "model-bench",
            dependencies: ["FakeRuntime", "KernelTemplates", "Models", "NeuronKernels", "NeuronRuntime"],
            path: "Tests/Benchmarks/ModelBench", swiftSettings: settings),
        .executableTarget(
            name: "language-bench",
            dependencies: [
                "FakeRuntime", "LanguageModels", "NeuronProgram", "NeuronRuntime", "SystemIO", "Tokenizers",
            ],
            path: "Tests/Benchmarks/LanguageBench", swiftSettings: settings),
        .executableTarget(
            name: "cache-bench",
            dependencies: [
                "HTTP", "HTTP1", "JSON", "KubernetesAPI", "KubernetesClient", "KubernetesWire", "SystemIO",
            ], path: "Tests/Benchmarks/CacheBench", swiftSettings: settings),
        .executableTarget(
            name: "plugin-bench",
            dependencies: [
                "Arguments", "DevicePlugin", "GRPC", "KubeletAPI", "Neuron", "Observability", "Placement",
                "PlacementStudy", "SystemIO",
            ], path: "Tests/Benchmarks/PluginBench", swiftSettings: settings),
        .executableTarget(
            name: "scheduler-bench",
            dependencies: [
                "GanglionAPI", "JSON", "KubernetesAPI", "Neuron", "Placement", "Scheduling",
                "PlacementStudy", "SystemIO", "SchedulingTestSupport",
            ], path: "Tests/Benchmarks/SchedulerBench", swiftSettings: settings),
        .executableTarget(
            name: "packing-bench", dependencies: ["Packing", "PackingStudy", "Placement"],
            path: "Tests/Benchmarks/PackingBench", swiftSettings: settings),
    ]

/// Only for scripts/fuzz, which builds it with libFuzzer and the address sanitizer: without them it does not link.
let fuzzing: [Target] =
    Context.environment["GANGLION_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "ganglion-fuzz",
            dependencies: [
                "AWS", "ChatTemplates", "GGUF", "GRPC", "Gzip", "HPACK", "HTTP1", "HTTP2", "JSON",
                "KubeletAPI", "ModelSources", "Models", "Neuron", "NeuronArtifact", "NeuronProgram", "OCI",
                "Packing", "Placement", "Planning", "Protobuf", "SystemIO", "Tar", "Tokenizers",
            ], path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: settings)
    ]

let package = Package(
    name: "ganglion",
    products: [
        // What others can build on; everything that these three stand on is public, the rest is the package's own.
        .library(name: "HTTP2", targets: ["HPACK", "HTTP2"]),
        .library(name: "GRPC", targets: ["GRPC", "Protobuf", "SystemIO"]),
        .library(
            name: "KubernetesClient",
            targets: ["Controller", "JSON", "KubernetesAPI", "KubernetesClient", "Observability", "SystemIO"]),
        // A libnrt.so over the fake device, for tests and for programs that others wrote against AWS's.
        .library(name: "nrt", type: .dynamic, targets: ["FakeNRT"]),
    ],
    targets: ground + wire + protocols + downloads + kubernetes + neuron + local + daemons + commands
        + testSupport
        + localTestSupport + schedulingTestSupport + lab
        + endToEnd + examples + benchmarks + fuzzing,
    swiftLanguageModes: [.v6]
)
