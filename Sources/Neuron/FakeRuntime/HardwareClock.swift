// How long the hardware would take, so that batching, queues and scaling can be tried at its speed on a machine that has
// none. AWS has published batches of 1 and 10 of two models on Inf1 and Inf2: a line through both for each model, with the
// start of an execution and a rate in operations a second. Another model gets the larger start-up and the rate that lies
// nearer by its operations.

import Neuron
import SystemIO

/// The time of executions on a family of chips.
struct HardwareClock: Sendable {
    /// A published model's line.
    private struct Line {
        /// Seconds before the first text.
        let start: Double
        /// Operations a second.
        let rate: Double
        /// Operations of one text.
        let operations: Double
    }

    private let lines: [Line]
    /// Octets a second from memory, for what is loaded when another program executes.
    private let bandwidth: Double
    /// Whether the cores of a chip share that, as those of Inferentia share their memory; else each core has so much.
    private let isShared: Bool

    /// The clock of a family; nil where nothing is published.
    init?(_ family: NeuronFamily) {
        let sizes: [(PublishedLatency, layers: Double)] = [(.bertLarge, 24), (.electraLarge, 24)]
        lines = sizes.compactMap { model, layers in
            guard let times = model.milliseconds(family.rawValue) else { return nil }
            let each = (times.ten - times.one) / 9 / 1_000
            // Both models have 24 layers of 1,024 columns and 4,096 in the middle.
            let tokens = Double(model.sequenceLength)
            let operations =
                2 * layers * tokens * (4 * 1_024 * 1_024 + 2 * 1_024 * 4_096 + 2 * tokens * 1_024)
            return Line(start: times.one / 1_000 - each, rate: operations / each, operations: operations)
        }
        guard !lines.isEmpty else { return nil }
        // 50 GB/s of an Inferentia chip, 380 GB/s of an Inferentia2 chip, half of which is near each core.
        isShared = family == .inferentia
        bandwidth = isShared ? 50e9 : 190e9
    }

    /// The time of an execution on one core, or on several that share each layer.
    ///
    /// - Parameters:
    ///   - operations: of each text.
    ///   - cores: that share it.
    func time(operations: [Double], cores: Int) -> Duration {
        let total = operations.reduce(0, +)
        guard let mean = operations.isEmpty ? nil : total / Double(operations.count),
            let line = lines.min(by: { abs($0.operations - mean) < abs($1.operations - mean) })
        else { return .zero }
        let seconds = max(0, line.start) + total / line.rate / Double(max(cores, 1))
        return .nanoseconds(Int64(seconds * 1e9))
    }

    /// The time until another program's weights are where they are needed.
    ///
    /// - Parameters:
    ///   - octets: of weights on a core.
    ///   - readers: cores of the chip that read at the same time, at least 1.
    func switchTime(octets: Int, readers: Int) -> Duration {
        .nanoseconds(Int64(Double(octets) * Double(isShared ? max(1, readers) : 1) / bandwidth * 1e9))
    }
}

/// Who reads out of a chip's memory, and until when.
final class MemoryReaders: Sendable {
    private struct Reader {
        let cores: Int
        let until: Duration
    }

    private let readers = Lock<[Reader]>([])

    /// Some more cores begin to read.
    ///
    /// - Parameters:
    ///   - now: of the monotonic clock.
    ///   - time: how long it takes beside so many cores, these among them.
    func add(
        _ cores: Int, now: Duration = MonotonicClock.time, _ time: (_ readers: Int) -> Duration
    ) -> Duration {
        readers.withLock { readers in
            readers.removeAll { $0.until <= now }
            let took = time(readers.reduce(cores) { $0 + $1.cores })
            readers.append(Reader(cores: cores, until: now + took))
            return took
        }
    }
}
