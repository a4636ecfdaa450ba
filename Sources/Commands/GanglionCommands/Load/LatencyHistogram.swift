// Latencies of any number of requests in a few kilobytes, with an error below one per cent: buckets of 1/128 of their power of
// two (HdrHistogram's way). Histograms of many clients are added up, so that percentiles are those of all requests, and not a
// mean of percentiles.

/// Counts times in microseconds.
struct LatencyHistogram: Equatable, Sendable {
    private static let steps = 128
    private var counts: [UInt32] = []
    private(set) var count = 0
    private(set) var maximum = 0
    private var sum = 0.0

    /// Takes one time, at least zero.
    mutating func add(microseconds time: Int) {
        let index = Self.index(time)
        if index >= counts.count { counts += [UInt32](repeating: 0, count: index + 1 - counts.count) }
        counts[index] &+= 1
        count += 1
        maximum = max(maximum, time)
        sum += Double(time)
    }

    /// Adds another's times.
    mutating func merge(_ other: LatencyHistogram) {
        if other.counts.count > counts.count {
            counts += [UInt32](repeating: 0, count: other.counts.count - counts.count)
        }
        for (index, count) in other.counts.enumerated() { counts[index] &+= count }
        count += other.count
        maximum = max(maximum, other.maximum)
        sum += other.sum
    }

    /// The mean; 0 of none.
    var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// The time that the share of requests has taken at most, within one per cent; 0 of none.
    func percentile(_ share: Double) -> Int {
        let rank = max(1, Int((share / 100 * Double(count)).rounded(.up)))
        var below = 0
        for (index, count) in counts.enumerated() {
            below += Int(count)
            if below >= rank { return min(maximum, Self.upperBound(index)) }
        }
        return maximum
    }

    private static func index(_ time: Int) -> Int {
        let time = max(0, time)
        guard time >= 2 * steps else { return time }
        let shift = Int.bitWidth - time.leadingZeroBitCount - 8
        return shift * steps + time >> shift
    }

    private static func upperBound(_ index: Int) -> Int {
        guard index >= 2 * steps else { return index }
        let shift = index / steps - 1
        let step = index - shift * steps
        return (step + 1) << shift - 1
    }
}
