// A repacking for programs. Its instances are what `--current` reads: the next repacking goes on from here.

internal import JSON

extension RepackReport {
    /// As JSON.
    var json: String {
        func spot(_ spot: Spot) -> JSON {
            [
                "instance": .string(spot.instance), "type": .string(spot.type),
                "cores": .string(PlanTable.cores(spot.cores)),
            ]
        }
        func list(_ instances: [(label: String, type: String)]) -> JSON {
            .array(instances.map { ["number": .string($0.label), "type": .string($0.type)] })
        }
        let document: JSON = [
            "moves": .array(
                moves.map { move in
                    ["model": .string(move.name), "from": move.from.map(spot) ?? .null, "to": spot(move.to)]
                }),
            "moveCount": JSON(moveCount), "permitted": JSON(budget),
            "givenUp": list(closed), "bought": list(bought),
            "cost": [
                "currency": "USD", "perHourBefore": PlanJSON.dollars(costBefore),
                "perHour": PlanJSON.dollars(after.cost),
                "bound": PlanJSON.dollars(after.bound), "prices": .string(after.prices),
            ],
            "instances": .array(
                zip(labels, after.instances).map { PlanJSON.instance(.string($0), $1) }),
            "seconds": .double(after.seconds),
        ]
        return document.text(pretty: true) + "\n"
    }
}
