// usage: cache-bench serve PORT [PODS NODES]  |  cache-bench sync PORT  |
// cache-bench decode ROUNDS
// What a copy of a large cluster costs: how long it takes until everything is there, and what is resident then for each pod.
// `make bench-cache` runs both.

import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import KubernetesWire
import SystemIO

/// What a scheduler reads of pods that are not its own.
enum PlacementPods: PackedForm {
    typealias Object = Pod
    static let fields = [
        "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.labels", "spec.containers.name",
        "spec.containers.ports.hostPort", "spec.containers.ports.containerPort",
        "spec.containers.ports.protocol",
        "spec.containers.ports.hostIP", "spec.containers.resources", "spec.containers.restartPolicy",
        "spec.initContainers.name", "spec.initContainers.resources", "spec.initContainers.restartPolicy",
        "spec.nodeName", "spec.schedulerName", "spec.schedulingGates", "spec.priority", "spec.resources",
        "spec.overhead", "spec.hostNetwork", "status.phase", "status.conditions=PodResizePending",
        "status.containerStatuses.name", "status.containerStatuses.resources",
        "status.containerStatuses.allocatedResources", "status.containerStatuses.state.running.",
        "status.initContainerStatuses.name", "status.initContainerStatuses.resources",
        "status.initContainerStatuses.allocatedResources", "status.initContainerStatuses.state.running.",
    ]
    static let keptWholeFor = ["ganglion-scheduler"]
}

/// All of a pod.
enum AllOfPods: PackedForm {
    typealias Object = Pod
    static var fields: [String] { [] }
}

/// All of a node but its images.
enum PlacementNodes: PackedForm {
    typealias Object = Node
    static let fields = [
        "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.labels", "metadata.annotations",
        "spec", "status.capacity", "status.allocatable", "status.conditions", "status.addresses",
        "status.nodeInfo",
    ]
}

@main
struct CacheBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let port = UInt16(arguments[2]) else {
            return print("usage: see Main.swift")
        }
        let numbers = arguments.dropFirst(3).compactMap { Int($0) }
        switch arguments[1] {
        case "serve":
            let kinds = [
                "pods": BenchObjects(
                    kind: "Pod", count: numbers.first ?? 150_000, template: BenchTemplates.pod),
                "nodes": BenchObjects(
                    kind: "Node", count: numbers.dropFirst().first ?? 5_000, template: BenchTemplates.node),
            ]
            let server = HTTPServer { BenchServer.answer($0, kinds) }
            _ = try await server.listen(on: .ip("127.0.0.1", port: port))
            print("serving \(kinds["pods"]?.count ?? 0) pods of \(kinds["pods"]?.size ?? 0) octets")
            try await Task.sleep(for: .seconds(100_000))
        case "decode": try decode(rounds: Int(port))
        default: try await sync(port, usesWatchList: arguments[1] == "sync")
        }
    }

    private static func sync(_ port: UInt16, usesWatchList: Bool) async throws {
        let client = KubernetesClient(
            configuration: ClientConfiguration(server: try ServerAddress("http://127.0.0.1:\(port)")),
            address: .ip("127.0.0.1", port: port), security: nil)
        let pods = Informer<Packed<PlacementPods>>(client, .pods)
        let nodes = Informer<Packed<PlacementNodes>>(client, .nodes)
        let before = residentOctets()
        let start = MonotonicClock.time
        await nodes.start()
        await pods.start()
        await nodes.store.synced()
        await pods.store.synced()
        let took = MonotonicClock.time - start
        let peak = residentOctets()
        _ = ProgramMemory.trim()
        let after = residentOctets()
        let count = max(1, pods.store.count)
        print("synced \(pods.store.count) pods and \(nodes.store.count) nodes in \(took)")
        print(
            "resident \((after - before) / count) octets a pod (\(after >> 20) MiB; \(peak >> 20) MiB before trimming)"
        )
        let sample = try pods.store[ObjectKey(namespace: "team-NS", name: "web-7d4b9c8f6d-00000007")]?.object
        print(
            "one of them: \(sample?.spec.nodeName ?? "none") \(sample?.spec.containers.first?.resources.requests.count ?? 0)"
        )
        await pods.stop()
        await nodes.stop()
    }

    /// How long one pod takes in each way.
    private static func decode(rounds: Int) throws {
        var json: [UInt8] = []
        BenchObjects(kind: "Pod", count: 1, template: BenchTemplates.pod).append(7, to: &json)
        func measure(_ what: String, _ body: () throws -> Void) rethrows {
            let start = MonotonicClock.time
            for _ in 0..<rounds { try body() }
            print("\(what): \((MonotonicClock.time - start) / rounds) each")
        }
        try measure("JSON into Pod") { _ = try JSON.decode(Pod.self, from: json) }
        measure("JSON into octets, all") {
            _ = ObjectPacker.pack(json: json, json.indices, as: AllOfPods.self)
        }
        measure("JSON into octets, for placement") {
            _ = ObjectPacker.pack(json: json, json.indices, as: PlacementPods.self)
        }
        let all = ObjectPacker.pack(json: json, json.indices, as: AllOfPods.self)
        let some = ObjectPacker.pack(json: json, json.indices, as: PlacementPods.self)
        try measure("octets into Pod, all") { _ = try all?.object }
        try measure("octets into Pod, for placement") { _ = try some?.object }
    }

    private static func residentOctets() -> Int {
        guard let text = try? Files.readText("/proc/self/statm") else { return 0 }
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
