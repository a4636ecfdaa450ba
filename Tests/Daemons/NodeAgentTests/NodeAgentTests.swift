// The whole agent between a plugin, a kubelet and an API server, over real sockets.

import GRPC
import GanglionAPI
import JSON
import KubeletAPI
import KubernetesAPI
import KubernetesClient
import Observability
import StatusEndpoints
import SystemIO
import Testing

@testable import NodeAgent

@Suite("Node agent", .timeLimit(.minutes(10)))
struct NodeAgentTests {
    @Test("hands assignments over, publishes what the kubelet says, and writes nothing more")
    func follows() async throws {
        let world = try await World(pods: [pod("p", cores: "4,5")])
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.told == ["4,5"] && $0.status("freeCores") == 12 }
        // The kubelet admits the pod.
        world.podResources.withLock { $0 = .success([listed("p", "c", ["4", "5"])]) }
        world.pods.send([pod("p", cores: "4,5", phase: "Running", admitted: true)])
        await world.board.until {
            $0.told == [] && $0.status("allocations")?[0]?["uid"] != nil && $0.status("freeCores") == 10
        }
        let facts = await world.board.facts
        #expect(
            facts.status("allocations") == [
                ["namespace": "n", "pod": "p", "container": "c", "cores": "4,5", "uid": "uid-p"]
            ])
        #expect(facts.status("reportTime") != nil)
        #expect(facts.status("largestFreeGroup") == 6)
        #expect(facts.condition("Healthy") == "True")
        #expect(
            facts.neuronNode?["metadata"]?["ownerReferences"] == [
                [
                    "apiVersion": "v1", "kind": "Node", "name": "node", "uid": "node-uid",
                    "controller": false, "blockOwnerDeletion": false,
                ]
            ])
        #expect(facts.applies.allSatisfy { $0.contains("fieldManager=ganglion-node-agent") })
        #expect(facts.events == [])
        // Questions to the kubelet go on; answers that say nothing new are not written.
        let lists = facts.lists
        await world.board.until { $0.lists >= lists + 5 }
        #expect(await world.board.facts.applies == facts.applies)
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("tells a plugin that has started again everything, and outlives its absence")
    func pluginRestarts() async throws {
        let world = try await World(pods: [pod("p", cores: "4,5")])
        let kubelet = try await world.kubelet()
        let first = try await world.plugin()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.told == ["4,5"] && $0.condition("Healthy") == "True" }
        await first.shutdown(grace: .zero)
        await world.board.until { $0.condition("Healthy") == "Unknown" }
        #expect(await world.board.facts.status("coreCount") == 12)
        // It has not found its chips yet, and refuses; once it has them it is told again.
        world.state.send(NodePluginAPI.NodeState())
        await world.board.note { $0.assignments = [] }
        let second = try await world.plugin()
        await world.board.until { $0.told == ["4,5"] && $0.condition("Healthy") == "False" }
        await world.board.note { $0.assignments = [] }
        world.state.send(state())
        await world.board.until { $0.told == ["4,5"] && $0.condition("Healthy") == "True" }
        await agent.stop()
        try await world.end(second, kubelet)
    }

    @Test("tells the plugin nothing while the API server has not told which pods there are")
    func apiServerIsDown() async throws {
        let world = try await World(pods: [pod("p", cores: "4,5")])
        world.isDown.withLock { $0 = true }
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.lists >= 3 }
        #expect(await world.board.facts.assignments == [])
        world.isDown.withLock { $0 = false }
        await world.board.until { $0.told == ["4,5"] && $0.status("freeCores") == 12 }
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("keeps the last list when the kubelet refuses, and says so when it goes on")
    func kubeletRefuses() async throws {
        let world = try await World()
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        world.podResources.withLock { $0 = .success([listed("p", "c", ["0"])]) }
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.status("freeCores") == 11 && $0.condition("AllocationsKnown") == "True" }
        world.podResources.withLock {
            $0 = .failure(GRPCStatus(.resourceExhausted, "rejected by rate limit"))
        }
        await world.board.until { $0.condition("AllocationsKnown") == "False" }
        #expect(await world.board.facts.status("freeCores") == 11)
        world.podResources.withLock { $0 = .success([]) }
        await world.board.until { $0.status("freeCores") == 12 && $0.condition("AllocationsKnown") == "True" }
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("writes events about chips and about cores that were not assigned")
    func events() async throws {
        let world = try await World(pods: [pod("p", cores: "4,5", admitted: true)])
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        world.podResources.withLock { $0 = .success([listed("p", "c", ["6", "7"])]) }
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.events.count == 1 }
        world.state.send(state(unhealthy: [3: "lost"]))
        await world.board.until { $0.events.count == 2 && $0.condition("Healthy") == "False" }
        let events = await world.board.facts.events
        #expect(
            events.map { "\($0["type"]?.string ?? "") \($0["reason"]?.string ?? "")" } == [
                "Normal AllocationDiffers", "Warning ChipUnhealthy",
            ])
        #expect(
            events[0]["regarding"] == [
                "apiVersion": "v1", "kind": "Pod", "namespace": "n", "name": "p", "uid": "uid-p",
            ])
        #expect(
            events[1]["regarding"] == [
                "apiVersion": "v1", "kind": "Node", "name": "node", "uid": "node-uid",
            ])
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("starts from what is published: no old events, nothing written that is there")
    func restarts() async throws {
        let ill = state(unhealthy: [3: "lost"])
        let report = NodeReport(layout: NodeLayout(ill), holdings: [], heardAt: .now)
        let owner = OwnerReference(
            apiVersion: "v1", kind: "Node", name: "node", uid: "node-uid", controller: false)
        let published = try JSON(
            encoding: NeuronNode(
                metadata: ObjectMetadata(name: "node", ownerReferences: [owner]),
                status: report.status(previous: nil, now: .now)))
        let world = try await World(state: ill, neuronNode: published)
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.lists >= 5 && $0.told == [] }
        await agent.stop()
        let facts = await world.board.facts
        #expect(facts.events == [])
        #expect(facts.applies == [])
        try await world.end(plugin, kubelet)
    }

    @Test("tells the plugin which pods have ended, and publishes no cores of theirs")
    func endedPods() async throws {
        let world = try await World(pods: [pod("job", cores: "4,5", phase: "Running", admitted: true)])
        world.podResources.withLock { $0 = .success([listed("job", "c", ["4", "5"])]) }
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.status("freeCores") == 10 && $0.stopped == [] }
        // A kubelet before 1.34 goes on listing it.
        world.pods.send([pod("job", cores: "4,5", phase: "Succeeded", admitted: true)])
        await world.board.until { $0.status("freeCores") == 12 && $0.stopped == ["n/job"] }
        // Deleted by force, it is the API server that does not know what runs.
        world.pods.send([])
        await world.board.until {
            $0.status("allocations")?[0] == [
                "namespace": "n", "pod": "job", "container": "c", "cores": "4,5",
            ]
                && $0.stopped == []
        }
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("makes the NeuronNode again when somebody has removed it")
    func removed() async throws {
        let world = try await World()
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.condition("Healthy") == "True" && $0.status("freeCores") == 12 }
        await world.board.note { $0.neuronNode = nil }
        // A change is written, is refused for want of the object, and both are written.
        world.podResources.withLock { $0 = .success([listed("p", "c", ["0"])]) }
        await world.board.until { $0.status("freeCores") == 11 }
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("says that the definition is missing where the NeuronNode cannot even be made")
    func noDefinition() {
        let missing = KubernetesError.status(
            APIStatus(code: 404, reason: "", message: "404 page not found\n"))
        #expect(
            NeuronNodePublisher.sentence(missing, isThere: false)
                == "the cluster does not know neuronnodes.ganglion.dev: install that CustomResourceDefinition, the "
                + "object is written as soon as it is there")
        #expect(NeuronNodePublisher.sentence(missing, isThere: true) == missing.description)
        let other = KubernetesError.status(APIStatus(code: 403, reason: "Forbidden", message: "no"))
        #expect(NeuronNodePublisher.sentence(other, isThere: false) == other.description)
    }

    @Test("says of each peer whether it is there, and counts what it does")
    func status() async throws {
        let world = try await World()
        let registry = MetricsRegistry()
        let agent = NodeAgent(settings: world.settings, client: world.client, registry: registry)
        #expect(await agent.checks(.live).allSatisfy { $0.fault == nil })
        #expect(
            await agent.checks(.ready) == [
                StatusCheck(name: "device plugin", fault: "nothing has come from it yet"),
                StatusCheck(name: "kubelet", fault: "nothing has come from it yet"),
                StatusCheck(name: "API server", fault: "the pods have not been read yet"),
            ])
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        await agent.start()
        // The plugin is told of assignments when the pods have been read.
        await world.board.until {
            $0.told == [] && $0.condition("Healthy") == "True" && $0.status("freeCores") == 12
        }
        #expect(
            await agent.checks(.ready)
                == ["device plugin", "kubelet", "API server"].map {
                    StatusCheck(name: $0, fault: nil)
                })
        // With the plugin gone the node is told so; the agent is not ready, and lives.
        await plugin.shutdown(grace: .zero)
        await world.board.until { $0.condition("Healthy") == "Unknown" }
        let faults = await agent.checks(.ready).map(\.fault)
        #expect(faults[0]?.hasPrefix("the device plugin cannot be reached: ") == true)
        #expect(faults[1...] == [nil, nil])
        #expect(await agent.checks(.live).allSatisfy { $0.fault == nil })
        await agent.stop()
        for name in ["node", "assignments", "podresources", "neuronnode"] {
            let line = #"controller_runtime_reconcile_total{controller="\#(name)",result="#
            #expect(registry.exposition().contains(line), "\(name)")
        }
        try await world.end(kubelet)
    }

    @Test("ends although nobody is there")
    func nobody() async throws {
        let world = try await World()
        world.isDown.withLock { $0 = true }
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await agent.stop()
        #expect(await world.board.facts.applies == [])
        try await world.end()
    }
}
