// What is right and what is wrong, without a cluster. A verdict is nil, or a sentence that says what is wrong. Every rule
// stands here a second time, apart from the code that places groups, so that a mistake there does not excuse itself.

import NeuronTools
import Placement

/// Judges what containers were given.
enum Verdict {
    /// Whether a container can use its cores, as far as its own report and the node tell.
    ///
    /// - Parameters:
    ///   - count: the cores that it asked for; 0 for none.
    ///   - topology: the node's chips.
    ///   - instanceType: decides which groups are valid.
    static func usable(
        _ report: ContainerReport, cores count: Int, topology: CoreTopology, instanceType: String
    ) -> String? {
        if let fault = report.fault(expecting: count) { return fault }
        guard count > 0 else { return nil }
        guard let host = report.cores(ContainerReport.hostCores) else {
            return "\(ContainerReport.hostCores) is not set"
        }
        if let last = host.last, last >= topology.coreCount {
            return "core \(last) does not exist: the node has \(topology.coreCount)"
        }
        if let fault = misaligned(host, coresPerChip: topology.coresPerChip, instanceType: instanceType) {
            return fault
        }
        do throws(UnusableGroup) {
            try topology.checkUsable(CoreSet(host))
            return nil
        } catch {
            return error.description
        }
    }

    /// Whether a run of cores is where the runtime takes such a run: anywhere on Inferentia; on Trainium within a chip, or
    /// 4, 8 or 16 whole chips from a multiple of their number on.
    static func misaligned(_ cores: [Int], coresPerChip: Int, instanceType: String) -> String? {
        guard instanceType.hasPrefix("trn"), let first = cores.first, let last = cores.last else {
            return nil
        }
        let list = "cores \(first)-\(last)"
        if cores.count <= coresPerChip {
            return first / coresPerChip == last / coresPerChip
                ? nil : "\(list) are on two chips of \(instanceType)"
        }
        guard cores.count % coresPerChip == 0, [4, 8, 16].contains(cores.count / coresPerChip) else {
            return "\(cores.count) cores are no group of \(instanceType): 4, 8 or 16 whole chips are"
        }
        return first % cores.count == 0 ? nil : "\(list) begin between two groups of \(cores.count) cores"
    }

    /// Whether a group lies on as few chips as it can: what an idle node has room for.
    static func scattered(_ cores: [Int], coresPerChip: Int) -> String? {
        let chips = Set(cores.map { $0 / coresPerChip }).count
        let needed = (cores.count + coresPerChip - 1) / coresPerChip
        return chips == needed
            ? nil : "\(cores.count) cores are on \(chips) chips of an idle node, not on \(needed)"
    }

    /// Whether no core has two holders.
    ///
    /// - Parameter holdings: who holds which of one node's cores.
    static func shared(_ holdings: [(holder: String, cores: [Int])]) -> String? {
        var owners: [Int: String] = [:]
        for (holder, cores) in holdings {
            for core in cores {
                if let other = owners.updateValue(holder, forKey: core) {
                    return "core \(core) is given to \(other) and to \(holder)"
                }
            }
        }
        return nil
    }
}
