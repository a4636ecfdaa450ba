// swift-tools-version: 6.2
import PackageDescription

// Each module is one target and imports only what stands below it; docs/ARCHITECTURE.md has the picture.
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

/// Vectors of 256 bits and fused multiply-add; NeuronKernels picks this module or the baseline when it runs.
#if arch(x86_64)
    let wideSettings: [SwiftSetting] =
        kernelSettings
        + [.unsafeFlags(["-Xcc", "-mavx2", "-Xcc", "-mfma"]), .define("GANGLION_AVX2")]
#else
    let wideSettings = kernelSettings
#endif

/// A module and its tests.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], tests: [Target.Dependency] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: settings),
        .testTarget(
            name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies + tests,
            swiftSettings: settings),
    ]
}

/// A command: a thin `main` around modules.
func command(_ name: String, _ dependencies: [Target.Dependency]) -> [Target] {
    [.executableTarget(name: name, dependencies: dependencies + ["Arguments"], swiftSettings: settings)]
}

let ground: [Target] =
    [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLinux"),
    ]
    + module("SystemIO", ["CLinux"])
    + module("Arguments")

let wire: [Target] =
    module("HPACK", tests: ["SystemIO"])
    + module("HTTP2", ["HPACK"])
    + module("HTTP1")
    + module("Protobuf")
    + module("Gzip", ["CZlib"])
    + module("JSON")
    + module("TLS", ["COpenSSL", "SystemIO"])

let protocols: [Target] =
    module("GRPC", ["HTTP2", "HPACK", "Protobuf", "SystemIO"], tests: ["GRPCGzip", "Gzip"])
    + [.target(name: "GRPCGzip", dependencies: ["GRPC", "Gzip"], swiftSettings: settings)]
    + module("GRPCServices", ["GRPC", "Protobuf", "SystemIO"])
    + module("HTTP", ["HTTP1", "SystemIO"], tests: ["TLS"])
    + module("Observability", ["SystemIO", "Arguments"])

let kubernetes: [Target] =
    module("KubeletAPI", ["Protobuf", "GRPC"])
    + [
        .target(
            name: "GanglionAPI",
            resources: [
                .embedInCode("Definitions/modelservers.yaml"), .embedInCode("Definitions/neuronnodes.yaml"),
            ], swiftSettings: settings)
    ]
    + module("KubernetesClient", ["HTTP", "HTTP1", "JSON", "TLS", "CYAML", "Observability", "SystemIO"])

let domain: [Target] =
    module("Placement")
    + module("PlacementStudy", ["Placement", "Neuron"])
    + module("Neuron", ["Placement", "SystemIO", "Arguments", "CLinux"])
    + module("NeuronTools", ["Neuron", "Placement", "HTTP", "HTTP1", "JSON", "SystemIO", "Arguments"])
    + module("NeuronRuntime", ["JSON", "NeuronKernels", "SystemIO", "CLinux"])
    + module("NeuronKernels", ["NeuronKernelsAVX2", "NeuronKernelsBaseline"])
    + [
        .target(name: "NeuronKernelsAVX2", swiftSettings: wideSettings),
        .target(name: "NeuronKernelsBaseline", swiftSettings: kernelSettings),
    ]

let applications: [Target] =
    module(
        "DevicePlugin",
        [
            "Neuron", "Placement", "KubeletAPI", "GRPC", "Protobuf", "HTTP", "HTTP1", "Arguments",
            "Observability", "SystemIO",
        ])
    + module(
        "NodeAgent",
        [
            "Neuron", "Placement", "KubeletAPI", "KubernetesClient", "GRPC", "JSON", "Arguments",
            "Observability", "SystemIO",
        ], tests: ["HTTP", "HTTP1"])
    + module(
        "Operator",
        [
            "Neuron", "Placement", "KubernetesClient", "HTTP", "JSON", "Arguments", "Observability",
            "SystemIO",
        ], tests: ["LocalCluster", "NeuronRuntime"])
    + module(
        "ModelServer", ["NeuronRuntime", "HTTP", "HTTP1", "JSON", "Arguments", "Observability", "SystemIO"])
    + module(
        "LocalCluster",
        [
            "GanglionAPI", "Neuron", "Placement", "CLinux", "KubeletAPI", "GRPC", "Protobuf", "HTTP", "HTTP1",
            "TLS", "KubernetesClient", "JSON", "Observability", "SystemIO",
        ], tests: ["DevicePlugin"])

let measuring: [Target] =
    module(
        "Interop",
        ["GRPC", "GRPCGzip", "GRPCServices", "HTTP2", "HPACK", "Protobuf", "TLS", "SystemIO", "Arguments"])
    + command("ganglion-interop", ["Interop"])

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
            name: "plugin-bench",
            dependencies: [
                "DevicePlugin", "GRPC", "KubeletAPI", "Neuron", "Observability", "Placement",
                "PlacementStudy",
                "SystemIO", "Arguments",
            ], path: "Tests/Benchmarks/PluginBench", swiftSettings: settings),
    ]

let commands: [Target] =
    command(
        "ganglion",
        [
            "LocalCluster", "NodeAgent", "Operator", "ModelServer", "Neuron", "NeuronTools", "NeuronRuntime",
            "KubernetesClient", "GanglionAPI", "HTTP", "HTTP1", "JSON", "SystemIO", "Observability",
        ])
    + command("ganglion-device-plugin", ["DevicePlugin"])
    + command("ganglion-node-agent", ["NodeAgent"])
    + command("ganglion-operator", ["Operator"])
    + command("ganglion-model-server", ["ModelServer"])

/// What the tests of several modules share.
let testSupport: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["SystemIO"], path: "Tests/TestSupport", swiftSettings: settings)
]

/// The whole system as users start it: the executables, and the real kubectl.
let endToEnd: [Target] = [
    .testTarget(
        name: "EndToEndTests",
        dependencies: [
            "ganglion", "ganglion-device-plugin", "ganglion-node-agent", "ganglion-operator",
            "ganglion-model-server",
            "GRPC", "HTTP", "HTTP1", "JSON", "KubeletAPI", "KubernetesClient", "SystemIO", "TestSupport",
        ], swiftSettings: settings)
]

/// The chart and the plain manifests: Helm's own engine, kubectl, and the programs that they run.
let chart: [Target] = [
    .testTarget(
        name: "ChartTests",
        dependencies: [
            "ganglion", "ganglion-device-plugin", "ganglion-node-agent", "ganglion-operator",
            "Arguments", "JSON", "KubernetesClient", "Neuron", "SystemIO", "TestSupport",
        ], swiftSettings: settings)
]

/// Only for scripts/fuzz, which builds it with libFuzzer and the address sanitizer: without them it does not link.
let fuzzing: [Target] =
    Context.environment["GANGLION_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "ganglion-fuzz",
            dependencies: [
                "HPACK", "HTTP2", "GRPC", "Gzip", "KubeletAPI", "Protobuf", "HTTP1", "JSON", "Neuron",
                "NeuronRuntime", "Placement", "SystemIO",
            ], path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: settings)
    ]

let package = Package(
    name: "ganglion",
    targets: ground + wire + protocols + kubernetes + domain + applications + measuring + benchmarks
        + commands + testSupport + endToEnd + chart + fuzzing,
    swiftLanguageModes: [.v6]
)
