// What planners write: models and prices in CSV, YAML and JSON; and packing itself, for whatever sizes.

internal import Neuron
internal import Packing
internal import Planning

let planningTargets = [
    // The first octet says which format the file's name promises.
    FuzzTarget("plan-models") { input in
        var choices = Choices(input)
        let file = ["m.csv", "m.yaml", "m.json", "m"][Int(choices.octet()) % 4]
        guard let models = try? ModelReader.read(choices.rest, file: file) else { return }
        require(!models.isEmpty, "no models and no error")
        require(Set(models.map(\.name)).count == models.count, "a name twice")
        for model in models {
            require(
                model.memory >= 0 && model.compute >= 0 && model.copies >= 1, "a negative size of \(model)")
        }
    },
    FuzzTarget("plan-current") { input in
        var choices = Choices(input)
        let file = ["f.csv", "f.yaml", "f.json", "f"][Int(choices.octet()) % 4]
        guard let placement = try? CurrentPlacement.read(choices.rest, file: file) else { return }
        require(!placement.instances.isEmpty, "no instances and no error")
        require(
            Set(placement.instances.map(\.label)).count == placement.instances.count, "an instance twice")
        for instance in placement.instances {
            require(
                instance.models.allSatisfy { (0..<instance.type.coreCount()).contains($0.core) },
                "a core that \(instance.type.name) has not")
        }
    },
    FuzzTarget("plan-prices") { input in
        var choices = Choices(input)
        let file = ["p.csv", "p.yaml", "p.json", "p"][Int(choices.octet()) % 4]
        guard let list = try? PriceList.reading(choices.rest, file: file) else { return }
        require(list.prices.values.allSatisfy { $0 > 0 }, "a price of nothing")
    },
    // Dimensions, capacity, then sizes of an octet each.
    FuzzTarget("packing", longest: 64) { input in
        var choices = Choices(input)
        let dimensions = 1 + Int(choices.octet()) % 3
        let capacity = (0..<dimensions).map { _ in 1 + Int(choices.octet()) }
        let isGrouped = choices.octet() % 4 == 0
        let rest = choices.rest
        let count = rest.count / dimensions
        let sizes = (0..<count * dimensions).map { Int(rest[$0]) }
        let groups = isGrouped ? (0..<count).map { $0 % 5 - 1 } : []
        guard let problem = try? VectorProblem(capacity: capacity, sizes: sizes, groups: groups) else {
            return
        }
        let solution = VectorSolver(problem).first()
        require(solution.packing.isValid(for: problem), "a packing that is none")
        require(
            solution.bound <= solution.packing.count,
            "a bound of \(solution.bound) above \(solution.packing.count)")
    },
]
