// What a node has and what pods ask of it, in whole numbers: a comparison costs no arithmetic on powers of ten and no look-up
// by name (framework.Resource of kube-scheduler).

package import KubernetesAPI

/// Amounts of resources: CPU in thousandths, everything else in whole units; what is finer is rounded up.
package struct ResourceAmounts: Hashable, Sendable {
    /// A resource that has no field of its own.
    package struct Amount: Hashable, Sendable {
        /// Such as `hugepages-2Mi` or `vpc.amazonaws.com/efa`.
        package var name: String
        /// In whole units.
        package var amount: Int64
    }

    /// Thousandths of a CPU.
    package var cpu: Int64 = 0
    /// Octets.
    package var memory: Int64 = 0
    /// Octets.
    package var ephemeralStorage: Int64 = 0
    /// All others of which there is something, by name ascending.
    package private(set) var others: [Amount] = []

    /// Nothing.
    package init() {}

    /// Amounts by name.
    ///
    /// - Parameter name: left out; NeuronCores are counted one by one.
    package init(_ quantities: [String: Quantity], without name: String) {
        for (resource, quantity) in quantities where resource != name {
            switch resource {
            case "cpu": cpu = quantity.milliValue
            case "memory": memory = quantity.value
            case "ephemeral-storage": ephemeralStorage = quantity.value
            // How many pods a node takes is a limit of its own.
            case "pods": continue
            default:
                let amount = quantity.value
                if amount != 0 { others.append(Amount(name: resource, amount: amount)) }
            }
        }
        others.sort { $0.name < $1.name }
    }

    /// The amount of a resource without a field.
    package subscript(other name: String) -> Int64 { others.first { $0.name == name }?.amount ?? 0 }

    /// Adds what another pod asks for; sums stop at the largest number.
    package static func += (sum: inout ResourceAmounts, more: ResourceAmounts) {
        sum.cpu = sum.cpu.adding(more.cpu)
        sum.memory = sum.memory.adding(more.memory)
        sum.ephemeralStorage = sum.ephemeralStorage.adding(more.ephemeralStorage)
        for amount in more.others {
            if let index = sum.others.firstIndex(where: { $0.name >= amount.name }) {
                if sum.others[index].name == amount.name {
                    sum.others[index].amount = sum.others[index].amount.adding(amount.amount)
                } else {
                    sum.others.insert(amount, at: index)
                }
            } else {
                sum.others.append(amount)
            }
        }
    }

    /// The first resource, by name, of which there is too little when this is asked for besides `taken`; nil where all is
    /// enough. What is not asked for cannot be short (NodeResourcesFit).
    package func shortage(in allocatable: ResourceAmounts, beside taken: ResourceAmounts) -> String? {
        if others.isEmpty {
            if cpu > 0, taken.cpu.adding(cpu) > allocatable.cpu { return "cpu" }
            if ephemeralStorage > 0,
                taken.ephemeralStorage.adding(ephemeralStorage) > allocatable.ephemeralStorage
            {
                return "ephemeral-storage"
            }
            return memory > 0 && taken.memory.adding(memory) > allocatable.memory ? "memory" : nil
        }
        var plain = self
        plain.others = []
        let first = plain.shortage(in: allocatable, beside: taken)
        let other = others.first {
            $0.amount > 0 && taken[other: $0.name].adding($0.amount) > allocatable[other: $0.name]
        }?.name
        guard let first, let other else { return first ?? other }
        return min(first, other)
    }
}

extension Int64 {
    /// The sum, or the largest or least number where it does not fit.
    fileprivate func adding(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
