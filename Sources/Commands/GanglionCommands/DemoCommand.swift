// `ganglion demo`: the whole system once through, with what a user would type and see at each step.

import Arguments
import GanglionAPI
import Glibc
import HTTP
import HTTP1
import JSON
internal import KubernetesAPI
import KubernetesClient
import LocalCluster
import Models
import Neuron
import NeuronTools
import Observability
import SystemIO

/// The `demo` command.
enum DemoCommand {
    private static let model = Option<String?>(
        "model-directory", environment: "GANGLION_MODEL_DIR", placeholder: "DIR",
        help:
            "A BERT-family model: model.safetensors, vocab.txt, config.json; without one a small one is made")
    private static let cores = Option(
        "cores", default: 4, placeholder: "N", help: "The NeuronCores of the model server")
    private static let degree = Option(
        "tensor-parallel-degree", default: 2, placeholder: "N",
        help: "The cores that share one copy of the model")
    private static let once = Flag("once", help: "Stop after one prediction")

    static let command = Command(
        "demo", summary: "Run a local cluster and serve a model on its NeuronCores",
        arguments: ClusterOptions.all + [model, cores, degree, once],
        examples: [
            .init("ganglion demo --once", "one prediction, then stop"),
            .init("ganglion demo --model-directory models/all-MiniLM-L6-v2", "serve that model until Ctrl-C"),
        ]
    ) { values in
        let signals = try SignalWatcher([.terminate, .interrupt, .hangup])
        let cluster = try ClusterOptions.cluster(values, log: ClusterOptions.logger(values))
        let work = Task {
            try await run(values, cluster)
            if !values[once] { try await Task.sleep(for: .seconds(86_400 * 365)) }
        }
        let interrupt = Task {
            guard await signals.first() != nil else { return }
            say("stopping")
            work.cancel()
        }
        do {
            try await work.value
        } catch is CancellationError {
            await cluster.stop()
            return
        } catch {
            let wasStopped = work.isCancelled
            await cluster.stop()
            if wasStopped { return }
            throw error
        }
        interrupt.cancel()
        say("stopping: everything is removed")
        await cluster.stop()
    }

    private static func run(_ values: ArgumentValues, _ cluster: SingleNodeCluster) async throws {
        let directory = try modelDirectory(values[model], cluster)
        say(
            "== starting a cluster with one \(values[ClusterOptions.instanceType]) in \(cluster.directory.path)"
        )
        try await cluster.start()
        let client = try await cluster.client()

        say("\n== the node's chips (ganglion ls)")
        say(ListCommand.run(.fake(root: cluster.directory.devices), format: .short).text)
        let name = values[ClusterOptions.nodeName]
        let node = try await client.get(.nodes, ObjectKey(name: name))
        say("== the node's capacity")
        for key in ["cpu", "memory", "pods", WellKnown.neuronCore] {
            let capacity = node.status?.capacity?[key]?.string ?? "-"
            let allocatable = node.status?.allocatable?[key]?.string ?? "-"
            say("\(name)  \(key): capacity \(capacity), allocatable \(allocatable)")
        }

        say("\n== a ModelServer with \(values[cores]) cores, \(values[degree]) for each copy of the model")
        try await client.create(.modelServers, manifest(values, directory))
        let server = try await ready(client, "minilm", cluster)
        report(server)
        let groups = server.status?.groups?.array ?? []
        for group in groups {
            say("pod \(text(group.pod)) has cores \(text(group.cores)) of node \(text(group.node))")
        }

        let service = try await client.get(.services, ObjectKey(namespace: "default", name: "minilm"))
        let address = service.spec?.clusterIP?.string ?? "127.0.0.1"
        let url = "http://\(address):8080/predictions/minilm"
        say("\n== a prediction: POST \(url)")
        try await predict(SocketAddress(parsing: "\(address):8080"))
        if values[once] { return }
        say(
            """

            Everything is running. Try

              curl -s \(url) -H 'content-type: application/json' -d '{"inputs": "How many cores has a ganglion?"}'

              export KUBECONFIG=\(cluster.directory.kubeconfig)
              kubectl get modelservers,pods -o wide

            Ctrl-C stops it.
            """)
    }

    /// The model to serve: the one given, or one that is made up, which is said.
    private static func modelDirectory(_ given: String?, _ cluster: SingleNodeCluster) throws -> String {
        if let given, Files.exists(given + "/model.safetensors") {
            return absolutePath(given)
        }
        if let given { say("there is no model in \(given)") }
        say("using a small generated model: its embeddings mean nothing")
        let path = cluster.directory.path + "/model"
        try Files.makeDirectory(path)
        try SyntheticModel.write(to: path)
        return path
    }

    private static func manifest(_ values: ArgumentValues, _ directory: String) -> JSON {
        [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": "minilm", "namespace": "default"],
            "spec": [
                "replicas": 1,
                "neuron": ["cores": JSON(values[cores]), "tensorParallelDegree": JSON(values[degree])],
                "models": [["name": "minilm", "uri": .string("file://" + directory)]],
            ],
        ]
    }

    /// Waits until the ModelServer is ready; each change of its reason is printed.
    private static func ready(_ client: KubernetesClient, _ name: String, _ cluster: SingleNodeCluster)
        async throws -> JSON
    {
        let deadline = ContinuousClock.now + .seconds(120)
        var last = ""
        while true {
            let server = try await client.get(.modelServers, ObjectKey(namespace: "default", name: name))
            let condition = server.status?.conditions?.array?.first { $0.type == "Ready" }
            let sentence = "\(text(condition?.reason)): \(text(condition?.message))"
            if condition?.status == "True" { return server }
            if condition != nil, sentence != last { say("   \(sentence)") }
            last = sentence
            guard ContinuousClock.now < deadline else {
                throw DemoError(
                    "the ModelServer did not get ready: \(last); logs are in \(cluster.directory.logs)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func report(_ server: JSON) {
        say("NAME     READY   DESIRED   URL")
        let status = server.status
        say(
            "minilm   \(status?.readyReplicas?.int ?? 0)       \(server.spec?.replicas?.int ?? 0)         \(text(status?.url))"
        )
        for condition in status?.conditions?.array ?? [] {
            say("   \(text(condition.type))=\(text(condition.status)) \(text(condition.reason))")
        }
    }

    private static func predict(_ address: SocketAddress) async throws {
        let client = HTTPClient(address)
        let body: JSON = ["inputs": "A ganglion is a cluster of neurons."]
        let request = HTTPRequest(
            "POST", "/predictions/minilm", headers: ["content-type": "application/json"],
            body: body.serialized())
        let start = ContinuousClock.now
        let response = try await client.send(request)
        let latency = ContinuousClock.now - start
        guard response.status == 200 else {
            throw DemoError(
                "the prediction failed with status \(response.status): \(String(decoding: response.bytes, as: UTF8.self))"
            )
        }
        let answer = try JSON(parsing: response.bytes)
        let embedding = answer.embeddings?[0]?.array?.compactMap(\.double) ?? []
        let numbers = embedding.prefix(4).map(fiveDigits).joined(separator: ", ")
        let milliseconds = Double(latency.nanoseconds / 10_000) / 100
        say("\"\(text(body.inputs))\"")
        say("embedding of \(embedding.count) numbers: \(numbers), ...  in \(milliseconds) ms")
        await client.close()
    }

    /// A number with five digits after the point.
    private static func fiveDigits(_ value: Double) -> String {
        let scaled = Int((abs(value) * 1e5).rounded())
        let fraction = String(scaled % 100_000)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / 100_000)." + String(repeating: "0", count: 5 - fraction.count) + fraction
    }

    private static func text(_ value: JSON?) -> String {
        switch value {
        case .string(let text): text
        case .none: "-"
        case .some(let other): other.text()
        }
    }
}

/// A step of the demo that failed.
struct DemoError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
