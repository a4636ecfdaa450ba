// What `neuron-ls --json-output` prints, member for member: numa_node and cpu_affinity are strings, connected_to is
// null and not an empty array, nc_count counts logical cores. Members stand in the tool's order.

internal import JSON
internal import Neuron

extension NeuronInventory {
    /// The chips as a JSON array.
    func json() -> String {
        guard !chips.isEmpty else { return "[]\n" }
        let objects = chips.map { chip in
            let members: [(String, JSON)] = [
                ("instance_type", .string(instanceTypeName ?? "")),
                ("instance_id", .string(instanceID ?? "")),
                ("neuron_device", JSON(chip.index)),
                ("bdf", .string(chip.pciAddress?.description ?? "")),
                ("cpu_affinity", .string(chip.cpuAffinity ?? "")),
                ("numa_node", .string(chip.numaNode.map { "\($0)" } ?? "")),
                ("connected_to", chip.connected.isEmpty ? .null : .array(chip.connected.map { JSON($0) })),
                ("nc_count", JSON(chip.coreCount)),
                ("logical_neuroncore_config", JSON(logicalCoreSize)),
                ("memory_size", chip.memoryBytes.map { .int(Int64(clamping: $0)) } ?? .null),
                ("neuroncore_ids", .array(chip.cores.map { JSON($0) })),
                ("neuron_processes", .array([])),
            ]
            let lines = members.map { name, value in
                "        \"\(name)\": \(String(decoding: value.serialized(), as: UTF8.self))"
            }
            return "    {\n" + lines.joined(separator: ",\n") + "\n    }"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }
}
