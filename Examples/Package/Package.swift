// swift-tools-version: 6.2
import PackageDescription

// A package that uses Ganglion's libraries as somebody else's would: two of the programs next door, which see here only
// what is public. `make outside`, which `make test` runs, builds it and runs one.
//
//     swift run --package-path Examples/Package echo "good morning"

let package = Package(
    name: "ganglion-examples",
    dependencies: [
        // A package of yours names the repository's URL and a version here.
        .package(name: "ganglion", path: "../..")
    ],
    targets: [
        .executableTarget(name: "echo", dependencies: [.product(name: "GRPC", package: "ganglion")]),
        .executableTarget(
            name: "watch-pods", dependencies: [.product(name: "KubernetesClient", package: "ganglion")]),
    ],
    swiftLanguageModes: [.v6]
)
