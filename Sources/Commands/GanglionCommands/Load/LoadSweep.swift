// Several loads one after the other: what throughput costs in latency is a curve, and one load is one point of it.

internal import JSON
internal import SystemIO
internal import Text

/// The loads of a sweep.
enum LoadSweep: Equatable, Sendable {
    case clients([Int])
    /// Requests a second.
    case rates([Double])
    /// Each URL once in turn, as many at random, then ever more clients until more of them get no more answers: as
    /// aws-do-inference's benchmark goes.
    case auto

    /// Reads `clients=1,2,4`, `rate=100,200` or `auto`.
    init(_ text: String) throws(LoadProblem) {
        let problem = LoadProblem(
            "--sweep \(text) is no sweep: write clients=1,2,4, rate=100,200 or auto")
        if text == "auto" {
            self = .auto
            return
        }
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw problem }
        let words = parts[1].split(separator: ",", omittingEmptySubsequences: false)
        switch parts[0] {
        case "clients":
            let numbers = words.compactMap { Int($0) }.filter { 1...10_000 ~= $0 }
            guard numbers.count == words.count else { throw problem }
            self = .clients(numbers)
        case "rate":
            let numbers = words.compactMap { Double($0) }.filter { $0 > 0 && $0 <= 1_000_000 }
            guard numbers.count == words.count else { throw problem }
            self = .rates(numbers)
        default: throw problem
        }
    }
}

/// What one load of a sweep has given.
struct LoadStep: Equatable, Sendable {
    /// As people read it: `8 clients`.
    let name: String
    let counts: LoadCounts
    let seconds: Double
    /// Whether it is a point of the curve: not what is asked one by one.
    var isOnCurve = true

    var rate: Double { counts.rate(seconds: seconds) }

    var document: JSON {
        var members = counts.members(seconds: seconds)
        members["name"] = .string(name)
        return .object(members)
    }

    /// What stands over `row`.
    static let header = "load             requests/s   p50 ms   p90 ms   p95 ms   p99 ms   errors"

    /// A line of a table.
    var row: String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        let times = [50, 90, 95, 99].map { share in
            right(LatencyHistogram.milliseconds(counts.latencies.percentile(share)), 9)
        }
        let tenths = Int((rate * 10).rounded())
        return name + right("\(tenths / 10).\(tenths % 10)", 27 - name.count) + times.joined()
            + right(String(counts.errors.values.reduce(0, +)), 9)
    }
}

extension LoadSweep {
    /// More clients end the sweep when twice in a row they get less than this much more answers.
    private static let gain = 1.05
    private static let mostClients = 4_096

    /// Runs the loads.
    ///
    /// - Parameters:
    ///   - plan: what all have in common; its mode and its order do not count.
    ///   - run: runs one load.
    ///   - tell: gets each when it is over.
    func run(
        _ plan: LoadPlan, _ run: (LoadPlan) async throws -> (counts: LoadCounts, seconds: Double),
        tell: (LoadStep) -> Void
    ) async throws -> [LoadStep] {
        var steps: [LoadStep] = []
        func step(_ name: String, isOnCurve: Bool = true, _ change: (inout LoadPlan) -> Void) async throws {
            var own = plan
            change(&own)
            let (counts, seconds) = try await run(own)
            let step = LoadStep(name: name, counts: counts, seconds: seconds, isOnCurve: isOnCurve)
            steps.append(step)
            tell(step)
        }
        switch self {
        case .clients(let numbers):
            for number in numbers {
                try await step(Self.name(number)) { $0.mode = .closed(clients: number) }
            }
        case .rates(let rates):
            for rate in rates {
                let name = rate == rate.rounded() ? String(Int(rate)) : String(rate)
                try await step(name + "/s") { $0.mode = .open(rate: rate) }
            }
        case .auto:
            for isRandom in [false, true] {
                try await step(isRandom ? "random" : "sequential", isOnCurve: false) {
                    $0.mode = .closed(clients: 1)
                    $0.isRandom = isRandom
                    ($0.requests, $0.duration) = ($0.targets.count, nil)
                }
            }
            var best = 0.0
            var idle = 0
            var clients = 1
            while idle < 2, clients <= Self.mostClients {
                try await step(Self.name(clients)) {
                    $0.mode = .closed(clients: clients)
                    $0.isRandom = true
                }
                let rate = steps.last?.rate ?? 0
                idle = rate > best * Self.gain ? 0 : idle + 1
                best = max(best, rate)
                clients *= 2
            }
        }
        return steps
    }

    private static func name(_ clients: Int) -> String { clients == 1 ? "1 client" : "\(clients) clients" }
}
