import JSON
import KubernetesAPI
import KubernetesClient
import Testing

@testable import NodeAgent

@Suite("The Node's label", .timeLimit(.minutes(10)))
struct NodeLabelTests {
    private static let set: JSON = [
        "apiVersion": "v1", "kind": "Node",
        "metadata": [
            "name": "node", "uid": "node-uid", "labels": ["neuron.amazonaws.com/present": "true"],
        ],
    ]
    private static let remove: JSON = [
        "apiVersion": "v1", "kind": "Node", "metadata": ["name": "node", "uid": "node-uid"],
    ]

    /// A Node with the label's value, and the managers that have written it.
    private static func node(_ value: String?, by managers: (name: String, operation: String)...) -> JSON {
        var metadata: JSON = ["name": "node", "uid": "node-uid", "labels": ["zone": "a"]]
        if let value { metadata[path: ["labels", NodeLabel.key]] = .string(value) }
        metadata["managedFields"] = .array(
            managers.map {
                [
                    "manager": .string($0.name), "operation": .string($0.operation),
                    "fieldsV1": ["f:metadata": ["f:labels": ["f:" + NodeLabel.key: [:]]]],
                ]
            })
        return ["metadata": metadata]
    }

    @Test(
        "is set where nobody has set it, and removed only by who set it",
        arguments: [
            (node(nil), true, set), (node("true", by: ("ganglion-node-agent", "Apply")), true, nil),
            (node("true", by: ("aws-plugin", "Update")), true, nil),
            // Somebody wants it so.
            (node("false", by: ("kubectl-label", "Update")), true, nil),
            (node("true", by: ("ganglion-node-agent", "Apply")), false, remove),
            (node("true", by: ("aws-plugin", "Update")), false, nil), (node("true"), false, nil),
            (node("true", by: ("ganglion-node-agent", "Update")), false, nil), (node(nil), false, nil),
        ] as [(JSON, Bool, JSON?)])
    func decides(node: JSON, hasChips: Bool, expected: JSON?) throws {
        let wanted = NodeLabel.configuration(for: node.typed(), hasChips: hasChips)
        #expect(try wanted.map { try JSON(encoding: $0) } == expected)
    }

    @Test("comes with the chips, stays while a plugin starts, and goes when they are gone for good")
    func follows() async throws {
        let world = try await World()
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        var settings = world.settings
        settings.labelsNode = true
        settings.resync = .milliseconds(20)
        let agent = NodeAgent(settings: settings, client: world.client)
        await agent.start()
        await world.board.until { $0.nodeApplies == [Self.set] }
        world.state.send(state(chips: 0))
        await world.board.until { $0.condition("Healthy") == "False" }
        await world.board.until { $0.nodeApplies == [Self.set, Self.remove] }
        world.state.send(state())
        await world.board.until { $0.nodeApplies == [Self.set, Self.remove, Self.set] }
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("waits for a Node that comes after its agent, and so does the NeuronNode, whose owner it is")
    func lateNode() async throws {
        let world = try await World()
        let node = await world.board.note { facts in
            defer { facts.node = .null }
            return facts.node
        }
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        var settings = world.settings
        settings.labelsNode = true
        settings.resync = .milliseconds(20)
        let agent = NodeAgent(settings: settings, client: world.client)
        await agent.start()
        await world.board.until { $0.nodeReadings > 3 }
        #expect(await world.board.facts.applies == [])
        await world.board.note { $0.node = node }
        await world.board.until { $0.status("freeCores") == 12 && $0.nodeApplies == [Self.set] }
        let references = await world.board.facts.neuronNode?["metadata"]?["ownerReferences"]?.array
        #expect(references?.map { $0["uid"] } == ["node-uid"])
        // A Node that is made anew: the NeuronNode is the old one's, and the garbage collector's to take.
        let applies = await world.board.facts.applies.filter { !$0.contains("/status") }
        await world.board.note { facts in
            facts.node = ["kind": "Node", "metadata": ["name": "node", "uid": "other"]]
            facts.nodeReadings = 0
        }
        await world.board.until { $0.nodeReadings > 3 }
        #expect(await world.board.facts.applies.filter { !$0.contains("/status") } == applies)
        await agent.stop()
        try await world.end(plugin, kubelet)
    }

    @Test("is not thought of where nobody asked for it")
    func off() async throws {
        let world = try await World()
        let plugin = try await world.plugin()
        let kubelet = try await world.kubelet()
        let agent = NodeAgent(settings: world.settings, client: world.client)
        await agent.start()
        await world.board.until { $0.status("freeCores") == 12 }
        #expect(await world.board.facts.nodeApplies == [])
        await agent.stop()
        try await world.end(plugin, kubelet)
    }
}
