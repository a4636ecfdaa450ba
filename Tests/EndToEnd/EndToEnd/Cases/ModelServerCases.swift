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
            let life = try ModelServerLife.own(context)
            try await life.apply()
            try await life.ready(replicas: 1)
            try await life.groups(1, cores: 2)
            try await life.predict()
            try await life.refusedEdit()
            try await life.scale(to: 2)
            try await life.ready(replicas: 2)
            try await life.groups(2, cores: 2)
            try await life.scale(to: 1)
            try await life.ready(replicas: 1)
            let before = try await life.pods().map(\.meta.uid)
            try await life.change(["template": ["metadata": ["annotations": ["example.com/edit": "2"]]]])
            try await life.ready(replicas: 1)
            try await context.eventually("the pods of before are gone") {
                try await life.pods().allSatisfy { !before.contains($0.meta.uid) }
            }
            try await life.groups(1, cores: 2)
            try await life.predict()
            try await life.delete()
        },
        Case(
            "model-server-no-room",
            "a ModelServer that no node has room for says so, and recovers when it is changed"
        ) {
            context in
            let life = try ModelServerLife.own(context)
            try await life.apply(["neuron": ["cores": 128, "tensorParallelDegree": 2]])
            let reason = try await life.condition("Placed", is: "False") { $0 != "Placing" }
            context.say("Placed is False: \(reason)")
            try await life.change(["neuron": ["cores": 2]])
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
            let life = ModelServerLife.foreign(context)
            try await life.apply()
            try await life.ready(replicas: 1)
            let answer = try await context.answer(of: life.name, "GET", "/")
            let report = try ContainerReport(answer)
            try accept(
                Verdict.usable(
                    report, cores: 2, topology: context.node.topology, instanceType: context.node.instanceType
                ),
                "the server's own report")
            let url = try await life.now().status?.url?.string ?? ""
            try require(url.contains(":9000"), "status.url is \(url), the server's port is 9000")
        },
    ]
}

extension ModelServerLife {
    /// An edit that the API server must refuse, and whose refusal must say what is valid.
    fileprivate func refusedEdit() async throws {
        let before = try await now().meta.generation
        do {
            try await change(["neuron": ["tensorParallelDegree": 3]])
        } catch let error as KubernetesError {
            try require(error.code == 422, "the edit was refused, but with \(error)")
            try require(
                "\(error)".contains("2 cores: valid values are 1, 2"),
                "the refusal does not say what is valid: \(error)")
            let after = try await now().meta.generation
            try require(after == before, "the refused edit changed the ModelServer")
            return
        }
        throw CaseFailure("3 cores for each copy of a model were taken, of 2 cores in all")
    }
}

extension CaseContext {
    /// Leaves the case out where ModelServers run nothing but our own server.
    func requireRuntimes() async throws {
        let definition = try await client.get(
            .customResourceDefinitions, ObjectKey(name: "modelservers.ganglion.dev"))
        let schema = definition.spec?.versions?[0]?.schema?.openAPIV3Schema
        let runtime = schema?[path: ["properties", "spec", "properties", "runtime"]]
        try require(node: runtime != nil, "the cluster's ModelServer has no spec.runtime: upgrade the CRDs")
    }
}
