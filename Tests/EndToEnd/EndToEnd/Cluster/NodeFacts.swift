// The node under test, as the API shows it.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Neuron
import Placement

/// One node with NeuronCores.
struct NodeFacts: Sendable {
    /// The resource of single cores.
    static let coreResource = WellKnown.neuronCore
    /// The resource of whole chips.
    static let chipResource = WellKnown.neuronChip

    let node: JSON
    let neuronNode: JSON

    var name: String { node.meta.name }
    var instanceType: String { neuronNode.status?.instanceType?.string ?? "" }
    var capacity: Int { Self.amount(node.status?.capacity?[Self.coreResource]) }
    var allocatable: Int { Self.amount(node.status?.allocatable?[Self.coreResource]) }
    /// 0 where the plugin does not advertise chips.
    var allocatableChips: Int { Self.amount(node.status?.allocatable?[Self.chipResource]) }
    var coreCount: Int { neuronNode.status?.coreCount?.int ?? 0 }
    var freeCores: Int { neuronNode.status?.freeCores?.int ?? 0 }
    var coresPerChip: Int { neuronNode.status?.chips?[0]?.cores?.int ?? 1 }
    var isFake: Bool { neuronNode.status?.deviceSource == "fake" }

    /// The chips, from the instance type's table where it is known, else from what is published.
    var topology: CoreTopology {
        if let type = try? InstanceType.named(instanceType) {
            return type.topology(logicalCoreSize: neuronNode.status?.logicalCoreSize?.int)
        }
        let chips = neuronNode.status?.chips?.array ?? []
        return CoreTopology(
            chipCount: chips.count, coresPerChip: coresPerChip,
            adjacency: chips.map { ($0.connected?.array ?? []).compactMap(\.int) })
    }

    /// Who holds which cores, as the kubelet says.
    var allocations: [(namespace: String, pod: String, container: String, cores: [Int])] {
        (neuronNode.status?.allocations?.array ?? []).map { entry in
            let cores = (try? CoreSet(parsing: entry.cores?.string ?? "")).map(Array.init) ?? []
            return (
                entry.namespace?.string ?? "", entry.pod?.string ?? "", entry.container?.string ?? "", cores
            )
        }
    }

    /// `Healthy` or `Unhealthy`; nil for a chip that is not published.
    func health(ofChip index: Int) -> String? {
        neuronNode.status?.chips?.array?.first { $0.index?.int == index }?.health?.string
    }

    /// A condition's status, `True`, `False` or `Unknown`, of the NeuronNode.
    func condition(_ type: String) -> String? {
        neuronNode.status?.conditions?.array?.first { $0.type?.string == type }?.status?.string
    }

    private static func amount(_ quantity: JSON?) -> Int { quantity?.string.flatMap { Int($0) } ?? 0 }

    /// Reads a node now.
    static func read(_ name: String, _ client: KubernetesClient) async throws(KubernetesError) -> NodeFacts {
        let key = ObjectKey(name: name)
        return NodeFacts(
            node: try await client.get(.nodes, key), neuronNode: try await client.get(.neuronNodes, key))
    }

    /// The node to test.
    ///
    /// - Throws: `Unusable` where the cluster lacks what the chart installs or has no such node, `KubernetesError` where
    ///   it cannot be asked.
    static func choose(_ name: String?, _ client: KubernetesClient) async throws -> NodeFacts {
        for resource in [APIResource.modelServers, .neuronNodes] {
            let name = "\(resource.plural).\(resource.group)"
            guard try await client.getIfPresent(.customResourceDefinitions, ObjectKey(name: name)) != nil
            else {
                throw Unusable("the cluster does not know \(resource.kind)s: install the chart first")
            }
        }
        if let name {
            let key = ObjectKey(name: name)
            guard let node = try await client.getIfPresent(.nodes, key),
                let inventory = try await client.getIfPresent(.neuronNodes, key)
            else { throw Unusable("there is no node \(name) with a NeuronNode: run kubectl get neuronnodes") }
            return NodeFacts(node: node, neuronNode: inventory)
        }
        let nodes = try await client.list(.nodes).items?.array ?? []
        let inventory = try await client.list(.neuronNodes).items?.array ?? []
        let known = nodes.compactMap { node in
            inventory.first { $0.meta.name == node.meta.name }.map { NodeFacts(node: node, neuronNode: $0) }
        }
        guard let best = known.max(by: { $0.allocatable < $1.allocatable }), best.allocatable > 0 else {
            throw Unusable(
                "no node has NeuronCores to give: run kubectl get neuronnodes and read the plugin's log")
        }
        return best
    }

    /// Why there is nothing to test.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
