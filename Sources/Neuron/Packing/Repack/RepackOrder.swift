// Who moves when: a model is loaded at its new place before it leaves the old one, so there it must have room at that moment. In
// a circle, one goes elsewhere first: preferably to an instance that is being given up, which has more and more room.

/// Puts the moves from where a fleet is to where it shall be in an order in which each has room.
struct RepackOrder {
    private let state: RepackState
    /// Instances that there were at first.
    private let running: Int
    /// By unit and dimension, as the moves go on; less than nothing where a unit holds too much at first.
    private var room: [Int]
    /// By model, its first unit at the moment; -1 before it has one.
    private var now: [Int32]
    /// By instance, the models of each group.
    private var groups: [Int: [Int: Int]] = [:]

    /// - Parameters:
    ///   - state: in which every model has a place.
    ///   - running: instances that there were at first: one that would have been bought, but is not, is no way out.
    init(_ state: RepackState, running: Int) {
        self.state = state
        self.running = running
        now = state.home
        room = state.instanceOf.flatMap {
            state.problem.capacities[state.problem.types[state.types[Int($0)]].kind]
        }
        for model in now.indices where now[model] >= 0 { change(model, at: Int(now[model]), by: -1) }
    }

    /// One step: a model from a unit (-1 for a new one) to a unit.
    struct Step: Equatable, Sendable {
        var model: Int
        var from: Int
        var to: Int
    }

    /// The steps; nil where they are more than `budget` with all detours, or where a circle has no way out.
    ///
    /// - Parameter budget: of models that had a place; the first placing of a new one costs nothing.
    mutating func steps(budget: Int) -> [Step]? {
        var waiting = now.indices.filter { now[$0] != state.place[$0] }
        var moving = waiting.count { now[$0] >= 0 }
        var used = 0
        var steps: [Step] = []
        var detoured = Set<Int>()
        while !waiting.isEmpty {
            guard used + moving <= budget else { return nil }
            var rest: [Int] = []
            for model in waiting {
                let target = Int(state.place[model])
                guard hasRoom(model, at: target) else {
                    rest.append(model)
                    continue
                }
                if now[model] >= 0 {
                    used += 1
                    moving -= 1
                }
                steps.append(step(model, to: target))
            }
            if rest.count == waiting.count {
                guard let (model, unit) = detour(rest, detoured) else { return nil }
                detoured.insert(model)
                used += 1
                steps.append(step(model, to: unit))
            }
            waiting = rest
        }
        return steps
    }

    /// A waiting model that can go elsewhere meanwhile, and where to.
    private func detour(_ waiting: [Int], _ known: Set<Int>) -> (model: Int, unit: Int)? {
        let given = (0..<running).filter { !state.isOpen[$0] }
        let kept = state.isOpen.indices.filter { state.isOpen[$0] }
        for instance in given + kept {
            let type = state.problem.types[state.types[instance]]
            for model in waiting where now[model] >= 0 && !known.contains(model) {
                let width = Int(state.widths[model * state.kinds + type.kind])
                guard width > 0, Int(state.instanceOf[Int(now[model])]) != instance else { continue }
                for start in type.starts(width) where hasRoom(model, at: state.firstUnit[instance] + start) {
                    return (model, state.firstUnit[instance] + start)
                }
            }
        }
        return nil
    }

    private mutating func step(_ model: Int, to unit: Int) -> Step {
        let from = Int(now[model])
        if from >= 0 { change(model, at: from, by: 1) }
        change(model, at: unit, by: -1)
        now[model] = Int32(unit)
        return Step(model: model, from: from, to: unit)
    }

    private func hasRoom(_ model: Int, at unit: Int) -> Bool {
        let instance = Int(state.instanceOf[unit])
        let group = state.problem.models[model].group
        if group >= 0 {
            let isThere = now[model] >= 0 && Int(state.instanceOf[Int(now[model])]) == instance
            guard groups[instance]?[group] ?? 0 <= (isThere ? 1 : 0) else { return false }
        }
        let base = (model * state.kinds + state.kind(ofUnit: unit)) * state.dimensions
        for unit in unit..<unit + state.width(model, at: unit) {
            for dimension in 0..<state.dimensions
            where state.sizes[base + dimension] > room[unit * state.dimensions + dimension] { return false }
        }
        return true
    }

    private mutating func change(_ model: Int, at unit: Int, by sign: Int) {
        let base = (model * state.kinds + state.kind(ofUnit: unit)) * state.dimensions
        for unit in unit..<unit + state.width(model, at: unit) {
            for dimension in 0..<state.dimensions {
                room[unit * state.dimensions + dimension] += sign * state.sizes[base + dimension]
            }
        }
        let group = state.problem.models[model].group
        if group >= 0 { groups[Int(state.instanceOf[unit]), default: [:]][group, default: 0] -= sign }
    }
}
