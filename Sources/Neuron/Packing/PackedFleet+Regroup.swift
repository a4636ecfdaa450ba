// Where no bin can be emptied model by model, a few bins are packed anew together: the emptiest one and those with the most
// room. The moves are put in an order in which every model finds room, since a model is loaded at its new place before it
// leaves the old one.

extension PackedFleet {
    /// Moves that make one bin out of `subset` superfluous, at most `budget`; nil where none were found.
    ///
    /// - Parameters:
    ///   - subset: bins of this fleet.
    ///   - steps: of the search.
    func regrouping(_ subset: [Int], budget: Int, steps: Int, seed: UInt64) -> [Move]? {
        let members = subset.map { contents(of: $0) }
        let models = members.flatMap { $0 }
        guard !models.isEmpty,
            let problem = try? VectorProblem(
                capacity: capacity, sizes: models.flatMap { sizes(of: $0) },
                groups: models.map { group(of: $0) })
        else { return nil }
        let bound = VectorBounds.bound(problem)
        guard bound < subset.count else { return nil }
        var next: Int32 = 0
        let start = VectorPacking(
            bins: members.map { bin in
                bin.map { _ in
                    defer { next += 1 }
                    return next
                }
            })
        var search = BinElimination(problem, weights: problem.weights(), start: start, seed: seed)
        search.run(bound: subset.count - 1, steps: steps, control: PackingControl())
        guard search.best.count < subset.count else { return nil }
        return ordered(targets(of: search.best, models, subset), budget: budget)
    }

    /// For each model that has to move, where to: new bins are given the numbers of the old ones that they are most like.
    private func targets(of packing: VectorPacking, _ models: [ID], _ subset: [Int]) -> [(model: ID, to: Int)]
    {
        var pairs: [(shared: Int, new: Int, old: Int)] = []
        for (new, bin) in packing.bins.enumerated() {
            var shared: [Int: Int] = [:]
            for item in bin { if let old = self.bin(of: models[Int(item)]) { shared[old, default: 0] += 1 } }
            pairs += shared.map { ($0.value, new, $0.key) }
        }
        pairs.sort { ($0.shared, $1.new, $1.old) > ($1.shared, $0.new, $0.old) }
        var number = [Int?](repeating: nil, count: packing.bins.count)
        var taken = Set<Int>()
        for pair in pairs where number[pair.new] == nil && !taken.contains(pair.old) {
            number[pair.new] = pair.old
            taken.insert(pair.old)
        }
        var free = subset.filter { !taken.contains($0) }[...]
        var found: [(model: ID, to: Int)] = []
        for (new, bin) in packing.bins.enumerated() {
            guard let target = number[new] ?? free.popFirst() else { continue }
            for item in bin where self.bin(of: models[Int(item)]) != target {
                found.append((models[Int(item)], target))
            }
        }
        return found
    }

    /// The moves in an order in which each has room.
    private func ordered(_ targets: [(model: ID, to: Int)], budget: Int) -> [Move]? {
        guard targets.count <= budget else { return nil }
        var trial = self
        var moves: [Move] = []
        var waiting = targets
        var spare: Int?
        while !waiting.isEmpty {
            guard moves.count + waiting.count <= budget else { return nil }
            if let index = waiting.firstIndex(where: { trial.hasRoom(for: $0.model, in: $0.to) }) {
                let (model, to) = waiting.remove(at: index)
                guard let move = trial.move(model, to: to) else { return nil }
                moves.append(move)
                continue
            }
            // A circle: one of its models goes to a spare bin first, which is empty again in the end.
            var detour: Move?
            for (model, _) in waiting where trial.bin(of: model) != spare {
                if spare.map({ trial.holds($0) }) != true { spare = trial.openSpare() }
                guard let spare, trial.hasRoom(for: model, in: spare) else { continue }
                detour = trial.move(model, to: spare)
                break
            }
            guard let detour else { return nil }
            moves.append(detour)
        }
        return moves
    }
}
