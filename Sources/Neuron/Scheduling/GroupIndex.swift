// For one number of cores, the nodes in the order of how good their best group is. Nodes whose groups are equally good are one
// set of bits, so five thousand nodes are a few dozen sets, and the best node is found by joining words. What is equally free
// is considered once: the group follows from the state of a node, of which there are far fewer than nodes.

internal import Placement

/// What of a node's chips is free: nodes of one state are alike.
struct FreeState: Hashable, Sendable {
    /// Which topology, by number; -1 for a node without known chips.
    var topology: Int
    var free: CoreSet
}

/// The nodes by their best group for one size.
struct GroupIndex: Sendable {
    /// Where a state stands.
    private enum Standing: Sendable {
        case unknown
        case impossible
        case bucket(Int, start: Int)
    }

    private struct Bucket: Sendable {
        var rank: Rank
        var nodes: NodeBits
        var count = 0
    }

    /// How good; a pod without cores goes where most cores are free.
    private enum Rank: Hashable, Comparable, Sendable {
        case group(GroupRank)
        case mostFree(Int)

        static func < (left: Rank, right: Rank) -> Bool {
            switch (left, right) {
            case (.group(let left), .group(let right)): left < right
            case (.mostFree(let left), .mostFree(let right)): left > right
            case (.group, .mostFree): true
            case (.mostFree, .group): false
            }
        }
    }

    /// Cores of a group; 0 for pods without.
    let size: Int
    private let nodeCount: Int
    private var standings: [Standing] = []
    private var buckets: [Bucket] = []
    private var bucketOf: [Rank: Int] = [:]
    /// Numbers of buckets, the best first.
    private var order: [Int] = []

    init(size: Int, nodeCount: Int) {
        self.size = size
        self.nodeCount = nodeCount
    }

    /// A node is in a state now.
    mutating func insert(_ node: Int, _ id: Int, _ state: FreeState, _ topologies: [CoreTopology]) {
        guard case .bucket(let bucket, _) = standing(of: id, state, topologies) else { return }
        buckets[bucket].nodes.insert(node)
        buckets[bucket].count += 1
    }

    /// A node is no longer in a state.
    mutating func remove(_ node: Int, _ id: Int) {
        guard id < standings.count, case .bucket(let bucket, _) = standings[id] else { return }
        buckets[bucket].nodes.remove(node)
        buckets[bucket].count -= 1
    }

    private mutating func standing(
        of id: Int, _ state: FreeState, _ topologies: [CoreTopology]
    ) -> Standing {
        while standings.count <= id { standings.append(.unknown) }
        guard case .unknown = standings[id] else { return standings[id] }
        let standing: Standing
        if size == 0 {
            standing = .bucket(bucket(of: .mostFree(state.free.count)), start: 0)
        } else if state.topology >= 0,
            let group = bestGroup(of: size, free: state.free, topology: topologies[state.topology])
        {
            standing = .bucket(bucket(of: .group(group.rank)), start: group.start)
        } else {
            standing = .impossible
        }
        standings[id] = standing
        return standing
    }

    private mutating func bucket(of rank: Rank) -> Int {
        if let known = bucketOf[rank] { return known }
        let number = buckets.count
        buckets.append(Bucket(rank: rank, nodes: NodeBits(count: nodeCount)))
        bucketOf[rank] = number
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if buckets[order[middle]].rank < rank { low = middle + 1 } else { high = middle }
        }
        order.insert(number, at: low)
        return number
    }

    /// The nodes that could take a group and are allowed, the best first, until `body` is content with one.
    ///
    /// - Returns: whether it was.
    func search(in allowed: NodeBits, notIn refused: NodeBits, _ body: (Int) -> Bool) -> Bool {
        for number in order where buckets[number].count > 0 {
            var start = 0
            while let node = buckets[number].nodes.first(from: start, in: allowed, notIn: refused) {
                if body(node) { return true }
                start = node + 1
            }
        }
        return false
    }

    /// The cores of the best group of a state.
    func cores(of id: Int) -> CoreSet {
        guard size > 0, id < standings.count, case .bucket(_, let start) = standings[id] else { return [] }
        return CoreSet(start..<start + size)
    }
}
