// The scheduler counts cores: a request comes to a node whenever enough are free, and whether they hang together is the
// node's affair. So a trace is made by counting alone, and every rule is tried on the same one.

internal import Glibc

/// A request for cores and the times of its coming and going.
package struct StudyRequest: Equatable, Sendable {
    /// Cores asked for.
    package var size: Int
    /// When it comes, in mean lifetimes.
    package var arrival: Double
    /// When it goes.
    package var departure: Double
}

/// Requests in the order of their coming; each finds enough free cores, if those before it were all placed.
package struct StudyTrace: Equatable, Sendable {
    /// The requests.
    package var requests: [StudyRequest]

    /// A random trace.
    package init(_ demand: StudyDemand, count: Int, random: inout some RandomNumberGenerator) {
        var requests: [StudyRequest] = []
        var held: [StudyRequest] = []
        var now = 0.0
        while requests.count < count {
            now += demand.pause(&random)
            let request = StudyRequest(
                size: demand.size(&random), arrival: now, departure: now + demand.lifetime(&random))
            held.removeAll { $0.departure <= now }
            guard held.reduce(request.size, { $0 + $1.size }) <= demand.cores else { continue }
            held.append(request)
            requests.append(request)
        }
        self.requests = requests
    }
}

/// What is asked of a node: arrivals and departures without memory.
package struct StudyDemand: Equatable, Sendable {
    /// Sizes, each as often as it stands here; never empty, and none larger than `cores`.
    package var sizes: [Int]
    /// The node's cores.
    package var cores: Int
    /// Cores asked for at a time on average, as a share of the node's; what does not fit goes elsewhere.
    package var load: Double

    /// A demand.
    package init(sizes: [Int], cores: Int, load: Double) {
        let possible = sizes.filter { (1...max(1, cores)).contains($0) }
        self.sizes = possible.isEmpty ? [1] : possible
        self.cores = max(1, cores)
        self.load = max(0.01, load)
    }

    func size(_ random: inout some RandomNumberGenerator) -> Int { sizes.randomElement(using: &random) ?? 1 }

    func lifetime(_ random: inout some RandomNumberGenerator) -> Double { Self.exponential(1, &random) }

    func pause(_ random: inout some RandomNumberGenerator) -> Double {
        let mean = Double(sizes.reduce(0, +)) / Double(sizes.count)
        return Self.exponential(load * Double(cores) / mean, &random)
    }

    private static func exponential(_ rate: Double, _ random: inout some RandomNumberGenerator) -> Double {
        -log(1 - Double.random(in: 0..<1, using: &random)) / rate
    }
}

/// SplitMix64: the same trace on every machine.
package struct StudyGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A generator that begins at `seed`.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
