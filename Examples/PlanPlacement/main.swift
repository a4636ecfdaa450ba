// Which NeuronCores a pod would get: the function that the device plugin and the operator ask, on a node of the table.
//
//     swift run example-plan-placement trn1.32xlarge 8 4 2 16

import Neuron
import Placement

let arguments = Array(CommandLine.arguments.dropFirst())
let type = try InstanceType.named(arguments.first ?? "inf2.48xlarge")
let sizes = arguments.dropFirst().compactMap { Int($0) }
let topology = type.topology()
var free = topology.allCores

print("\(type.name): \(topology.chipCount) chips, \(topology.coreCount) cores")
for size in sizes.isEmpty ? [4, 1, 8] : sizes {
    guard let group = preferredGroup(available: free, size: size, topology: topology) else {
        print("\(size) cores: no room, \(free.count) are free")
        continue
    }
    free = free.subtracting(group.cores)
    print("\(size) cores: \(Array(group.cores)), \(group.kind)")
}
