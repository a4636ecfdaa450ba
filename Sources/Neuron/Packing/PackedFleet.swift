// A fleet that stays packed while models come, go and change: a newcomer goes where it fits best, a model that has grown out
// of its bin moves, and when the bins together have room for one bin's models, one is emptied, if few moves do it.

internal import Placement

/// Equal bins that are kept packed by few moves.
package struct PackedFleet: Sendable {
    /// Capacity of a bin by dimension.
    package let capacity: [Int]

    /// A model's name within the fleet.
    package typealias ID = Int

    /// What is known of a model.
    private struct Entry: Sendable {
        var sizes: [Int]
        var group: Int
        var bin: Int
    }

    private var entries: [ID: Entry] = [:]
    private var bins: [Int: Set<ID>] = [:]
    private var room: [Int: [Int]] = [:]
    private var loads: [Int]
    private var nextBin = 0
    /// How many searches there have been: each has a seed of its own.
    private var searches: UInt64 = 0
    /// The room that there was when the last search failed, by dimension.
    private var failed: [Int]?
    /// How often it was asked for moves, and at which of those calls it searched last.
    private var (calls, failedCall) = (0, 0)

    /// A model that goes from one bin to another.
    package struct Move: Equatable, Sendable {
        /// The model.
        package var model: ID
        /// Where it was.
        package var from: Int
        /// Where it goes; a bin of that number is bought where there is none.
        package var to: Int
    }

    /// An empty fleet.
    ///
    /// - Parameter capacity: 1 to 2^40 in each dimension.
    package init(capacity: [Int]) {
        self.capacity = capacity
        loads = [Int](repeating: 0, count: capacity.count)
    }

    /// A fleet that is packed already: `packing` of `problem`, models numbered as its items are.
    package init(_ problem: VectorProblem, _ packing: VectorPacking) {
        self.init(capacity: problem.capacity)
        for bin in packing.bins {
            let number = open()
            for item in bin.map(Int.init) {
                let sizes = Array(problem.sizes[item * capacity.count..<(item + 1) * capacity.count])
                entries[item] = Entry(
                    sizes: sizes, group: problem.groups.isEmpty ? -1 : problem.groups[item], bin: -1)
                put(item, in: number)
            }
        }
    }

    /// How many bins are in use.
    package var binCount: Int { bins.count }
    /// How many models there are.
    package var count: Int { entries.count }
    /// Bins that the sums of sizes need at least.
    package var bound: Int {
        zip(loads, capacity).map { ($0 + $1 - 1) / $1 }.max() ?? 0
    }

    /// The bin of a model; nil where there is no such model.
    package func bin(of model: ID) -> Int? { entries[model]?.bin }

    /// The models and their sizes, in the order of their names.
    package var models: [(id: ID, sizes: [Int], group: Int)] {
        entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sizes, $0.value.group) }
    }

    /// Brings a model in, or changes the sizes of one that is there.
    ///
    /// - Returns: its move when it was there and had to go elsewhere; nil when it stays, is new, or is larger than a bin.
    @discardableResult
    package mutating func set(_ model: ID, sizes: [Int], group: Int = -1) -> Move? {
        guard sizes.count == capacity.count, zip(sizes, capacity).allSatisfy({ $0 >= 0 && $0 <= $1 }) else {
            return nil
        }
        let old = entries[model]
        if old != nil { take(model) }
        entries[model] = Entry(sizes: sizes, group: group, bin: -1)
        if let old, fits(model, in: old.bin) {
            put(model, in: old.bin)
            return nil
        }
        let target = bestBin(for: model) ?? open()
        put(model, in: target)
        if let old, bins[old.bin]?.isEmpty == true { close(old.bin) }
        return old.map { Move(model: model, from: $0.bin, to: target) }
    }

    /// Takes a model out.
    package mutating func remove(_ model: ID) {
        guard let bin = entries[model]?.bin else { return }
        take(model)
        entries[model] = nil
        if bins[bin]?.isEmpty == true { close(bin) }
    }

    /// Empties bins as long as that takes at most `budget` moves in all.
    ///
    /// Moves are given in an order in which each model's new place has room when its turn comes.
    ///
    /// - Parameter level: how hard to look for another way where one has failed, from 0; each takes about four times as long.
    package mutating func consolidate(budget: Int, level: Int = 3) -> [Move] {
        guard binCount > bound, budget > 0, isWorthTrying() else { return [] }
        let numbers = bins.keys.sorted()
        let known = models
        let topology = CoreTopology(chipCount: 1, coresPerChip: 1)
        let type = FleetType(name: "bin", kind: 0, topology: topology, coresPerUnit: 1, price: 1)
        var instances = [FleetInstance](repeating: FleetInstance(type: 0, places: []), count: numbers.count)
        let place = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
        for (index, model) in known.enumerated() {
            guard let bin = entries[model.id]?.bin, let number = place[bin] else { continue }
            instances[number].places.append(.init(model: index, start: 0))
        }
        searches += 1
        guard
            let problem = try? FleetProblem(
                capacities: [capacity], types: [type],
                models: known.map {
                    FleetModel(demands: [FleetDemand(width: 1, sizes: $0.sizes)], group: $0.group)
                }),
            let answer = try? FleetRepacker(problem, instances, budget: budget, seed: searches).solved(
                level: level)
        else { return [] }
        failed = answer.closed.isEmpty ? room(of: numbers) : nil
        let moves = answer.moves.map { move in
            Move(
                model: known[move.model].id, from: numbers[move.from?.instance ?? 0],
                to: numbers[move.to.instance])
        }
        for move in moves { apply(move) }
        return moves
    }

    /// Whether there is more room than when the last search failed: what has failed is likely to fail again until then, or until
    /// other models are there.
    private mutating func isWorthTrying() -> Bool {
        calls += 1
        guard let failed, calls < failedCall + 8 else {
            failedCall = calls
            return true
        }
        let spare = room(of: Array(bins.keys))
        let isMore = zip(zip(spare, failed), capacity).allSatisfy { $0.0 >= $0.1 + $1 / 32 }
        if isMore { failedCall = calls }
        return isMore
    }

    /// What bins have left in all, by dimension.
    private func room(of bins: [Int]) -> [Int] {
        capacity.indices.map { bins.count * capacity[$0] - loads[$0] }
    }

    /// The bin that a model fills best.
    private func bestBin(for model: ID) -> Int? {
        guard let sizes = entries[model]?.sizes else { return nil }
        var best: Int?
        var least = Int.max
        for (bin, left) in room {
            var rest = 0
            var fits = true
            for dimension in capacity.indices {
                let free = left[dimension] - sizes[dimension]
                if free < 0 {
                    fits = false
                    break
                }
                rest += (free << 20) / capacity[dimension]
            }
            guard fits, rest < least || (rest == least && bin < (best ?? .max)), admits(model, in: bin) else {
                continue
            }
            best = bin
            least = rest
        }
        return best
    }

    private func admits(_ model: ID, in bin: Int) -> Bool {
        guard let group = entries[model]?.group, group >= 0 else { return true }
        return !(bins[bin] ?? []).contains { $0 != model && entries[$0]?.group == group }
    }

    private func fits(_ model: ID, in bin: Int) -> Bool {
        guard let left = room[bin], let sizes = entries[model]?.sizes else { return false }
        return zip(sizes, left).allSatisfy { $0 <= $1 } && admits(model, in: bin)
    }

    private mutating func open() -> Int {
        defer { nextBin += 1 }
        bins[nextBin] = []
        room[nextBin] = capacity
        return nextBin
    }

    private mutating func close(_ bin: Int) {
        bins[bin] = nil
        room[bin] = nil
    }

    private mutating func put(_ model: ID, in bin: Int) {
        guard let sizes = entries[model]?.sizes else { return }
        entries[model]?.bin = bin
        bins[bin, default: []].insert(model)
        for dimension in capacity.indices {
            room[bin, default: capacity][dimension] -= sizes[dimension]
            loads[dimension] += sizes[dimension]
        }
    }

    private mutating func take(_ model: ID) {
        guard let entry = entries[model] else { return }
        bins[entry.bin]?.remove(model)
        for dimension in capacity.indices {
            room[entry.bin]?[dimension] += entry.sizes[dimension]
            loads[dimension] -= entry.sizes[dimension]
        }
    }

    private mutating func apply(_ move: Move) {
        take(move.model)
        put(move.model, in: move.to)
        if bins[move.from]?.isEmpty == true { close(move.from) }
    }
}
