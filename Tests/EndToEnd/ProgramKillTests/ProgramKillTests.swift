// The kubelet, the device plugin and the node agent are killed with SIGKILL before every single thing that they do to the
// world - each file, each octet to a socket, each process that they start - while a ModelServer lives from its creation to
// its deletion, and each is started again. The steps are counted in a life in which nobody dies. Whatever the step, the end
// of each part of the life is the same: every pod has its cores and runs, kubelet, NeuronNode, annotations and the
// containers' own environments say the same, and when all is deleted no process, no object and no file is left over. No
// core is ever told to processes of two pods.

import Arguments
import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Placement
import SystemIO
import TestSupport
import Testing

/// A part of the life that does not come to its end.
struct Stuck: Error, CustomStringConvertible {
    var description: String
}

@Suite(
    "Programs of a node that are killed at any step", .serialized, .timeLimit(.minutes(240)),
    .enabled(if: TrappedProgram.isAvailable, "system calls cannot be held here: seccomp's notifications"))
struct ProgramKillTests {
    private static let key = ObjectKey(namespace: "default", name: "m")
    /// Longer than the pauses that a kubelet makes after a refusal.
    private static let patience = Duration.seconds(90)
    /// Which steps are tried: all with 1, some with 220-240, samples without it.
    private static let wanted = Command.environment("GANGLION_EVERY_KILL")
    /// Steps of each program that are tried where not all are.
    private static let samples = 3
    /// Lives at a time.
    private static let width = 6

    /// What is there at the end of each part, without what differs from life to life.
    private typealias Ends = [[String]]

    private static func spec(replicas: Int) -> JSON {
        let probe: JSON = ["exec": ["command": ["/bin/true"]], "periodSeconds": 1]
        var readiness = probe
        readiness["periodSeconds"] = 3_600
        return [
            "replicas": JSON(replicas), "neuron": ["cores": 4], "runtime": ["preset": "custom"],
            "models": [["name": "m", "uri": "file:///models/m"]],
            "template": [
                "spec": [
                    "terminationGracePeriodSeconds": 1,
                    "containers": [
                        [
                            "name": "model-server", "image": "ganglion.dev/shell",
                            "command": ["/bin/sh", "-c", "exec sleep 3600"], "startupProbe": probe,
                            "readinessProbe": readiness,
                        ]
                    ],
                ]
            ],
        ]
    }

    /// Looks until there is nothing to object to, and starts again what has died.
    private func wait(_ machine: Machine, for what: String, _ look: () async throws -> String?) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            try await machine.revive()
            if let clash = NodeProcess.clash(machine.processes()) { throw Stuck(description: clash) }
            let objection: String?
            do { objection = try await look() } catch { objection = "\(error)" }
            guard let objection else { return }
            guard ContinuousClock.now < deadline else {
                throw Stuck(description: "\(what): \(objection)\n\(await machine.logs())")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Why the world is not yet as it has to be with this many replicas; nil when it is.
    private func objection(_ machine: Machine, replicas: Int) async throws -> String? {
        let client = machine.client
        let server = try await client.get(.modelServers, Self.key)
        let status = server["status"] ?? .null
        guard status["observedGeneration"]?.int == server["metadata"]?["generation"]?.int,
            ["replicas", "readyReplicas", "updatedReplicas"].allSatisfy({ status[$0]?.int == replicas }),
            status["groups"]?.array?.count == replicas
        else { return "the ModelServer says \(status)" }
        let pods = try await client.list(.pods)["items"]?.array ?? []
        guard pods.count == replicas else { return "there are \(pods.count) pods" }
        let held = try await machine.held()
        guard held.count == replicas else { return "the kubelet lists \(held)" }
        let processes = machine.processes()
        // The kubelet does not say for which pod it asks: groups of one size may be exchanged. A plugin to which nobody has told
        // an assignment, since the agent was dead, takes the group that is best, and the NeuronNode says so.
        let assigned = pods.map {
            (try? CoreSet(parsing: $0.meta.annotations[WellKnown.coresAnnotation] ?? "")) ?? []
        }
        if await machine.death == nil, Set(assigned) != Set(held.values) {
            return "assigned is \(assigned), held \(held)"
        }
        guard processes.count == 2 * replicas else { return "there are the processes \(processes)" }
        let report = try await client.get(NeuronNode.self, ObjectKey(name: Machine.name))
        let allocations = report.status?.allocations ?? []
        guard allocations.count == replicas, report.status?.freeCores == 24 - 4 * replicas else {
            return "the NeuronNode has \(allocations)"
        }
        let conditions = report.status?.conditions ?? []
        guard conditions.count == 3, conditions.allSatisfy({ $0.status == .true }) else {
            return "the NeuronNode says \(conditions)"
        }
        for pod in pods {
            let (name, uid) = (pod.meta.name, pod.meta.uid)
            let cores = held[name] ?? []
            guard cores.count == 4 else { return "\(name) holds \(cores)" }
            let own = processes.filter { $0.pod == uid }
            guard own.count == 1, (try? CoreSet(parsing: own[0].cores)) == cores else {
                return "\(name) has the processes \(own)"
            }
            let told = allocations.filter { $0.pod == name }
            guard told.count == 1, told[0].uid == uid, (try? CoreSet(parsing: told[0].cores)) == cores else {
                return "the NeuronNode says of \(name) \(told)"
            }
        }
        return nil
    }

    /// What the parts of the life are compared by, beside what all of them have to say.
    private func end(_ machine: Machine) async throws -> [String] {
        let client = machine.client
        var lines: [String] = []
        for pod in try await client.list(.pods)["items"]?.array ?? [] {
            lines.append("\(pod.meta.name) \(pod.meta.labels[WellKnown.hashLabel] ?? "")")
        }
        return lines
    }

    /// Two replicas, three, another model, none.
    private func live(_ machine: Machine) async throws -> Ends {
        let client = machine.client
        let node = ObjectKey(name: Machine.name)
        try await wait(machine, for: "the node") {
            let report = try await client.get(NeuronNode.self, node)
            guard report.status?.freeCores == 24 else { return "the NeuronNode is not there" }
            let cores = try await client.get(.nodes, node)["status"]?["allocatable"]?[WellKnown.neuronCore]
            return cores?.string == "24" ? nil : "the node has \(cores ?? .null) cores"
        }
        var ends: Ends = []
        func part(_ name: String, replicas: Int) async throws {
            try await wait(machine, for: name) { try await objection(machine, replicas: replicas) }
            ends.append(try await end(machine))
        }
        try await client.create(
            .modelServers,
            [
                "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
                "metadata": ["name": "m", "namespace": "default"], "spec": Self.spec(replicas: 2),
            ])
        try await part("create", replicas: 2)
        try await client.scale(.modelServers, Self.key, replicas: 3)
        try await part("scale", replicas: 3)
        try await client.patch(
            .modelServers, Self.key, ["spec": ["models": [["name": "m", "uri": "file:///models/other"]]]])
        try await part("roll", replicas: 3)
        try await client.delete(.modelServers, Self.key)
        try await waitForOperator(machine)
        try await wait(machine, for: "delete") {
            let pods = try await client.list(.pods)["items"]?.array ?? []
            guard pods.isEmpty else { return "there are \(pods.map(\.meta.name))" }
            let held = try await machine.held()
            guard held.isEmpty else { return "the kubelet lists \(held)" }
            let processes = machine.processes()
            guard processes.isEmpty else { return "there are the processes \(processes)" }
            let report = try await client.get(NeuronNode.self, node)
            guard report.status?.freeCores == 24, report.status?.allocations ?? [] == [] else {
                return "the NeuronNode has \(report.status?.allocations ?? [])"
            }
            let conditions = report.status?.conditions ?? []
            guard conditions.allSatisfy({ $0.status == .true }) else {
                return "the NeuronNode says \(conditions)"
            }
            let pending = machine.files().filter { $0.hasPrefix("k/pods/") }
            guard pending.isEmpty else { return "the kubelet has the files \(pending)" }
            let left = try await end(machine)
            return left.isEmpty ? nil : "there are \(left) again"
        }
        ends.append(machine.files())
        return ends
    }

    /// Waits until the operator has seen the ModelServer go: what it does with one that was made later comes after that. A pod
    /// that it made anew before it knew is still to be taken away, and is not what is left over.
    private func waitForOperator(_ machine: Machine) async throws {
        let client = machine.client
        let key = ObjectKey(namespace: "default", name: "later")
        try await client.create(
            .modelServers,
            [
                "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
                "metadata": ["name": "later", "namespace": "default"], "spec": Self.spec(replicas: 0),
            ])
        try await wait(machine, for: "the operator to see what came later") {
            let status = try await client.get(.modelServers, key)["status"]
            return status?["observedGeneration"]?.int == 1 ? nil : "it says \(status ?? .null)"
        }
        try await client.delete(.modelServers, key)
    }

    private struct Life: Sendable {
        var ends: [[String]]
        var steps: Int
        var death: String?
    }

    private func run(_ victim: NodeProgram, step: Int) async throws -> Life {
        let machine = try await Machine(victim: victim, step: step)
        do {
            let ends = try await live(machine)
            let steps = await machine.steps(victim)
            let death = await machine.death
            await machine.stop()
            return Life(ends: ends, steps: steps, death: death)
        } catch {
            let death = await machine.death ?? "nobody was killed"
            await machine.stop()
            throw Stuck(description: "\(death): \(error)")
        }
    }

    @Test(
        "are started again, and everything comes to the same end",
        arguments: NodeProgram.allCases)
    func anyStep(victim: NodeProgram) async throws {
        let expected = try await run(victim, step: 0)
        #expect(expected.ends.count == 4 && expected.death == nil)
        #expect(expected.steps > 30, "only \(expected.steps) steps were counted")
        print("\(victim.rawValue): \(expected.steps) steps")
        let all = Array(1...expected.steps)
        let steps = Self.steps(of: all)
        var rest = steps[...]
        while !rest.isEmpty {
            let turn = rest.prefix(Self.width)
            rest = rest.dropFirst(Self.width)
            await withTaskGroup(of: Void.self) { group in
                for step in turn {
                    group.addTask { await die(victim, at: step, expected.ends) }
                }
            }
        }
    }

    private static func steps(of all: [Int]) -> [Int] {
        let stride = max(1, all.count / samples)
        guard let wanted else { return all.filter { $0 % stride == 1 + stride / 2 } }
        let ends = wanted.split(separator: "-").compactMap { Int($0) }
        return ends.count == 2 ? all.filter { $0 >= ends[0] && $0 <= ends[1] } : all
    }

    private func die(_ victim: NodeProgram, at step: Int, _ expected: [[String]]) async {
        do {
            let life = try await run(victim, step: step)
            #expect(life.ends == expected, "\(victim.rawValue), step \(step): \(life.death ?? "")")
        } catch {
            Issue.record("\(victim.rawValue), step \(step): \(error)")
        }
    }
}
