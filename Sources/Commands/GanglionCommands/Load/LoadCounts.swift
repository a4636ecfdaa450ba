// What has come of requests: their times, and the kinds of their errors.

internal import HTTP
internal import JSON
internal import SystemIO

/// The outcome of any number of requests.
struct LoadCounts: Equatable, Sendable {
    var latencies = LatencyHistogram()
    /// By status or by what went wrong.
    var errors: [String: Int] = [:]

    /// Answers, good ones and others.
    var requests: Int { latencies.count + errors.values.reduce(0, +) }

    mutating func merge(_ other: LoadCounts) {
        latencies.merge(other.latencies)
        errors.merge(other.errors, uniquingKeysWith: +)
    }

    /// The kind of an error, without what differs each time.
    static func kind(_ error: any Error) -> String {
        switch error as? HTTPError {
        case .transport(let error): error.description.contains("refused") ? "refused" : "broken"
        case .malformed: "malformed"
        case .security: "tls"
        case .closed: "closed"
        case .reset: "reset"
        case .timeout: "timeout"
        case .expired: "expired"
        case nil: "other"
        }
    }

    /// What a run of so many seconds has given.
    func document(seconds: Double, mode: String, clients: Int, urls: Int) -> JSON {
        func milliseconds(_ microseconds: Int) -> JSON { .double(Double(microseconds) / 1000) }
        return [
            "mode": .string(mode), "clients": JSON(clients), "urls": JSON(urls), "requests": JSON(requests),
            "errors": .object(errors.mapValues { JSON($0) }),
            "seconds": .double((seconds * 1000).rounded() / 1000),
            "requestsPerSecond": .double((Double(latencies.count) / max(seconds, 1e-9) * 10).rounded() / 10),
            "milliseconds": [
                "mean": milliseconds(Int(latencies.mean)), "p50": milliseconds(latencies.percentile(50)),
                "p90": milliseconds(latencies.percentile(90)), "p95": milliseconds(latencies.percentile(95)),
                "p99": milliseconds(latencies.percentile(99)), "max": milliseconds(latencies.maximum),
            ],
        ]
    }

    /// One line for people.
    func line(seconds: Double) -> String {
        func milliseconds(_ microseconds: Int) -> String {
            let tenths = (microseconds + 50) / 100
            return "\(tenths / 10).\(tenths % 10)"
        }
        let rate = Int(Double(latencies.count) / max(seconds, 1e-9))
        let times = [50, 90, 95, 99].map { "p\(Int($0)) \(milliseconds(latencies.percentile($0))) ms" }
        let failures = errors.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "\(rate) requests/s, " + times.joined(separator: ", ")
            + (failures.isEmpty ? ", no errors" : ", errors: " + failures.joined(separator: ", "))
    }
}
