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

    /// A random trace: arrivals and departures without memory.
    ///
    /// - Parameters:
    ///   - sizes: what is asked for, each as often as it stands here; none may be larger than `cores`.
    ///   - cores: the node's.
    ///   - load: cores asked for at a time on average, as a share of the node's; what does not fit goes elsewhere.
    ///   - count: requests in the trace.
    package init(
        sizes: [Int], cores: Int, load: Double, count: Int, random: inout some RandomNumberGenerator
    ) {
        let mean = Double(sizes.reduce(0, +)) / Double(max(1, sizes.count))
        let rate = load * Double(cores) / mean
        var requests: [StudyRequest] = []
        var held: [StudyRequest] = []
        var now = 0.0
        while requests.count < count, let size = sizes.randomElement(using: &random) {
            now += Self.exponential(rate, &random)
            let request = StudyRequest(
                size: size, arrival: now, departure: now + Self.exponential(1, &random))
            held.removeAll { $0.departure <= now }
            guard held.reduce(size, { $0 + $1.size }) <= cores else { continue }
            held.append(request)
            requests.append(request)
        }
        self.requests = requests
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
