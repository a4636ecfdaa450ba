import Glibc
import JSON
import SystemIO
import Testing

/// The whole system through the real kubectl. One cluster serves the suite's tests one after the other.
@Suite(
    "The whole system and the real kubectl", .serialized,
    .enabled(if: Tools.isAvailable, "kubectl or the executables are missing: run make test"))
struct SystemTests {
    private static let pod = Tools.root + "/deploy/samples/pod.yaml"

    private func modelServer(_ name: String, cores: Int, degree: Int, directory: String) -> String {
        """
        apiVersion: ganglion.dev/v1alpha1
        kind: ModelServer
        metadata: {name: \(name)}
        spec:
          replicas: 1
          neuron: {cores: \(cores), tensorParallelDegree: \(degree)}
          models: [{name: minilm, uri: "file://\(directory)"}]
        """
    }

    private func list(_ value: JSON?) -> [Int] {
        (value?.string ?? "").split(separator: ",").compactMap { Int($0) }
    }

    @Test("one node, a model server, a pod with cores, and everything that kubectl shows of them")
    func wholeSystem() async throws {
        let cluster = try await Cluster.start()

        // The node.
        let wide = try await cluster.kubectl(["get", "nodes", "-o", "wide"]).succeeded()
        #expect(wide.contains("local-0") && wide.contains(" Ready ") && wide.contains("INTERNAL-IP"))
        let node = try await cluster.json("get", "node", "local-0")
        #expect(node.status?.capacity?["aws.amazon.com/neuroncore"] == "24")
        #expect(node.status?.allocatable?["aws.amazon.com/neuroncore"] == "24")
        #expect(
            try await cluster.kubectl(["describe", "node", "local-0"]).succeeded().contains(
                "aws.amazon.com/neuroncore"))

        // A model server.
        let manifest = modelServer("minilm", cores: 4, degree: 2, directory: try Tools.model(cluster))
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: manifest).succeeded()
        _ = try await cluster.kubectl([
            "wait", "--for=condition=Ready", "modelserver/minilm", "--timeout=120s",
        ]).succeeded()
        let table = try await cluster.kubectl(["get", "modelservers"]).succeeded()
        #expect(table.contains("NAME") && table.contains("READY") && table.contains("minilm"))
        let server = try await cluster.json("get", "modelserver", "minilm")
        #expect(server.status?.readyReplicas == 1)
        let group = try #require(server.status?.groups?[0])
        #expect(group.node == "local-0")
        let described = try await cluster.kubectl(["describe", "modelserver", "minilm"]).succeeded()
        #expect(described.contains("Conditions:") && described.contains("Ready"))

        // A plain pod gets four consecutive cores on two whole chips; PodResources says the same.
        _ = try await cluster.kubectl(["apply", "-f", Self.pod]).succeeded()
        _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod/four-cores", "--timeout=60s"])
            .succeeded()
        try await cluster.eventually("the pod has printed its environment") {
            try await cluster.kubectl(["logs", "four-cores"]).standardOutput.contains(
                "NEURON_RT_VISIBLE_CORES")
        }
        let environment = Dictionary(
            try await cluster.kubectl(["logs", "four-cores"]).succeeded().split(separator: "\n").compactMap {
                line in
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            }, uniquingKeysWith: { first, _ in first })
        #expect(environment["NEURON_RT_VISIBLE_CORES"] == "0,1,2,3")
        let cores = (environment["GANGLION_HOST_CORES"] ?? "").split(separator: ",").compactMap { Int($0) }
        #expect(cores.count == 4)
        #expect(cores.first.map { $0 % 2 == 0 } == true)
        #expect(cores == Array((cores.first ?? 0)..<(cores.first ?? 0) + 4))
        let devices = try Files.list(environment["GANGLION_DEVICE_ROOT"] ?? "/nowhere")
        #expect(devices == ["neuron0", "neuron1"])
        let resources = try await PodResourcesView.read(cluster)
        #expect(resources["default/four-cores/shell"] == cores)

        // What happened.
        let events = try await cluster.kubectl(["get", "events"]).succeeded()
        #expect(events.contains("Scheduled") && events.contains("Started"))
        #expect(try await cluster.kubectl(["describe", "pod", "four-cores"]).succeeded().contains("Events:"))
        let neuronNode = try await cluster.json("get", "neuronnode", "local-0")
        #expect(neuronNode.status?.chips?.array?.count == 12)

        // Watching and deleting.
        let watch = try cluster.start(
            Tools.kubectl, ["get", "pod", "four-cores", "-w", "--output-watch-events"])
        try await cluster.eventually("the watch has begun") { watch.output.contains("ADDED") }
        _ = try await cluster.kubectl(["delete", "pod", "four-cores", "--grace-period=1"]).succeeded()
        try await cluster.eventually("the watch tells of the end") { watch.output.contains("DELETED") }
        watch.process.send(.terminate)
        _ = await watch.process.wait()
        _ = try await cluster.kubectl(["delete", "modelserver", "minilm"]).succeeded()
        try await cluster.eventually("all pods and the Service are gone") {
            let pods = try await cluster.json("get", "pods").items?.array ?? []
            let services = try await cluster.kubectl(["get", "service", "minilm"]).status
            return pods.isEmpty && services != .exited(0)
        }
        try await cluster.eventually("the cores are free again") {
            try await PodResourcesView.read(cluster).isEmpty
        }
        try await cluster.stop()
    }

    @Test("a ModelServer with impossible numbers is refused with the numbers that are possible")
    func impossible() async throws {
        let cluster = try await Cluster.start(["--instance-type", "inf2.xlarge"])
        let refused = try await cluster.kubectl(
            ["apply", "-f", "-"], input: modelServer("bad", cores: 6, degree: 4, directory: "/nowhere"))
        #expect(refused.status == .exited(1))
        #expect(refused.standardError.contains("1, 2, 3, 6"))

        // More cores than any node has: valid, but nowhere to go.
        _ = try await cluster.kubectl(
            ["apply", "-f", "-"], input: modelServer("large", cores: 4, degree: 4, directory: "/nowhere")
        ).succeeded()
        try await cluster.eventually("the reason is in the status") {
            let server = try await cluster.json("get", "modelserver", "large")
            let placed = server.status?.conditions?.array?.first { $0.type == "Placed" }
            return placed?.status == "False" && placed?.reason?.string?.isEmpty == false
        }

        // An image that does not exist here.
        let pod = """
            apiVersion: v1
            kind: Pod
            metadata: {name: unknown-image}
            spec: {containers: [{name: c, image: "example.com/nothing:1"}]}
            """
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod).succeeded()
        try await cluster.eventually("the image cannot be pulled") {
            let pod = try await cluster.json("get", "pod", "unknown-image")
            let waiting = pod.status?.containerStatuses?[0]?.state?.waiting
            let reason = waiting?.reason?.string ?? ""
            return ["ErrImagePull", "ImagePullBackOff"].contains(reason)
        }
        try await cluster.stop()
    }
}
