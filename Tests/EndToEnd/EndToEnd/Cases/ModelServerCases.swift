// A ModelServer's whole life, as its owner lives it; and a server that somebody else wrote.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import NeuronTools

extension Case {
    static let modelServerCases = [
        Case(
            "model-server",
            "a ModelServer goes from apply to a prediction, is scaled, rolled out, and deleted"
        ) {
            context in
            let life = try ModelServerLife(context)
            try await life.apply()
            try await life.predict()
            try await life.refusedEdit()
            try await life.scale(to: 2)
            try await life.scale(to: 1)
            try await life.rollOut()
            try await life.predict()
            try await life.delete()
        },
        Case(
            "model-server-no-room",
            "a ModelServer that no node has room for says so, and recovers when it is changed"
        ) {
            context in
            let life = try ModelServerLife(context)
            try await life.apply(cores: 128)
            let reason = try await life.condition("Placed", is: "False") { $0 != "Placing" }
            context.say("Placed is False: \(reason)")
            try await life.setCores(2)
            try await life.ready(replicas: 1)
            try await life.delete()
        },
        Case(
            "foreign-server",
            "a ModelServer of somebody else's image on another port gets ready, and its Service reaches it"
        ) {
            context in
            try await context.requireRuntimes()
            try require(node: context.node.allocatable >= 2, "the node has fewer than 2 NeuronCores")
            try await context.client.create(.modelServers, context.foreignServer("foreign"))
            try await context.eventually("ModelServer foreign is Ready") { () -> CaseContext.Look<Void> in
                let server = try await context.modelServer("foreign")
                let ready = server.condition("Ready")
                return ready?.status == "True" ? .found(()) : .notYet(ready?.text() ?? "no condition Ready")
            }
            let answer = try await context.answer(of: "foreign", "GET", "/")
            let report = try ContainerReport(answer)
            try accept(
                Verdict.usable(
                    report, cores: 2, topology: context.node.topology, instanceType: context.node.instanceType
                ),
                "the server's own report")
            let url = try await context.modelServer("foreign").status?.url?.string ?? ""
            try require(url.contains(":9000"), "status.url is \(url), the server's port is 9000")
        },
    ]
}

/// The steps of one ModelServer.
private struct ModelServerLife {
    let context: CaseContext
    let directory: String
    private let name = "minilm"
    private var key: ObjectKey { ObjectKey(namespace: context.namespace, name: name) }

    init(_ context: CaseContext) throws(LeftOut) {
        try require(node: context.node.allocatable >= 4, "the node has fewer than 4 NeuronCores")
        guard let model = context.settings.model else {
            throw LeftOut("no model is known: name its directory on the node with --model")
        }
        self.context = context
        directory = model
    }

    func apply(cores: Int = 2) async throws {
        var container: JSON = [
            "name": "model-server",
            "volumeMounts": [["name": "model", "mountPath": .string(directory), "readOnly": true]],
        ]
        if let image = context.settings.modelServerImage {
            container.image = .string(image)
            container.command = ["/ganglion-model-server"]
        }
        let server: JSON = [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": .string(name), "namespace": .string(context.namespace)],
            "spec": [
                "replicas": 1, "neuron": ["cores": JSON(cores), "tensorParallelDegree": 2],
                "models": [["name": .string(name), "uri": .string("file://" + directory)]],
                "template": [
                    "spec": [
                        "nodeSelector": ["kubernetes.io/hostname": .string(context.node.name)],
                        "terminationGracePeriodSeconds": 5,
                        "containers": [container],
                        "volumes": [["name": "model", "hostPath": ["path": .string(directory)]]],
                    ]
                ],
            ],
        ]
        try await context.client.create(.modelServers, server)
        if cores == 2 { try await ready(replicas: 1) }
    }

    /// Waits until exactly so many replicas are ready, and the status is that of the newest spec.
    func ready(replicas: Int) async throws {
        try await context.eventually("ModelServer \(name) has \(replicas) of \(replicas) replicas ready") {
            () -> CaseContext.Look<Void> in
            let server = try await context.modelServer(name)
            let status = server.status
            let isNow = status?.observedGeneration?.int == server.meta.generation
            let counts = [status?.replicas, status?.readyReplicas, status?.updatedReplicas].map {
                $0?.int ?? -1
            }
            let ready = server.condition("Ready")
            return isNow && counts == [replicas, replicas, replicas] && ready?.status == "True"
                ? .found(())
                : .notYet("replicas, ready, updated: \(counts); \(ready?.text() ?? "no condition Ready")")
        }
        try await groups(replicas: replicas)
    }

    /// Every group is on the node under test, and no core is in two.
    private func groups(replicas: Int) async throws {
        let groups = try await context.modelServer(name).status?.groups?.array ?? []
        let live = groups.filter { $0.phase == "Ready" }
        try require(
            live.count == replicas, "status.groups has \(live.count) groups that are Ready, not \(replicas)")
        var holdings: [(holder: String, cores: [Int])] = []
        for group in live {
            let pod = group.pod?.string ?? ""
            let cores = (group.cores?.string ?? "").split(separator: ",").compactMap { Int($0) }
            try require(cores.count == 2, "group \(group.text()) has \(cores.count) cores, not 2")
            try require(
                group.node?.string == context.node.name, "pod \(pod) is on \(group.node?.string ?? "no node")"
            )
            holdings.append((pod, cores))
            try await context.published(pod, cores, in: "model-server")
        }
        try accept(Verdict.shared(holdings), "status.groups")
    }

    func predict() async throws {
        let answer = try await context.answer(
            of: name, "POST", "/predictions/\(name)", body: ["inputs": "A ganglion is a cluster of neurons."])
        let embedding = answer.embeddings?[0]?.array?.compactMap(\.double) ?? []
        try require(!embedding.isEmpty, "the prediction has no embedding: \(answer.text().prefix(200))")
        guard directory.split(separator: "/").last == "all-MiniLM-L6-v2" else { return }
        // What sentence-transformers computes for this sentence, in float32.
        let expected = [0.00340, -0.10549, -0.03229, 0.02869]
        try require(
            embedding.count == 384 && zip(embedding, expected).allSatisfy { abs($0 - $1) < 0.00001 },
            "the embedding begins \(embedding.prefix(4)), not \(expected)")
    }

    func refusedEdit() async throws {
        let before = try await context.modelServer(name).meta.generation
        do {
            try await context.client.patch(
                .modelServers, key, ["spec": ["neuron": ["tensorParallelDegree": 3]]])
        } catch {
            try require(error.code == 422, "the edit was refused, but with \(error)")
            try require(
                "\(error)".contains("2 cores: valid values are 1, 2"),
                "the refusal does not say what is valid: \(error)")
            let after = try await context.modelServer(name)
            try require(after.meta.generation == before, "the refused edit changed the ModelServer")
            return
        }
        throw CaseFailure("3 cores for each copy of a model were taken, of 2 cores in all")
    }

    func scale(to replicas: Int) async throws {
        try await context.client.scale(.modelServers, key, replicas: replicas)
        try await ready(replicas: replicas)
    }

    func setCores(_ cores: Int) async throws {
        try await context.client.patch(.modelServers, key, ["spec": ["neuron": ["cores": JSON(cores)]]])
    }

    func rollOut() async throws {
        let before = try await podNames()
        try await context.client.patch(
            .modelServers, key,
            ["spec": ["template": ["metadata": ["annotations": ["example.com/edit": "2"]]]]])
        try await ready(replicas: 1)
        try await context.eventually("the pods of before are gone") {
            try await podNames().isDisjoint(with: before)
        }
    }

    private func podNames() async throws -> Set<String> {
        let query = ["labelSelector": "\(WellKnown.serverLabel)=\(name)"]
        let pods = try await context.client.list(.pods, namespace: context.namespace, query: query)
        return Set((pods.items?.array ?? []).map(\.meta.name))
    }

    /// Waits for a condition whose reason is as wanted.
    ///
    /// - Returns: its message.
    func condition(
        _ type: String, is status: String, reason isWanted: (String) -> Bool
    ) async throws -> String {
        try await context.eventually("condition \(type) is \(status)") {
            let condition = try await context.modelServer(name).condition(type)
            guard condition?.status?.string == status, isWanted(condition?.reason?.string ?? "") else {
                return .notYet(condition?.text() ?? "there is none")
            }
            return .found(condition?.message?.string ?? "")
        }
    }

    func delete() async throws {
        try await context.client.delete(.modelServers, key)
        try await context.gone(.modelServers, key)
        try await context.gone(.services, key)
        try await context.eventually("the pods of \(name) are gone") { try await podNames().isEmpty }
    }
}

extension CaseContext {
    func modelServer(_ name: String) async throws -> JSON {
        try await client.get(.modelServers, ObjectKey(namespace: namespace, name: name))
    }

    /// Leaves the case out where ModelServers run nothing but our own server.
    func requireRuntimes() async throws {
        let definition = try await client.get(
            .customResourceDefinitions, ObjectKey(name: "modelservers.ganglion.dev"))
        let schema = definition.spec?.versions?[0]?.schema?.openAPIV3Schema
        let runtime = schema?[path: ["properties", "spec", "properties", "runtime"]]
        try require(node: runtime != nil, "the cluster's ModelServer has no spec.runtime: upgrade the CRDs")
    }

    /// A server that is not ours: it knows neither our paths nor our port.
    func foreignServer(_ name: String) -> JSON {
        [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "replicas": 1, "neuron": ["cores": 2], "runtime": ["preset": "custom", "port": 9000],
                "models": [["name": "m", "uri": "file:///nowhere"]],
                "template": [
                    "spec": [
                        "nodeSelector": ["kubernetes.io/hostname": .string(node.name)],
                        "terminationGracePeriodSeconds": 5,
                        "containers": [
                            [
                                "name": "model-server", "image": .string(settings.image),
                                "imagePullPolicy": "IfNotPresent", "command": ["/ganglion"],
                                "args": ["report", "--listen", ":9000"],
                            ]
                        ],
                    ]
                ],
            ],
        ]
    }
}

extension JSON {
    /// An entry of status.conditions.
    func condition(_ type: String) -> JSON? {
        self["status"]?.conditions?.array?.first { $0.type?.string == type }
    }
}
