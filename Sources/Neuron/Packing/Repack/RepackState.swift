// A fleet in the middle of a search: some instances are being given up, their models are left over and look for places on the
// others. How many models are not where they were is counted all along, for that is what the budget is about.

/// Where each model of a fleet is, and what each unit has left.
struct RepackState: Sendable {
    let problem: FleetProblem
    let dimensions: Int
    let kinds: Int
    /// By model and kind, units in a row; 0 where it cannot run.
    let widths: [Int32]
    /// By model, kind and dimension, what it takes of each of its units.
    let sizes: [Int]
    /// By model, how much of a fleet it is, in parts of 2^20 of a unit. What the fleet is short of counts most: a dimension of
    /// which there is enough hardly decides whether a plan succeeds.
    let weights: [Int]
    /// What a full unit weighs.
    private let whole: Int
    /// By instance.
    private(set) var types: [Int] = []
    /// By instance, the number of its first unit; one more than there are instances.
    private(set) var firstUnit = [0]
    /// By unit.
    private(set) var instanceOf: [Int32] = []
    /// By model, the unit where it was when the search began; -1 for one that had no place.
    private(set) var home: [Int32]

    /// By unit and dimension.
    private(set) var room: [Int] = []
    /// By unit.
    private(set) var members: [[Int32]] = []
    /// By model, its first unit now; -1 while it is left over.
    private(set) var place: [Int32]
    /// Models without a place.
    private(set) var left: [Int32] = []
    private(set) var leftWeight = 0
    private var leftIndex: [Int32]
    /// Models that had a place and are not there.
    private(set) var displaced = 0
    /// Models that have a place, but not where they were; those that had none before among them.
    private(set) var away: [Int32] = []
    private var awayIndex: [Int32]
    /// By unit, what it has left in the parts that weights are in.
    private(set) var gaps: [Int] = []
    /// By instance, whether models may be there.
    private(set) var isOpen: [Bool] = []
    /// The units of open instances.
    private(set) var openUnits: [Int32] = []

    /// A fleet as it stands: `instances` of the problem's types. What has no place, and what finds no room where it is said to
    /// be, is left over.
    init(_ problem: FleetProblem, _ instances: [FleetInstance]) {
        self.problem = problem
        dimensions = problem.dimensions
        kinds = problem.capacities.count
        (widths, sizes, weights, whole) = Self.demands(of: problem)
        let count = problem.models.count
        place = [Int32](repeating: -1, count: count)
        home = place
        leftIndex = place
        awayIndex = place
        for (index, instance) in instances.enumerated() {
            add(type: instance.type)
            // The largest stay first: where a unit holds too much, small ones are the easiest to move.
            let spots = instance.places.sorted {
                (weights[$0.model], $1.model) > (weights[$1.model], $0.model)
            }
            for spot in spots where widths[spot.model * kinds + problem.types[instance.type].kind] > 0 {
                let unit = firstUnit[index] + spot.start
                home[spot.model] = Int32(unit)
                if fits(spot.model, at: unit) { put(spot.model, at: unit) }
            }
        }
        for model in 0..<count where place[model] < 0 {
            if home[model] >= 0 { displaced += 1 }
            append(model)
        }
        listOpenUnits()
    }

    /// Adds an empty instance that is open.
    ///
    /// - Returns: its number.
    @discardableResult
    mutating func add(type: Int) -> Int {
        let units = problem.types[type].units
        let instance = types.count
        types.append(type)
        isOpen.append(true)
        let first = firstUnit[instance]
        firstUnit.append(first + units)
        for unit in first..<first + units {
            instanceOf.append(Int32(instance))
            members.append([])
            gaps.append(whole)
            room += problem.capacities[problem.types[type].kind]
            openUnits.append(Int32(unit))
        }
        return instance
    }

    private static func demands(of problem: FleetProblem) -> (
        widths: [Int32], sizes: [Int], weights: [Int], whole: Int
    ) {
        let (dimensions, kinds) = (problem.dimensions, problem.capacities.count)
        var widths: [Int32] = []
        var sizes: [Int] = []
        var loads = [Double](repeating: 0, count: dimensions)
        func shares(_ model: FleetModel) -> [Double] {
            // By its first kind: a fleet of several kinds is compared with itself only.
            guard let kind = model.demands.firstIndex(where: { $0 != nil }), let demand = model.demands[kind]
            else { return loads }
            return (0..<dimensions).map {
                Double(demand.sizes[$0] * demand.width) / Double(problem.capacities[kind][$0])
            }
        }
        for model in problem.models {
            for kind in 0..<kinds {
                let demand = model.demands[kind]
                widths.append(Int32(demand?.width ?? 0))
                sizes += demand?.sizes ?? [Int](repeating: 0, count: dimensions)
            }
            for (dimension, share) in shares(model).enumerated() { loads[dimension] += share }
        }
        let most = max(loads.max() ?? 0, 1e-9)
        let worth = loads.map { load -> Double in
            var value = load / most
            for _ in 0..<7 { value *= value }
            return max(value, 1.0 / 32)
        }
        let weights = problem.models.map { model in
            Int(zip(shares(model), worth).reduce(0) { $0 + $1.0 * $1.1 } * 0x1p20) + 1
        }
        return (widths, sizes, weights, Int(worth.reduce(0, +) * 0x1p20))
    }

    /// The kind of a unit.
    func kind(ofUnit unit: Int) -> Int { problem.types[types[Int(instanceOf[unit])]].kind }

    /// Units in a row that a model takes on this unit's kind; 0 where it cannot run.
    func width(_ model: Int, at unit: Int) -> Int { Int(widths[model * kinds + kind(ofUnit: unit)]) }

    /// Whether a model has room from a unit on, and no other of its group is on that instance.
    func fits(_ model: Int, at unit: Int) -> Bool {
        let kind = kind(ofUnit: unit)
        let width = Int(widths[model * kinds + kind])
        guard width > 0, admits(model, on: Int(instanceOf[unit]), without: -1, nor: -1) else { return false }
        let base = (model * kinds + kind) * dimensions
        for unit in unit..<unit + width {
            for dimension in 0..<dimensions
            where sizes[base + dimension] > room[unit * dimensions + dimension] { return false }
        }
        return true
    }

    /// Whether no other model of its group is on an instance, two that leave it not counted.
    func admits(_ model: Int, on instance: Int, without first: Int, nor second: Int) -> Bool {
        let group = problem.models[model].group
        guard group >= 0 else { return true }
        for unit in firstUnit[instance]..<firstUnit[instance + 1] {
            for other in members[unit].lazy.map(Int.init)
            where other != first && other != second && other != model && problem.models[other].group == group
            {
                return false
            }
        }
        return true
    }

    /// Brings a left-over model to a place that has room for it.
    mutating func insert(_ model: Int, at unit: Int) {
        let index = Int(leftIndex[model])
        let last = left[left.count - 1]
        left[index] = last
        leftIndex[Int(last)] = Int32(index)
        left.removeLast()
        leftWeight -= weights[model]
        put(model, at: unit)
        if home[model] == Int32(unit) { displaced -= 1 }
    }

    /// Takes a model from its place.
    mutating func eject(_ model: Int) {
        let unit = Int(place[model])
        if home[model] == place[model] { displaced += 1 }
        change(model, at: unit, by: 1)
        for unit in unit..<unit + width(model, at: unit) {
            members[unit].removeAll { $0 == Int32(model) }
            gaps[unit] += weights[model] / width(model, at: unit)
        }
        if awayIndex[model] >= 0 {
            let last = away[away.count - 1]
            away[Int(awayIndex[model])] = last
            awayIndex[Int(last)] = awayIndex[model]
            away.removeLast()
            awayIndex[model] = -1
        }
        place[model] = -1
        append(model)
    }

    private mutating func put(_ model: Int, at unit: Int) {
        change(model, at: unit, by: -1)
        for unit in unit..<unit + width(model, at: unit) {
            members[unit].append(Int32(model))
            gaps[unit] -= weights[model] / width(model, at: unit)
        }
        place[model] = Int32(unit)
        guard home[model] != Int32(unit) else { return }
        awayIndex[model] = Int32(away.count)
        away.append(Int32(model))
    }

    private mutating func append(_ model: Int) {
        leftIndex[model] = Int32(left.count)
        left.append(Int32(model))
        leftWeight += weights[model]
    }

    private mutating func change(_ model: Int, at unit: Int, by sign: Int) {
        let base = (model * kinds + kind(ofUnit: unit)) * dimensions
        for unit in unit..<unit + width(model, at: unit) {
            for dimension in 0..<dimensions {
                room[unit * dimensions + dimension] += sign * sizes[base + dimension]
            }
        }
    }

    /// Gives an instance up: its models are left over.
    mutating func close(_ instance: Int) {
        guard isOpen[instance] else { return }
        for model in models(on: instance) { eject(model) }
        isOpen[instance] = false
        listOpenUnits()
    }

    private mutating func listOpenUnits() {
        openUnits = instanceOf.indices.filter { isOpen[Int(instanceOf[$0])] }.map { Int32($0) }
    }

    /// The models of an instance, each once.
    func models(on instance: Int) -> [Int] {
        (firstUnit[instance]..<firstUnit[instance + 1]).flatMap { unit in
            members[unit].map(Int.init).filter { Int(place[$0]) == unit }
        }
    }

    /// What an hour of the open instances costs, in millionths.
    var cost: Int {
        types.indices.reduce(0) { $0 + (isOpen[$1] ? problem.types[types[$1]].price : 0) }
    }
}
