// Changes of place that leave nothing over: a model goes to another unit, or changes places with one there. What units have left
// is the same in sum, but it comes together until a left-over model fits: many small rests are worth nothing, one large rest a
// place. Models that are away from home already move for nothing, so a used-up budget does not end the search.

extension RepackSearch {
    /// What the square of a rest is worth, of a left-over model's weight times that rest.
    private static let gathering = 0.3

    /// The best such change between a model and a unit drawn by chance, models that are away preferred.
    mutating func exchange(heat: Double) {
        guard let (model, there) = draw(), let change = bestExchange(model, there) else { return }
        if change.worse > 0 {
            guard heat > 0, random.fraction() < Self.exponential(-change.worse / heat) else { return }
        }
        let here = Int(state.place[model])
        state.eject(model)
        if let other = change.other { state.eject(other) }
        state.insert(model, at: there)
        if let other = change.other { state.insert(other, at: here) }
    }

    /// A model, and a unit of the kind that it is on.
    private mutating func draw() -> (model: Int, there: Int)? {
        var model = Int(state.away[random.below(state.away.count)])
        if random.below(4) == 0 {
            let members = state.members[Int(state.openUnits[random.below(state.openUnits.count)])]
            guard !members.isEmpty else { return nil }
            model = Int(members[random.below(members.count)])
        }
        var there = Int(state.openUnits[random.below(state.openUnits.count)])
        if random.below(2) == 0 {
            there = Int(state.place[Int(state.away[random.below(state.away.count)])])
        }
        let here = Int(state.place[model])
        guard there != here, state.kind(ofUnit: there) == state.kind(ofUnit: here),
            state.width(model, at: here) == 1
        else { return nil }
        return (model, there)
    }

    /// With whom a model best changes places on a unit (nil: with nobody), and how much worse that is.
    private func bestExchange(_ model: Int, _ there: Int) -> (other: Int?, worse: Double)? {
        let here = Int(state.place[model])
        let spread = Double(state.gaps[here] - state.gaps[there])
        // Against what is left over: the smaller it is, the smaller the rests that are worth gathering.
        let mean = Double(state.leftWeight) / Double(max(state.left.count, 1))
        let factor = 2 * Self.gathering / max(mean, 0x1p20 / 512)
        let away = leaving(model) - arriving(model, there)
        var best: (other: Int?, worse: Double)?
        func weigh(_ other: Int?) {
            var more = away
            var weight = state.weights[model]
            if let other {
                guard state.width(other, at: there) == 1 else { return }
                more += leaving(other) - arriving(other, here)
                weight -= state.weights[other]
            }
            guard more <= 0 || state.displaced + more <= budget else { return }
            let worse = Double(more * toll) - factor * Double(weight) * (spread + Double(weight))
            guard worse < best?.worse ?? .infinity, hasRoom(model, there, other) else { return }
            best = (other, worse)
        }
        weigh(nil)
        for other in state.members[there] { weigh(Int(other)) }
        return best
    }

    /// Whether a model and another of a unit, if any, have room and may be in each other's place.
    private func hasRoom(_ model: Int, _ there: Int, _ other: Int?) -> Bool {
        let here = Int(state.place[model])
        let (kind, dimensions) = (state.kind(ofUnit: here), state.dimensions)
        for dimension in 0..<dimensions {
            var more = state.sizes[(model * state.kinds + kind) * dimensions + dimension]
            if let other { more -= state.sizes[(other * state.kinds + kind) * dimensions + dimension] }
            guard more <= state.room[there * dimensions + dimension],
                -more <= state.room[here * dimensions + dimension]
            else { return false }
        }
        guard state.admits(model, on: Int(state.instanceOf[there]), without: other ?? -1, nor: -1) else {
            return false
        }
        guard let other else { return true }
        return state.admits(other, on: Int(state.instanceOf[here]), without: model, nor: -1)
    }
}
