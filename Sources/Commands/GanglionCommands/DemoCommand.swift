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
    private static let language = Option<String?>(
        "language-model", placeholder: "FILE",
        help: "A language model in a GGUF file, asked a question in place of the other's prediction")
    private static let cores = Option(
        "cores", default: 4, placeholder: "N", help: "The NeuronCores of the model server")
    private static let degree = Option<Int?>(
        "tensor-parallel-degree", placeholder: "N",
        help: "The cores that share one copy of the model (default 2, of a language model 1)")
    private static let once = Flag("once", help: "Stop after one prediction")

    static let command = Command(
        "demo", summary: "Run a local cluster and serve a model on its NeuronCores",
        arguments: ClusterOptions.all + [model, language, cores, degree, once],
        examples: [
            .init("ganglion demo --once", "one prediction, then stop"),
            .init("ganglion demo --model-directory models/all-MiniLM-L6-v2", "serve that model until Ctrl-C"),
            .init("ganglion demo --language-model SmolLM2-135M-Instruct.Q4_1.gguf", "talk with that model"),
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
        let served = try servedModel(values, cluster)
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

        say("\n== a ModelServer with \(values[cores]) cores, \(served.degree) for each copy of the model")
        try await client.create(.modelServers, manifest(values, served))
        let server = try await ready(client, served.name, cluster)
        report(server, served.name)
        let groups = server.status?.groups?.array ?? []
        for group in groups {
            say("pod \(text(group.pod)) has cores \(text(group.cores)) of node \(text(group.node))")
        }

        let service = try await client.get(.services, ObjectKey(namespace: "default", name: served.name))
        let address = service.spec?.clusterIP?.string ?? "127.0.0.1"
        let body: JSON
        let url: String
        if served.isLanguageModel {
            let chat = DemoChat(
                address: try SocketAddress(parsing: "\(address):8080"), model: served.name,
                question: "What is the capital of France?")
            url = "http://\(address):8080/v1/chat/completions"
            say("\n== a question: POST \(url)\n\"\(chat.question)\"")
            body = chat.body
            _ = try await chat.ask()
        } else {
            url = "http://\(address):8080/predictions/\(served.name)"
            body = ["inputs": "How many cores has a ganglion?"]
            say("\n== a prediction: POST \(url)")
            try await predict(SocketAddress(parsing: "\(address):8080"))
        }
        if values[once] { return }
        say(
            """

            Everything is running. Try

              curl -sN \(url) -H 'content-type: application/json' -d '\(body.text())'

              export KUBECONFIG=\(cluster.directory.kubeconfig)
              kubectl get modelservers,pods -o wide

            Ctrl-C stops it.
            """)
    }

    /// What the demo serves.
    private struct DemoModel {
        let name: String
        let path: String
        let degree: Int
        let isLanguageModel: Bool
    }

    private static func servedModel(
        _ values: ArgumentValues, _ cluster: SingleNodeCluster
    ) throws -> DemoModel {
        guard let file = values[language] else {
            return DemoModel(
                name: "minilm", path: try modelDirectory(values[model], cluster),
                degree: values[degree] ?? 2, isLanguageModel: false)
        }
        guard Files.exists(file) else { throw DemoError("there is no file \(file)") }
        return DemoModel(
            name: "chat", path: absolutePath(file), degree: values[degree] ?? 1, isLanguageModel: true)
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

    private static func manifest(_ values: ArgumentValues, _ served: DemoModel) -> JSON {
        [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": .string(served.name), "namespace": "default"],
            "spec": [
                "replicas": 1,
                "neuron": ["cores": JSON(values[cores]), "tensorParallelDegree": JSON(served.degree)],
                "models": [["name": .string(served.name), "uri": .string("file://" + served.path)]],
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

    private static func report(_ server: JSON, _ name: String) {
        say("NAME     READY   DESIRED   URL")
        let status = server.status
        say(
            "\(name)   \(status?.readyReplicas?.int ?? 0)       \(server.spec?.replicas?.int ?? 0)         \(text(status?.url))"
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
