// A fleet that stays packed while models come, go and change: a newcomer goes where it fits best, a model that has grown out
// of its bin moves, and when the bins together have room for one bin's models, one is emptied, if few moves do it.

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
    /// How often regrouping was asked for, and at which of those calls a search failed last.
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
        let target = bestBin(for: model, without: -1) ?? open()
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
    /// Moves are given in an order in which each model's new place has room when its turn comes; for that, one bin more may
    /// be needed meanwhile.
    ///
    /// - Parameter steps: of the search for each group of bins that is packed anew; 0 for none.
    package mutating func consolidate(budget: Int, steps: Int = 6_000) -> [Move] {
        var moves: [Move] = []
        while binCount > bound {
            guard
                let found = cheapestEmptying(budget: budget - moves.count)
                    ?? regroupings(budget: budget - moves.count, steps: steps)
            else { return moves }
            for move in found { apply(move) }
            moves += found
        }
        return moves
    }

    private func cheapestEmptying(budget: Int) -> [Move]? {
        // The bins with the fewest models first: they are the cheapest to empty.
        let candidates = bins.keys.sorted { (bins[$0]?.count ?? 0, $0) < (bins[$1]?.count ?? 0, $1) }
        var best: [Move]?
        for bin in candidates.prefix(6) {
            if let way = emptying(bin, budget: min(budget, (best?.count ?? .max) - 1)) { best = way }
        }
        return best
    }

    private mutating func regroupings(budget: Int, steps: Int) -> [Move]? {
        guard steps > 0, budget > 0 else { return nil }
        // What has failed is likely to fail again until there is more room, or until other models are there.
        calls += 1
        let spare = capacity.indices.map { binCount * capacity[$0] - loads[$0] }
        if let failed, calls < failedCall + 8,
            zip(zip(spare, failed), capacity).contains(where: { $0.0 < $0.1 + $1 / 32 })
        {
            return nil
        }
        let roomy = room.keys.sorted { (free($0), $1) > (free($1), $0) }
        for count in [8, 32, 96, roomy.count] where count <= roomy.count {
            let subset = Array(roomy.prefix(count))
            // Room for one bin's models, in every dimension.
            let suffices = capacity.indices.allSatisfy { dimension in
                subset.reduce(0) { $0 + (room[$1]?[dimension] ?? 0) } >= capacity[dimension]
            }
            guard suffices else { continue }
            searches += 1
            // The whole fleet is worth a longer search: it is rarely tried.
            let effort = count == roomy.count ? 12 * steps : steps
            if let moves = regrouping(subset, budget: budget, steps: effort, seed: searches) {
                failed = nil
                return moves
            }
        }
        (failed, failedCall) = (spare, calls)
        return nil
    }

    /// How much room a bin has, in parts of 2^20 of a bin and dimension.
    private func free(_ bin: Int) -> Int {
        guard let left = room[bin] else { return 0 }
        return zip(left, capacity).reduce(0) { $0 + ($1.0 << 20) / $1.1 }
    }

    // What regrouping needs of the bins.

    func contents(of bin: Int) -> [ID] { (bins[bin] ?? []).sorted() }
    func sizes(of model: ID) -> [Int] { entries[model]?.sizes ?? [] }
    func group(of model: ID) -> Int { entries[model]?.group ?? -1 }
    func hasRoom(for model: ID, in bin: Int) -> Bool { fits(model, in: bin) }
    func holds(_ bin: Int) -> Bool { bins[bin] != nil }
    mutating func openSpare() -> Int { open() }

    /// Moves a model; nil where there is none.
    mutating func move(_ model: ID, to bin: Int) -> Move? {
        guard let from = entries[model]?.bin else { return nil }
        let move = Move(model: model, from: from, to: bin)
        apply(move)
        return move
    }

    /// Moves that empty a bin, at most `budget` of them; nil where none were found.
    private func emptying(_ bin: Int, budget: Int) -> [Move]? {
        guard let members = bins[bin], members.count <= budget else { return nil }
        var trial = self
        var moves: [Move] = []
        let order = members.sorted { (trial.weight($0), $1) > (trial.weight($1), $0) }
        for model in order {
            if let target = trial.bestBin(for: model, without: bin) {
                let move = Move(model: model, from: bin, to: target)
                trial.apply(move)
                moves.append(move)
                continue
            }
            // Make room: a smaller model of another bin goes elsewhere, and this one takes its place.
            guard moves.count + 2 <= budget, let (away, here) = trial.exchange(for: model, without: bin)
            else { return nil }
            trial.apply(away)
            trial.apply(here)
            moves += [away, here]
        }
        return moves.count <= budget ? moves : nil
    }

    /// Two moves that bring a model into a bin: one out of it, then the model.
    private func exchange(for model: ID, without bin: Int) -> (Move, Move)? {
        guard let entry = entries[model] else { return nil }
        var best: (Move, Move)?
        var least = Int.max
        for (target, members) in bins.sorted(by: { $0.key < $1.key }) where target != bin {
            guard let room = room[target] else { continue }
            for other in members.sorted() {
                guard let theirs = entries[other] else { continue }
                let size = weight(other)
                // The smaller the model that makes room, the more easily it finds a place.
                guard size < least, size < weight(model),
                    capacity.indices.allSatisfy({ room[$0] + theirs.sizes[$0] >= entry.sizes[$0] }),
                    entry.group < 0
                        || !members.contains(where: { $0 != other && entries[$0]?.group == entry.group }),
                    let place = bestBin(for: other, without: bin, nor: target)
                else { continue }
                least = size
                best = (
                    Move(model: other, from: target, to: place),
                    Move(model: model, from: entry.bin, to: target)
                )
            }
        }
        return best
    }

    private func weight(_ model: ID) -> Int {
        guard let entry = entries[model] else { return 0 }
        return zip(entry.sizes, capacity).reduce(0) { $0 + ($1.0 << 20) / $1.1 }
    }

    /// The bin that a model fills best.
    private func bestBin(for model: ID, without first: Int, nor second: Int = -1) -> Int? {
        guard let sizes = entries[model]?.sizes else { return nil }
        var best: Int?
        var least = Int.max
        for (bin, left) in room where bin != first && bin != second {
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
