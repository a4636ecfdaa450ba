// What another scheduler asks that places pods itself: which of its nodes have a group for a pod, how good that is, and which
// cores it would be. The filters are that scheduler's own; here it is about NeuronCores alone.

package import Placement

/// What a node has for a pod.
package enum Offer: Equatable, Sendable {
    /// These cores, and how good it is that it is these; none and nil for a pod that asks for none.
    case cores(CoreSet, rank: GroupRank?)
    /// Nothing now; the words follow "the node".
    ///
    /// - isFinal: whether that is so whatever goes from the node.
    case nothing(reason: String, isFinal: Bool)
}

extension PodScheduler {
    /// Brings what offers are made from up to what was told.
    package mutating func prepareOffers() {
        settle()
        // Nobody decides here whom they would wake.
        volumes.changes = VolumeState.Changes()
    }

    /// What a node has for a pod. What is kept for the pod itself counts as free.
    ///
    /// - Parameter gone: pods, by uid, as if they had gone.
    package func offer(for pod: PodInfo, on node: String, without gone: Set<String> = []) -> Offer {
        guard pod.cores > 0 || pod.chips > 0 else { return .cores([], rank: nil) }
        guard let number = numbers[node] else {
            return .nothing(reason: "has not been seen here yet", isFinal: false)
        }
        let usage = usage(on: number, for: pod, without: gone)
        guard let topology = usage.node.topology else {
            return .nothing(reason: "has chips of an unknown kind and no NeuronNode", isFinal: false)
        }
        let size = pod.coreCount(perChip: topology.coresPerChip)
        // Who asks for chips gets whole ones.
        let free = pod.cores > 0 ? usage.free : usage.free.wholeChips(of: topology)
        if let group = bestGroup(of: size, free: free, topology: topology) {
            return .cores(CoreSet(group.start..<group.start + size), rank: group.rank)
        }
        let reason = NoPlacement.Reason(size: size, free: free, topology: topology)
        switch reason {
        case .countNotAllowed, .nodeTooSmall: return .nothing(reason: reason.description, isFinal: true)
        case .tooFewFree, .noneContiguous: return .nothing(reason: reason.description, isFinal: false)
        }
    }

    private func usage(on number: Int, for pod: PodInfo, without gone: Set<String>) -> NodeUsage {
        let usage = places[number].usage
        let holders = holders[usage.node.name] ?? Holders()
        guard !gone.isEmpty || holders.assumed[pod.uid] != nil else { return usage }
        return NodeUsage(
            node: usage.node, pods: holders.bound.values.filter { !gone.contains($0.uid) },
            stopped: Array(holders.stopped.values) + holders.bound.values.filter { gone.contains($0.uid) },
            assumed: (Array(holders.assumed.values) + Array(holders.reserved.values)).filter {
                $0.pod.uid != pod.uid
            })
    }
}

extension CoreSet {
    /// The cores of those chips of which every core is in the set.
    fileprivate func wholeChips(of topology: CoreTopology) -> CoreSet {
        (0..<topology.chipCount).map(topology.cores(ofChip:)).filter { $0.isSubset(of: self) }
            .reduce(CoreSet()) { $0.union($1) }
    }
}
