// Once it is known how many chips are needed, the instances that have so many are bought as cheaply as they can be had: the
// chips of an instance are packed each by itself, so nothing is lost by deciding one after the other.

/// The cheapest instances that have so many units.
enum InstanceCover {
    /// Types by index, one for each instance, dearest first; of equal cost the fewest instances.
    ///
    /// - Parameter types: their indices, units and prices; each has a unit at least.
    static func cheapest(_ units: Int, of types: [(index: Int, units: Int, price: Int)]) -> (
        types: [Int], cost: Int
    ) {
        guard units > 0, !types.isEmpty else { return ([], 0) }
        var costs = [Int](repeating: 0, count: units + 1)
        var counts = [Int](repeating: 0, count: units + 1)
        var choice = [Int](repeating: 0, count: units + 1)
        for wanted in 1...units {
            var best = (cost: Int.max, count: Int.max)
            for (place, type) in types.enumerated() {
                let rest = max(0, wanted - type.units)
                let next = (cost: costs[rest] + type.price, count: counts[rest] + 1)
                if (next.cost, next.count) < best {
                    best = next
                    choice[wanted] = place
                }
            }
            costs[wanted] = best.cost
            counts[wanted] = best.count
        }
        var chosen: [Int] = []
        var left = units
        while left > 0 {
            let type = types[choice[left]]
            chosen.append(type.index)
            left = max(0, left - type.units)
        }
        let price = Dictionary(uniqueKeysWithValues: types.map { ($0.index, $0.price) })
        return (chosen.sorted { (price[$0] ?? 0, $1) > (price[$1] ?? 0, $0) }, costs[units])
    }
}
