// The plan for programs: everything, in numbers.

internal import JSON

/// Prints a plan as JSON.
enum PlanJSON {
    static func text(_ report: PlanReport) -> String {
        var document: JSON = [
            "instances": .array(report.instances.enumerated().map { instance(JSON($0 + 1), $1) }),
            "models": JSON(report.models),
            "cost": [
                "currency": "USD", "perHour": dollars(report.cost), "bound": dollars(report.bound),
                "perModelHour": .double(report.costPerModelHour / 1e6), "prices": .string(report.prices),
            ],
            "optimal": .bool(report.isOptimal),
            "limits": ["memory": .string(report.memoryLimit), "compute": .string(report.computeLimit)],
            "seconds": .double(report.seconds),
        ]
        if let cost = report.costPerMillionRequests {
            document["cost"]?["perMillionRequests"] = .double(cost / 1e6)
        }
        document["simple"] = .array(
            report.simple.map { ["rule": .string($0.rule), "perHour": dollars($0.cost)] })
        if !report.alternatives.isEmpty {
            document["alternatives"] = .array(
                report.alternatives.map { alternative in
                    [
                        "type": .string(alternative.type),
                        "instances": alternative.instances.map { JSON($0) } ?? .null,
                        "perHour": alternative.cost.map(dollars) ?? .null,
                    ]
                })
        }
        if !report.clocks.isEmpty { document["clocks"] = .array(report.clocks.map { .string($0) }) }
        return document.text(pretty: true) + "\n"
    }

    static func dollars(_ micros: Int) -> JSON { .double(Double(micros) / 1e6) }

    /// An instance with its models.
    static func instance(_ number: JSON, _ instance: PlanReport.Instance) -> JSON {
        [
            "number": number, "type": .string(instance.type), "memory": .double(instance.memory),
            "compute": .double(instance.compute),
            "models": .array(
                instance.blocks.map { block in
                    [
                        "name": .string(block.name), "cores": .string(PlanTable.cores(block.cores)),
                        "memoryOctets": JSON(block.octets), "computePercent": .double(block.percent),
                    ]
                }),
        ]
    }
}
