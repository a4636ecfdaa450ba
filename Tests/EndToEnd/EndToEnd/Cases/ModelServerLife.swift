// One ModelServer from apply to delete, in the steps that its owner takes.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient

/// One ModelServer on the node under test.
struct ModelServerLife: Sendable {
    let context: CaseContext
    let name: String
    /// The spec that `apply` begins with.
    private let spec: JSON
    /// What the server must compute; nil for a server that is not ours.
    private let model: String?

    private var key: ObjectKey { ObjectKey(namespace: context.namespace, name: name) }

    /// Our own server with the suite's model, one replica of two cores.
    static func own(_ context: CaseContext) throws(LeftOut) -> ModelServerLife {
        try require(node: context.node.allocatable >= 4, "the node has fewer than 4 NeuronCores")
        guard let directory = context.settings.model else {
            throw LeftOut("no model is known: name its directory on the node with --model")
        }
        var container: JSON = [
            "name": "model-server",
            "volumeMounts": [["name": "model", "mountPath": .string(directory), "readOnly": true]],
        ]
        if let image = context.settings.modelServerImage {
            container.image = .string(image)
            container.command = ["/ganglion-model-server"]
        }
        let spec: JSON = [
            "replicas": 1, "neuron": ["cores": 2, "tensorParallelDegree": 2],
            "models": [["name": "minilm", "uri": .string("file://" + directory)]],
            "template": pod(
                context, container, volumes: [["name": "model", "hostPath": ["path": .string(directory)]]]),
        ]
        return ModelServerLife(context: context, name: "minilm", spec: spec, model: directory)
    }

    /// A server that is not ours: it knows neither our paths nor our port.
    ///
    /// - Parameter claim: the claim of a volume that it mounts.
    static func foreign(_ context: CaseContext, claim: String? = nil) -> ModelServerLife {
        var container: JSON = [
            "name": "model-server", "image": .string(context.settings.image),
            "imagePullPolicy": "IfNotPresent", "command": ["/ganglion"],
            "args": ["report", "--listen", ":9000"],
        ]
        var volumes: JSON = []
        if let claim {
            container.volumeMounts = [["name": "models", "mountPath": "/models"]]
            volumes = [["name": "models", "persistentVolumeClaim": ["claimName": .string(claim)]]]
        }
        let spec: JSON = [
            "replicas": 1, "neuron": ["cores": 2], "runtime": ["preset": "custom", "port": 9000],
            "models": [["name": "m", "uri": "file:///nowhere"]],
            "template": pod(context, container, volumes: volumes),
        ]
        return ModelServerLife(context: context, name: "foreign", spec: spec, model: nil)
    }

    private static func pod(_ context: CaseContext, _ container: JSON, volumes: JSON = []) -> JSON {
        [
            "spec": [
                "nodeSelector": ["kubernetes.io/hostname": .string(context.node.name)],
                "terminationGracePeriodSeconds": 20, "containers": [container], "volumes": volumes,
            ]
        ]
    }

    /// Makes it.
    ///
    /// - Parameter changes: fields of the spec in the place of those that it would begin with.
    func apply(_ changes: [String: JSON] = [:]) async throws {
        var spec = spec
        for (field, value) in changes { spec[field] = value }
        try await context.client.create(
            .modelServers,
            [
                "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
                "metadata": ["name": .string(name), "namespace": .string(context.namespace)], "spec": spec,
            ])
    }

    /// Changes fields of the spec.
    func change(_ spec: JSON) async throws {
        try await context.client.patch(.modelServers, key, ["spec": spec])
    }

    /// Sets an annotation, as `kubectl annotate` does.
    func annotate(_ annotation: String, _ value: String) async throws {
        let change: JSON = ["metadata": ["annotations": [annotation: .string(value)]]]
        try await context.client.patch(.modelServers, key, change)
    }

    /// Sets the number of replicas through the subresource, as `kubectl scale` does.
    func scale(to replicas: Int) async throws {
        try await context.client.scale(.modelServers, key, replicas: replicas)
    }

    /// Deletes it and waits until it, its Service and its pods are gone.
    func delete() async throws {
        try await context.client.delete(.modelServers, key)
        try await context.gone(.modelServers, key)
        try await context.gone(.services, key)
        try await context.eventually("the pods of \(name) are gone") { try await pods().isEmpty }
    }

    /// The ModelServer now.
    func now() async throws -> JSON { try await context.client.get(.modelServers, key) }

    /// Its pods now.
    func pods() async throws -> [JSON] {
        let query = ["labelSelector": "\(WellKnown.serverLabel)=\(name)"]
        let pods = try await context.client.list(.pods, namespace: context.namespace, query: query)
        return pods.items?.array ?? []
    }

    private static func condition(_ type: String, of server: JSON) -> JSON? {
        server["status"]?.conditions?.array?.first { $0.type?.string == type }
    }

    /// Waits for a condition whose reason is as wanted.
    ///
    /// - Returns: its message.
    @discardableResult
    func condition(
        _ type: String, is status: String, reason isWanted: (String) -> Bool
    ) async throws -> String {
        try await context.eventually("condition \(type) is \(status)") {
            let condition = try await Self.condition(type, of: now())
            guard condition?.status?.string == status, isWanted(condition?.reason?.string ?? "") else {
                return .notYet(condition?.text() ?? "there is none")
            }
            return .found(condition?.message?.string ?? "")
        }
    }

    /// Waits until exactly so many replicas are ready, and the status is that of the newest spec.
    func ready(replicas: Int) async throws {
        try await context.eventually("ModelServer \(name) has \(replicas) of \(replicas) replicas ready") {
            () -> CaseContext.Look<Void> in
            let server = try await now()
            let status = server["status"]
            let ready = Self.condition("Ready", of: server)
            let isNow = status?.observedGeneration?.int == server.meta.generation
            let counts = [status?.replicas, status?.readyReplicas, status?.updatedReplicas].map {
                $0?.int ?? -1
            }
            return isNow && counts == [replicas, replicas, replicas] && ready?.status == "True"
                ? .found(())
                : .notYet("replicas, ready, updated: \(counts); \(ready?.text() ?? "no condition Ready")")
        }
    }

    /// Fails unless so many groups are on the node under test, of so many cores, and no core is in two.
    func groups(_ count: Int, cores size: Int) async throws {
        let live = try await (now().status?.groups?.array ?? []).filter { $0.phase == "Ready" }
        try require(
            live.count == count, "status.groups has \(live.count) groups that are Ready, not \(count)")
        var holdings: [(holder: String, cores: [Int])] = []
        for group in live {
            let pod = group.pod?.string ?? ""
            let cores = (group.cores?.string ?? "").split(separator: ",").compactMap { Int($0) }
            try require(cores.count == size, "group \(group.text()) has \(cores.count) cores, not \(size)")
            try require(
                group.node?.string == context.node.name, "pod \(pod) is on \(group.node?.string ?? "no node")"
            )
            holdings.append((pod, cores))
            try await context.published(pod, cores, in: "model-server")
        }
        try accept(Verdict.shared(holdings), "status.groups")
    }

    /// Has it compute an embedding, and compares it with what sentence-transformers computes where the model is known.
    func predict() async throws {
        let answer = try await context.answer(
            of: name, "POST", Self.predictions, body: ["inputs": "A ganglion is a cluster of neurons."])
        let embedding = answer.embeddings?[0]?.array?.compactMap(\.double) ?? []
        try require(!embedding.isEmpty, "the prediction has no embedding: \(answer.text().prefix(200))")
        guard model?.split(separator: "/").last == "all-MiniLM-L6-v2" else { return }
        // In float32.
        let expected = [0.00340, -0.10549, -0.03229, 0.02869]
        try require(
            embedding.count == 384 && zip(embedding, expected).allSatisfy { abs($0 - $1) < 0.00001 },
            "the embedding begins \(embedding.prefix(4)), not \(expected)")
    }

    private static let predictions = "/predictions/minilm"

    /// Keeps requests in flight while something is done; each must be answered with 200.
    ///
    /// - Parameters:
    ///   - count: requests in flight at any time.
    ///   - texts: texts of 100 words in each.
    /// - Returns: how many were answered.
    @discardableResult
    func loaded(
        _ count: Int, texts: Int, while body: @Sendable @escaping () async throws -> Void
    ) async throws -> Int {
        let text = Array(repeating: "neuron", count: 100).joined(separator: " ")
        let request: JSON = ["inputs": .array(Array(repeating: .string(text), count: texts))]
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await body()
                return nil
            }
            for _ in 0..<count {
                group.addTask {
                    var answered = 0
                    while !Task.isCancelled {
                        do {
                            let answer = try await context.ask(
                                service: name, "POST", Self.predictions, body: request)
                            try require(
                                answer.status == 200,
                                "a request was answered \(answer.status) \(answer.body.text())")
                        } catch {
                            // Cut off because the case is over, not lost.
                            if Task.isCancelled { break }
                            throw error is CaseFailure ? error : CaseFailure("a request was lost: \(error)")
                        }
                        answered += 1
                    }
                    return answered
                }
            }
            var answered = 0
            while let result = try await group.next() {
                if let result { answered += result } else { group.cancelAll() }
            }
            return answered
        }
    }
}
