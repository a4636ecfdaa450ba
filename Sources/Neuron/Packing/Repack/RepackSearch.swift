// Finding places for what is left over, with few models moved: one goes in where up to two others come out, and perhaps a second
// left-over one beside it, so that a unit ends up full to the brim. What comes out is left over in its turn. Worse is taken
// with a chance that falls (simulated annealing); more models away from home than the budget never are. Between such changes,
// models change places so that what units have left comes together; see RepackExchange.swift.

/// A search for places for what a fleet has left over.
struct RepackSearch {
    /// The fleet as far as the search has come; this and what follows is written in both files of the search alone.
    var state: RepackState
    var random: PackingRandom
    let budget: Int
    private let effort: Effort
    /// What a model away from home counts, in the parts that weights are in.
    let toll: Int
    /// Scratch: what a unit has left, by dimension.
    private var free: [Int] = []

    /// How hard a search tries.
    struct Effort: Equatable, Sendable {
        /// Changes that are thought over.
        var steps: Int
        /// How much worse a change may be at first, as a share of a unit; 0 takes what is better only.
        var heat: Double
        /// What a model away from home counts, as a share of a unit.
        var toll: Double

        /// The efforts in their order: a first one that moves few models, then hotter and longer ones.
        static func level(_ level: Int, models: Int) -> Effort {
            guard level > 0 else { return Effort(steps: 4_000 + 40 * models, heat: 0, toll: 0.01) }
            let steps = (4_000 + 40 * models) << min(2 * level - 1, 16)
            return Effort(steps: min(steps, 16_000_000), heat: 0.01, toll: 0.002)
        }
    }

    /// - Parameter budget: how many models may be away from home in the end.
    init(_ state: RepackState, budget: Int, effort: Effort, seed: UInt64) {
        self.state = state
        self.budget = budget
        self.effort = effort
        toll = Int(effort.toll * 0x1p20)
        random = PackingRandom(seed: seed)
    }

    /// A change that is being thought over.
    private struct Change {
        var out = (-1, -1)
        var second = -1
        var worse = Int.max
    }

    /// Searches until nothing is left over, its steps are made, or the control says so.
    ///
    /// - Returns: whether every model has a place.
    mutating func run(control: PackingControl) -> Bool {
        guard !state.openUnits.isEmpty else { return state.left.isEmpty }
        var step = 0
        while step < effort.steps, !state.left.isEmpty {
            if step % 256 == 0, control.isOver { return false }
            let share = 1 - Double(step) / Double(effort.steps)
            let heat = effort.heat > 0 ? 0x1p20 * (0.0001 + effort.heat * share * share) : 0
            switch random.below(8) {
            case 0: goHome()
            case 1, 2: move(heat: heat)
            default: if state.away.isEmpty { move(heat: heat) } else { exchange(heat: heat) }
            }
            step += 1
        }
        guard state.left.isEmpty else { return false }
        for model in state.place.indices where state.place[model] != state.home[model] { bringHome(model) }
        return true
    }

    /// A model of a random unit that has room at home goes there.
    private mutating func goHome() {
        let unit = Int(state.openUnits[random.below(state.openUnits.count)])
        guard !state.members[unit].isEmpty else { return }
        bringHome(Int(state.members[unit][random.below(state.members[unit].count)]))
    }

    private mutating func bringHome(_ model: Int) {
        let home = Int(state.home[model])
        guard home >= 0, Int(state.place[model]) != home, state.isOpen[Int(state.instanceOf[home])] else {
            return
        }
        let old = Int(state.place[model])
        state.eject(model)
        state.insert(model, at: state.fits(model, at: home) ? home : old)
    }

    private mutating func move(heat: Double) {
        let model = Int(state.left[random.below(state.left.count)])
        var unit = Int(state.openUnits[random.below(state.openUnits.count)])
        let width = state.width(model, at: unit)
        guard width > 0 else { return }
        let instance = Int(state.instanceOf[unit])
        let starts = state.problem.types[state.types[instance]].starts(width)
        let units = state.problem.types[state.types[instance]].units
        if starts.count < units {
            guard !starts.isEmpty else { return }
            unit = state.firstUnit[instance] + starts[random.below(starts.count)]
        }
        let change = width == 1 ? best(model, at: unit) : bestRun(model, at: unit, width: width)
        guard change.worse < Int.max else { return }
        if change.worse > 0 {
            guard heat > 0, random.fraction() < Self.exponential(-Double(change.worse) / heat) else { return }
        }
        if change.out.0 >= 0 { state.eject(change.out.0) }
        if change.out.1 >= 0 { state.eject(change.out.1) }
        state.insert(model, at: unit)
        if change.second >= 0 { state.insert(change.second, at: unit) }
    }

    /// How many more are displaced when a model leaves its place.
    func leaving(_ model: Int) -> Int { state.home[model] == state.place[model] ? 1 : 0 }
    /// How many fewer when it comes to a unit.
    func arriving(_ model: Int, _ unit: Int) -> Int { state.home[model] == Int32(unit) ? 1 : 0 }

    /// How much worse it is that a model comes to a unit and others leave theirs; nil where too many would be displaced.
    private func worsening(_ model: Int, at unit: Int, out: (Int, Int)) -> Int? {
        var more = -arriving(model, unit)
        var worse = -state.weights[model]
        if out.0 >= 0 {
            more += leaving(out.0)
            worse += state.weights[out.0]
        }
        if out.1 >= 0 {
            more += leaving(out.1)
            worse += state.weights[out.1]
        }
        return state.displaced + more > budget ? nil : worse + more * toll
    }

    /// The best way into one unit.
    private mutating func best(_ model: Int, at unit: Int) -> Change {
        let dimensions = state.dimensions
        let kind = state.kind(ofUnit: unit)
        let instance = Int(state.instanceOf[unit])
        let base = (model * state.kinds + kind) * dimensions
        var change = Change()
        if free.count < dimensions { free = [Int](repeating: 0, count: dimensions) }
        // A few others that might come along.
        let tries = min(6, state.left.count)
        let from = random.below(state.left.count)
        let members = state.members[unit]
        let count = members.count
        // None comes out, one, or two.
        let pairs = count > 1 && random.below(4) == 0
        let ways = pairs ? 1 + count + count : 1 + count
        for way in 0..<ways {
            var out = (-1, -1)
            if way > 0, way <= count { out.0 = Int(members[way - 1]) }
            if way > count {
                let first = random.below(count)
                var second = random.below(count - 1)
                if second >= first { second += 1 }
                out = (Int(members[first]), Int(members[second]))
            }
            let first = out.0 < 0 ? -1 : (out.0 * state.kinds + kind) * dimensions
            let second = out.1 < 0 ? -1 : (out.1 * state.kinds + kind) * dimensions
            var fits = true
            for dimension in 0..<dimensions {
                var rest = state.room[unit * dimensions + dimension] - state.sizes[base + dimension]
                if first >= 0 { rest += state.sizes[first + dimension] }
                if second >= 0 { rest += state.sizes[second + dimension] }
                free[dimension] = rest
                if rest < 0 {
                    fits = false
                    break
                }
            }
            guard fits, state.admits(model, on: instance, without: out.0, nor: out.1),
                var worse = worsening(model, at: unit, out: out)
            else { continue }
            var along = -1
            for step in 0..<tries {
                let other = Int(state.left[(from + step) % state.left.count])
                guard other != model, state.widths[other * state.kinds + kind] == 1,
                    along < 0 || state.weights[other] > state.weights[along]
                else { continue }
                let third = (other * state.kinds + kind) * dimensions
                var both = true
                for dimension in 0..<dimensions where free[dimension] < state.sizes[third + dimension] {
                    both = false
                    break
                }
                let group = state.problem.models[other].group
                guard both, group < 0 || group != state.problem.models[model].group,
                    state.admits(other, on: instance, without: out.0, nor: out.1)
                else { continue }
                along = other
            }
            if along >= 0 { worse -= state.weights[along] + arriving(along, unit) * toll }
            if worse < change.worse { change = Change(out: out, second: along, worse: worse) }
        }
        return change
    }

    /// The best way into a run of several units: with none out, one, or two.
    private mutating func bestRun(_ model: Int, at unit: Int, width: Int) -> Change {
        var change = Change()
        let instance = Int(state.instanceOf[unit])
        let kind = state.kind(ofUnit: unit)
        var members: [Int] = []
        for unit in unit..<unit + width {
            for other in state.members[unit] where !members.contains(Int(other)) {
                members.append(Int(other))
            }
        }
        let count = members.count
        for way in 0...(count + min(count * (count - 1) / 2, 8)) {
            var out = (-1, -1)
            if way > 0, way <= count { out.0 = members[way - 1] }
            if way > count {
                let first = random.below(count)
                var second = random.below(count - 1)
                if second >= first { second += 1 }
                out = (members[first], members[second])
            }
            guard hasRoom(model, kind, unit..<unit + width, out),
                state.admits(model, on: instance, without: out.0, nor: out.1),
                let worse = worsening(model, at: unit, out: out)
            else { continue }
            if worse < change.worse { change = Change(out: out, second: -1, worse: worse) }
        }
        return change
    }

    private func hasRoom(_ model: Int, _ kind: Int, _ run: Range<Int>, _ out: (Int, Int)) -> Bool {
        let dimensions = state.dimensions
        let base = (model * state.kinds + kind) * dimensions
        for unit in run {
            for dimension in 0..<dimensions {
                var free = state.room[unit * dimensions + dimension] - state.sizes[base + dimension]
                for other in [out.0, out.1] where other >= 0 {
                    let start = Int(state.place[other])
                    if unit >= start, unit < start + Int(state.widths[other * state.kinds + kind]) {
                        free += state.sizes[(other * state.kinds + kind) * dimensions + dimension]
                    }
                }
                if free < 0 { return false }
            }
        }
        return true
    }

    /// e to the power of a number from -∞ to 0, near enough for chance: (1 + x/64)^64.
    static func exponential(_ power: Double) -> Double {
        guard power > -32 else { return 0 }
        var value = 1 + power / 64
        for _ in 0..<6 { value *= value }
        return value
    }
}
