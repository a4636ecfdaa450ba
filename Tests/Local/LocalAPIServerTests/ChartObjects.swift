// Rights and policies as Helm's own engine renders them, once for all tests: it takes longer to load than to use.

import GanglionAPI
import JSON
import KubernetesClient
import TestSupport
import Testing

/// What the chart makes.
enum ChartObjects {
    private static let all = Task { () throws -> [Bool: [JSON]] in
        var result: [Bool: [JSON]] = [:]
        for nodeLabel in [true, false] {
            let values: JSON = ["nodeAgent": ["nodeLabel": .bool(nodeLabel)]]
            let peer = try PythonPeer("chart_rights.py", [Python.root + "/charts/ganglion", values.text()])
            result[nodeLabel] = try JSON(parsing: try await peer.text()).array
            await peer.finish()
        }
        return result
    }

    /// The objects with the label's right or without.
    static func rendered(nodeLabel: Bool) async throws -> [JSON] { try await all.value[nodeLabel] ?? [] }
}

@Suite("The chart's roles", .enabled(if: Python.has("helm_python", "yaml")))
struct ChartRolesTests {
    @Test("have the rules that the local cluster enforces", arguments: [true, false])
    func rules(nodeLabel: Bool) async throws {
        let objects = try await ChartObjects.rendered(nodeLabel: nodeLabel)
        func rules(_ kind: String, _ name: String) -> [JSON]? {
            let role = objects.first { $0.kind?.string == kind && $0.metadata?.name?.string == name }
            return role?.rules?.array
        }
        func list(_ bytes: [UInt8]) throws -> [JSON] { try YAMLReader.read(bytes).array ?? [] }
        let agent =
            try list(GanglionAPI.Rights.nodeAgent)
            + (nodeLabel ? list(GanglionAPI.Rights.nodeLabel) : [])
        let `operator` = try list(GanglionAPI.Rights.operator)
        let lease = try list(GanglionAPI.Rights.operatorLease)
        #expect(!agent.isEmpty && rules("ClusterRole", "ganglion-node-agent") == agent)
        #expect(!`operator`.isEmpty && rules("ClusterRole", "ganglion-operator") == `operator`)
        #expect(!lease.isEmpty && rules("Role", "ganglion-operator") == lease)
        #expect(objects.filter { ["ClusterRole", "Role"].contains($0.kind?.string) }.count == 3)
    }

    @Test("are bound to the accounts of their names and to nobody else")
    func bindings() async throws {
        let objects = try await ChartObjects.rendered(nodeLabel: false)
        let bindings = objects.filter { $0.kind?.string?.hasSuffix("Binding") == true && $0.roleRef != nil }
        #expect(bindings.count == 3)
        for binding in bindings {
            let name = binding.metadata?.name
            #expect(binding.roleRef?.name == name)
            #expect(
                binding.subjects == [
                    ["kind": "ServiceAccount", "name": name ?? .null, "namespace": "ganglion-system"]
                ])
        }
    }
}
