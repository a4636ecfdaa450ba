// What the operator knows of a node: the Node object says whether pods may go there, the NeuronNode what is in it. Where the
// node agent has not spoken yet, the instance type's table stands in.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Neuron
internal import Placement

/// A node.
struct NodeView: Sendable {
    let name: String
    let json: JSON
    let labels: [String: String]
    /// The chips as placement sees them; nil where nothing is known of them.
    let topology: CoreTopology?
    /// The cores of healthy chips.
    let healthy: CoreSet
    /// What the kubelet has handed out, by pod.
    let allocations: [ObjectKey: CoreSet]
    /// NeuronCores that the kubelet says it can hand out in all.
    let allocatableCores: Int

    /// Reads a node.
    ///
    /// - Parameters:
    ///   - node: the Node object.
    ///   - neuronNode: the NeuronNode of the same name, if there is one.
    init(_ node: JSON, neuronNode: JSON?, resource: String = Names.neuronCore) {
        json = node
        let meta = node.meta
        name = meta.name
        let status = neuronNode?["status"] ?? .null
        var labels = meta.labels
        if let type = status["instanceType"]?.string, !type.isEmpty, labels[Names.instanceTypeLabel] == nil {
            labels[Names.instanceTypeLabel] = type
        }
        self.labels = labels
        allocatableCores = Quantity(node["status"]?["allocatable"]?[resource])?.units ?? 0
        let typeName = status["instanceType"]?.string ?? labels[Names.instanceTypeLabel] ?? ""
        let type = try? InstanceType.named(typeName)
        let chips = status["chips"]?.array ?? []
        let known = type?.topology(logicalCoreSize: status["logicalCoreSize"]?.int)
        topology = chips.isEmpty ? known : Self.topology(chips, like: known)
        healthy = chips.isEmpty ? known?.allCores ?? [] : Self.healthyCores(chips, topology)
        var allocations: [ObjectKey: CoreSet] = [:]
        for entry in status["allocations"]?.array ?? [] {
            guard let text = entry["cores"]?.string, let cores = try? CoreSet(parsing: text) else { continue }
            let key = ObjectKey(
                namespace: entry["namespace"]?.string ?? "", name: entry["pod"]?.string ?? "")
            allocations[key] = (allocations[key] ?? []).union(cores)
        }
        self.allocations = allocations
    }

    /// The table's topology where it fits what the node reports, else one made from the report.
    private static func topology(_ chips: [JSON], like known: CoreTopology?) -> CoreTopology? {
        let indices = chips.compactMap { $0["index"]?.int }.filter { (0..<64).contains($0) }
        guard let last = indices.max(), let cores = chips.lazy.compactMap({ $0["cores"]?.int }).first,
            cores > 0
        else { return known }
        if let known, known.coresPerChip == cores, known.chipCount > last { return known }
        var adjacency = [[Int]](repeating: [], count: last + 1)
        for chip in chips {
            guard let index = chip["index"]?.int, adjacency.indices.contains(index) else { continue }
            adjacency[index] = (chip["connected"]?.array ?? []).compactMap(\.int)
        }
        return CoreTopology(
            chipCount: last + 1, coresPerChip: cores, adjacency: adjacency, groups: known?.groups ?? .anyRun)
    }

    private static func healthyCores(_ chips: [JSON], _ topology: CoreTopology?) -> CoreSet {
        chips.reduce(CoreSet()) { cores, chip in
            guard chip["health"]?.string == "Healthy", let index = chip["index"]?.int, let topology else {
                return cores
            }
            return cores.union(topology.cores(ofChip: index))
        }
    }
}
