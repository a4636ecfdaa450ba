// A trace played against a rule, and against every placement there is. A request counts as placed when the runtime could
// use its cores; one that is not leaves again at once, as with a plugin that is strict.

package import Placement

/// Plays traces on one node.
package struct StudyNode: Sendable {
    /// The node.
    package let topology: CoreTopology

    /// A node.
    package init(_ topology: CoreTopology) { self.topology = topology }

    /// How many requests of a trace a rule does not place on a usable group.
    package func lost(
        _ trace: StudyTrace, _ rule: PlacementRule, random: inout some RandomNumberGenerator
    ) -> Int {
        var free = topology.allCores
        var held: [(departure: Double, cores: CoreSet)] = []
        var lost = 0
        for request in trace.requests {
            for entry in held where entry.departure <= request.arrival { free = free.union(entry.cores) }
            held.removeAll { $0.departure <= request.arrival }
            guard
                let cores = rule.choose(request.size, free: free, topology: topology, random: &random),
                topology.isUsableByRuntime(cores)
            else {
                lost += 1
                continue
            }
            free = free.subtracting(cores)
            held.append((request.departure, cores))
        }
        return lost
    }

    /// The fewest requests that any placement loses, by one who knows the whole trace beforehand.
    ///
    /// It is a bound: nobody who does not know the future can be expected to reach it. The search tries every usable group for every request, and losing it on purpose. Where it does not come to an
    /// end within `budget` steps for a number of losses, that number is taken as possible: the best is never made out to
    /// be worse than it is.
    ///
    /// - Parameter known: losses of a rule on this trace: the best loses no more.
    package func fewestLost(_ trace: StudyTrace, known: Int, budget: Int = 50_000) -> Int {
        var groups: [Int: [CoreSet]] = [:]
        for size in Set(trace.requests.map(\.size)) {
            groups[size] = usableGroups(size)
        }
        for losses in 0..<known {
            var search = Search(
                requests: trace.requests, groups: groups, topology: topology, budget: budget)
            if search.isPossible(from: 0, held: [], free: topology.allCores, losses: losses) != false {
                return losses
            }
        }
        return known
    }

    /// How many requests are lost by one who tries every usable group for each request against random futures and takes
    /// the best: what can be had without knowing the future, at a price that no plugin could pay.
    ///
    /// - Parameters:
    ///   - demand: where the futures come from, the same as the trace.
    ///   - futures: tried for each group, the same ones for all.
    ///   - horizon: requests in a future.
    package func lostLookingAhead(
        _ trace: StudyTrace, _ demand: StudyDemand, futures: Int, horizon: Int,
        random: inout some RandomNumberGenerator
    ) -> Int {
        var free = topology.allCores
        var held: [(departure: Double, cores: CoreSet)] = []
        var lost = 0
        for request in trace.requests {
            for entry in held where entry.departure <= request.arrival { free = free.union(entry.cores) }
            held.removeAll { $0.departure <= request.arrival }
            let groups = usableGroups(request.size).filter { $0.isSubset(of: free) }
            // Ganglion's choice stands first: it is taken where the futures see no difference.
            let likely = preferredGroup(available: free, size: request.size, topology: topology)?.cores
            let ordered = groups.filter { $0 == likely } + groups.filter { $0 != likely }
            guard let usual = ordered.first else {
                lost += 1
                continue
            }
            let seeds = (0..<futures).map { _ in random.next() }
            func placed(_ group: CoreSet) -> [Int] {
                seeds.map { seed in
                    var future = StudyGenerator(seed: seed)
                    return placedInFuture(
                        held.map(\.cores) + [group], demand, horizon: horizon, random: &future)
                }
            }
            var cores = usual
            var best = 0.0
            let base = ordered.count > 1 ? placed(usual) : []
            for group in ordered.dropFirst() {
                // By how much it is better, less twice the error of that: what is only luck is not taken.
                let gains = zip(placed(group), base).map { Double($0 - $1) }
                let mean = gains.reduce(0, +) / Double(max(1, gains.count))
                let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                let error = (variance / Double(max(1, gains.count * (gains.count - 1)))).squareRoot()
                guard mean - 2 * error > best else { continue }
                (best, cores) = (mean - 2 * error, group)
            }
            free = free.subtracting(cores)
            held.append((request.departure, cores))
        }
        return lost
    }

    /// How many requests Ganglion's rule places from here on. What is held goes at random: lifetimes have no memory.
    private func placedInFuture(
        _ held: [CoreSet], _ demand: StudyDemand, horizon: Int, random: inout StudyGenerator
    ) -> Int {
        var free = held.reduce(topology.allCores) { $0.subtracting($1) }
        var held = held.map { (departure: demand.lifetime(&random), cores: $0) }
        var now = 0.0
        var placed = 0
        for _ in 0..<horizon {
            now += demand.pause(&random)
            let size = demand.size(&random)
            let departure = now + demand.lifetime(&random)
            for entry in held where entry.departure <= now { free = free.union(entry.cores) }
            held.removeAll { $0.departure <= now }
            guard let group = preferredGroup(available: free, size: size, topology: topology),
                group.kind == .valid
            else { continue }
            placed += 1
            free = free.subtracting(group.cores)
            held.append((departure, group.cores))
        }
        return placed
    }

    private func usableGroups(_ size: Int) -> [CoreSet] {
        (0...max(0, topology.coreCount - size)).map { CoreSet($0..<$0 + size) }
            .filter(topology.isUsableByRuntime)
    }

    private struct Search {
        struct Held: Hashable {
            var request: Int
            var first: Int
        }

        let requests: [StudyRequest]
        let groups: [Int: [CoreSet]]
        let topology: CoreTopology
        var budget: Int
        /// States from which it was found impossible, with as many losses.
        var failed: [[Held]: Int] = [:]

        /// nil when the budget is used up.
        mutating func isPossible(
            from index: Int, held: [Held], free: CoreSet, losses: Int
        ) -> Bool? {
            guard index < requests.count else { return true }
            budget -= 1
            guard budget > 0 else { return nil }
            let request = requests[index]
            var held = held
            var free = free
            for entry in held where requests[entry.request].departure <= request.arrival {
                free = free.union(CoreSet(entry.first..<entry.first + requests[entry.request].size))
            }
            held.removeAll { requests[$0.request].departure <= request.arrival }
            // Two states with the same holders in the same places at the same request are one.
            let key = held + [Held(request: index, first: -1)]
            if let known = failed[key], losses <= known { return false }
            // Ganglion's choice first: it is seldom a bad one.
            let likely = preferredGroup(available: free, size: request.size, topology: topology)?.cores
            let others = (groups[request.size] ?? []).filter { $0 != likely && $0.isSubset(of: free) }
            for group in [likely].compactMap({ $0 }).filter(topology.isUsableByRuntime) + others {
                let next = held + [Held(request: index, first: group.first ?? 0)]
                let answer = isPossible(
                    from: index + 1, held: next, free: free.subtracting(group), losses: losses)
                if answer != false { return answer }
            }
            if losses > 0 {
                let answer = isPossible(from: index + 1, held: held, free: free, losses: losses - 1)
                if answer != false { return answer }
            }
            failed[key] = max(losses, failed[key] ?? 0)
            return false
        }
    }
}
