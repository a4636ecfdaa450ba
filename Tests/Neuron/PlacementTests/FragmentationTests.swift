// The rule's reason to exist: the scheduler counts cores, so a request arrives whenever enough are free, and what
// decides whether the runtime can use them is how earlier requests were placed.

import Placement
import Testing

@Suite("Fragmentation under random arrivals and departures")
struct FragmentationTests {
    /// Of the requests that find enough free cores, how many per thousand get a group that the runtime can use.
    private func usableShare(
        _ topology: CoreTopology, sizes: [Int], place: (CoreSet, Int) -> [Int]?
    ) -> Int {
        var generator = SeededGenerator(seed: 42)
        var free = topology.allCores
        var held: [(until: Int, cores: CoreSet)] = []
        var tried = 0
        var usable = 0
        for step in 0..<3000 {
            for entry in held where entry.until <= step { free = free.union(entry.cores) }
            held.removeAll { $0.until <= step }
            let size = sizes.randomElement(using: &generator) ?? 1
            let life = Int.random(in: 1...12, using: &generator)
            guard free.count >= size else { continue }
            tried += 1
            guard let cores = place(free, size).map({ CoreSet($0) }), topology.isUsableByRuntime(cores) else {
                continue
            }
            usable += 1
            free = free.subtracting(cores)
            held.append((step + life, cores))
        }
        return usable * 1000 / max(tried, 1)
    }

    @Test(
        "leaves more usable groups than the first run that fits, and far more than the lowest cores",
        arguments: [
            (Shape.inf2Ring, [1, 2, 2, 4, 4, 8], 900), (Shape.trn1, [1, 2, 2, 2, 8, 8, 16], 900),
            (Shape.trn2, [1, 2, 4, 4, 16, 16, 32], 900),
        ] as [(CoreTopology, [Int], Int)])
    func simulation(topology: CoreTopology, sizes: [Int], least: Int) {
        let ours = usableShare(topology, sizes: sizes) {
            preferredCores(available: $0, size: $1, topology: topology)
        }
        let firstFit = usableShare(topology, sizes: sizes) { free, size in
            free.runs().first { $0.count >= size }.map { Array($0.prefix(size)) }
        }
        let lowest = usableShare(topology, sizes: sizes) { free, size in Array(free.prefix(size)) }
        #expect(ours >= least)
        #expect(ours > firstFit)
        #expect(firstFit > lowest)
    }
}
