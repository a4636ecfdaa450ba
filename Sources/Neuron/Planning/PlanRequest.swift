// From models and types to a packing problem: what a model takes of a chip or of a core is worked out here, by family, and
// what cannot be is said with the model's line before anything is solved.

package import Neuron
internal import Packing
internal import Placement

/// What is to be planned.
package struct PlanRequest: Sendable {
    /// The models' file, for errors.
    package var file: String
    /// The models.
    package var models: [PlannedModel]
    /// What may be bought, all with a price.
    package var types: [InstanceType]
    /// What it costs.
    package var prices: PriceList
    /// What of a chip's memory may be filled.
    package var memoryLimit = MemoryLimit.percent(100_000_000)
    /// Millionths of a percent of a chip that may be busy.
    package var computeLimit = PlannedModel.wholeChip
    /// The family that compute shares were measured on; nil for that of the first type.
    package var measuredOn: NeuronFamily?
    /// Further dimensions: a name, and thousandths that a chip holds.
    package var dimensions: [(name: String, capacity: Int)] = []

    /// A limit on a chip's memory.
    package enum MemoryLimit: Equatable, Sendable {
        /// Octets, at most what the chip has.
        case octets(Int)
        /// Millionths of a percent.
        case percent(Int)
    }

    /// A request.
    package init(file: String, models: [PlannedModel], types: [InstanceType], prices: PriceList) {
        self.file = file
        self.models = models
        self.types = types
        self.prices = prices
    }

    /// The families, in the order of the types.
    var families: [NeuronFamily] {
        types.reduce(into: []) { if !$0.contains($1.family) { $0.append($1.family) } }
    }
    /// The family that compute shares are of.
    var reference: NeuronFamily { measuredOn ?? types.first?.family ?? .inferentia2 }

    /// Octets of a chip that may be filled.
    func memory(_ family: NeuronFamily) -> Int {
        let chip = Int(clamping: family.memoryPerChip)
        switch memoryLimit {
        case .octets(let octets): return min(octets, chip)
        case .percent(let share): return Int(Double(chip) * Double(min(share, 100_000_000)) / 1e8)
        }
    }

    /// Cores of a unit of a family: one where a core has memory of its own and some model takes less than a chip.
    func coresPerUnit(_ family: NeuronFamily) -> Int {
        let chip = family.physicalCoresPerChip / family.defaultLogicalCoreSize
        guard family != .inferentia else { return chip }
        return models.contains { cores(of: $0, family) % chip != 0 } ? 1 : chip
    }

    /// Cores that a model takes: those it asks for, one where a clock says how long a core takes, else a chip.
    func cores(of model: PlannedModel, _ family: NeuronFamily) -> Int {
        model.cores ?? (model.clock != nil ? 1 : family.physicalCoresPerChip / family.defaultLogicalCoreSize)
    }
}

/// A copy of a model.
package struct PlannedCopy: Sendable {
    /// `name`, or `name#2` where there are several.
    package var name: String
    /// The model's index.
    package var model: Int
}

/// A request as a packing problem.
struct PlanProblem {
    /// Parts of a millionth of a percent, so that a share divides evenly among cores.
    static let fine = 64

    let request: PlanRequest
    let fleet: FleetProblem
    /// By the problem's models.
    let copies: [PlannedCopy]
    /// By model, what the clock says it needs.
    let needs: [Int: ServingClock.Need]

    init(_ request: PlanRequest) throws(PlanInputError) {
        self.request = request
        let families = request.families
        let capacities = families.map { family in
            let chip = family.physicalCoresPerChip / family.defaultLogicalCoreSize
            let units = chip / request.coresPerUnit(family)
            return [request.memory(family) / units, request.computeLimit * Self.fine / units]
                + request.dimensions.map { $0.capacity / units }
        }
        guard capacities.allSatisfy({ $0.allSatisfy { $0 >= 1 } }) else {
            throw PlanInputError(request.file, "a limit leaves nothing of a chip: give a larger one")
        }
        let types = request.types.map { type in
            FleetType(
                name: type.name, kind: families.firstIndex(of: type.family) ?? 0, topology: type.topology(),
                coresPerUnit: request.coresPerUnit(type.family), price: request.prices.prices[type.name] ?? 0)
        }
        var copies: [PlannedCopy] = []
        var models: [FleetModel] = []
        var needs: [Int: ServingClock.Need] = [:]
        for (index, model) in request.models.enumerated() {
            var model = model
            if let clock = model.clock {
                let (need, family) = try Self.need(model, clock, request)
                needs[index] = need
                model.copies = max(model.copies, need.copies)
                model.compute = 0
                let cores = family.physicalCoresPerChip / family.defaultLogicalCoreSize
                model.computeByFamily = [
                    family.rawValue: Int((need.utilization * 1e8 / Double(cores)).rounded(.up))
                ]
            }
            guard copies.count + model.copies <= VectorProblem.mostItems else {
                throw PlanInputError(
                    request.file, line: model.line,
                    "with \"\(model.name.prefix(80))\" there are more than \(VectorProblem.mostItems) copies of models"
                )
            }
            let demands = families.enumerated().map { kind, family in
                Self.demand(model, family, request, capacities[kind], types.filter { $0.kind == kind })
            }
            let fleet = FleetModel(demands: demands, group: model.isSpread && model.copies > 1 ? index : -1)
            guard demands.contains(where: { $0 != nil }) else {
                throw PlanInputError(request.file, line: model.line, Self.reason(model, request, capacities))
            }
            for copy in 0..<model.copies {
                copies.append(
                    PlannedCopy(
                        name: model.copies > 1 ? "\(model.name)#\(copy + 1)" : model.name, model: index))
                models.append(fleet)
            }
        }
        do throws(FleetProblem.Fault) {
            fleet = try FleetProblem(capacities: capacities, types: types, models: models)
        } catch {
            switch error {
            case .limits:
                throw PlanInputError(request.file, "the models or limits are beyond what can be planned")
            case .model(let index):
                let model = request.models[copies[index].model]
                throw PlanInputError(request.file, line: model.line, Self.reason(model, request, capacities))
            }
        }
        self.copies = copies
        self.needs = needs
    }

    /// What a clock's model needs, on the first family whose clock is known.
    private static func need(
        _ model: PlannedModel, _ clock: ServingClock, _ request: PlanRequest
    ) throws(PlanInputError) -> (ServingClock.Need, NeuronFamily) {
        var known: [String] = []
        for family in request.families {
            guard let alone = clock.milliseconds(batch: 1, family.rawValue) else { continue }
            if let need = clock.need(rate: model.rate ?? 1, p90: model.p90, family: family.rawValue) {
                return (need, family)
            }
            known.append("\(family.rawValue) \(Money.decimal(alone, 1)) ms")
        }
        let why =
            known.isEmpty
            ? "the clock \(clock.rawValue) is known for inf1 and inf2 only"
            : "one request alone takes, on \(known.joined(separator: ", on ")): the P90 asked for cannot be met"
        throw PlanInputError(request.file, line: model.line, "\"\(model.name.prefix(80))\": \(why)")
    }

    /// What a model takes of a family's units; nil where it cannot run there.
    private static func demand(
        _ model: PlannedModel, _ family: NeuronFamily, _ request: PlanRequest, _ capacity: [Int],
        _ types: [FleetType]
    ) -> FleetDemand? {
        let chip = family.physicalCoresPerChip / family.defaultLogicalCoreSize
        let cores = request.cores(of: model, family)
        let unit = request.coresPerUnit(family)
        let width = (cores + unit - 1) / unit
        let memory = model.memoryByFamily[family.rawValue] ?? model.memory
        guard let compute = compute(model, family, request) else { return nil }
        // Less than a chip's cores cannot keep more of it busy than their part.
        guard cores % unit == 0 || compute <= PlannedModel.wholeChip * cores / chip else { return nil }
        let sizes =
            [(memory + width - 1) / width, (compute * fine + width - 1) / width]
            + model.further.map { ($0 + width - 1) / width }
        guard zip(sizes, capacity).allSatisfy({ $0 <= $1 }),
            types.contains(where: { !$0.isTooSmall(for: width) })
        else { return nil }
        return FleetDemand(width: width, sizes: sizes)
    }

    /// Its share of a chip of a family, in millionths of a percent: as given, or by the chips' BF16 TFLOPS.
    private static func compute(_ model: PlannedModel, _ family: NeuronFamily, _ request: PlanRequest) -> Int?
    {
        if let own = model.computeByFamily[family.rawValue] { return own }
        if model.clock != nil { return nil }
        if family == request.reference { return model.compute }
        let (from, to) = (request.reference.performance.bf16, family.performance.bf16)
        return Int((Double(model.compute) * from / to).rounded(.up))
    }

    /// Why no type holds a model, in one sentence.
    private static func reason(_ model: PlannedModel, _ request: PlanRequest, _ capacities: [[Int]]) -> String
    {
        var parts: [String] = []
        for (kind, family) in request.families.enumerated() {
            let cores = request.cores(of: model, family)
            let unit = request.coresPerUnit(family)
            let width = (cores + unit - 1) / unit
            let names = request.types.filter { $0.family == family }.map(\.name).joined(separator: ", ")
            let group = cores == 1 ? "one core" : "\(cores) cores"
            let memory = model.memoryByFamily[family.rawValue] ?? model.memory
            let largest = request.types.filter { $0.family == family }.map { $0.coreCount() }.max() ?? 0
            guard let compute = compute(model, family, request) else {
                parts.append("\(family.rawValue) has no clock for it")
                continue
            }
            if cores > largest {
                parts.append("\(names) has \(largest) cores at most, it asks for \(cores)")
            } else if memory > capacities[kind][0] * width {
                parts.append(
                    "\(group) of \(names) may hold \(MemorySize.text(capacities[kind][0] * width)), it takes \(MemorySize.text(memory))"
                )
            } else if compute * fine > capacities[kind][1] * width || cores % unit != 0 {
                parts.append(
                    "\(group) of \(names) may be \(Money.decimal(Double(capacities[kind][1] * width / fine) / 1e6, 1, trim: true)) % of a chip busy at most, it takes \(Money.decimal(Double(compute) / 1e6, 1, trim: true)) %"
                )
            } else if let place = zip(model.further, capacities[kind].dropFirst(2)).enumerated().first(
                where: { $0.1.0 > $0.1.1 * width })
            {
                parts.append("\(names) has too little \(request.dimensions[place.offset].name) for it")
            } else {
                let valid = request.types.filter { $0.family == family }.flatMap {
                    $0.topology().validCoreCounts
                }
                parts.append(
                    "\(cores) cores are no group of \(names): valid are \(Set(valid).sorted().prefix(12).map(String.init).joined(separator: ", "))"
                )
            }
        }
        return "\"\(model.name.prefix(80))\" fits no instance: \(parts.joined(separator: "; "))"
    }
}
