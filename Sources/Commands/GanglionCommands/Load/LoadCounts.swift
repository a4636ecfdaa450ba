// What has come of requests: their times, those of a language model's tokens, and the kinds of errors.

internal import HTTP
internal import JSON
internal import SystemIO

/// The outcome of any number of requests.
struct LoadCounts: Equatable, Sendable {
    /// Of good answers.
    var latencies = LatencyHistogram()
    /// By status or by what went wrong.
    var errors: [String: Int] = [:]
    /// Of a language model: from the request to the first token.
    var firstTokens = LatencyHistogram()
    /// Of a language model: between two events with text.
    var tokenGaps = LatencyHistogram()
    /// Tokens of all good answers.
    var tokens = 0
    /// Kept connections that the server had closed meanwhile; the request went out on a new one.
    var reconnections = 0

    /// Answers, good ones and others.
    var requests: Int { latencies.count + errors.values.reduce(0, +) }

    /// Counts what has come of a request.
    ///
    /// - Parameter kind: what an error is called, where it is not by what it is.
    mutating func add(_ result: Result<LoadAnswer, HTTPError>, kind: String? = nil) {
        switch result {
        case .success(let answer) where 200..<300 ~= answer.status:
            latencies.add(microseconds: Int(answer.time / 1_000))
            guard let times = answer.tokens else { return }
            tokens += times.tokens
            if let first = times.first { firstTokens.add(microseconds: Int(first / 1_000)) }
            for gap in times.gaps { tokenGaps.add(microseconds: Int(gap / 1_000)) }
        case .success(let answer): errors[String(answer.status), default: 0] += 1
        case .failure(let error): errors[kind ?? Self.kind(error), default: 0] += 1
        }
    }

    /// The kind of an error, without what differs each time.
    static func kind(_ error: HTTPError) -> String {
        switch error {
        case .transport(let error): error.description.contains("refused") ? "refused" : "broken"
        case .malformed: "malformed"
        case .security: "tls"
        case .closed: "closed"
        case .reset: "reset"
        case .timeout: "timeout"
        case .expired: "expired"
        case .tunnel: "proxy"
        }
    }

    /// Good answers a second.
    func rate(seconds: Double) -> Double { Double(latencies.count) / max(seconds, 1e-9) }

    /// The members of a JSON document that tell it.
    func members(seconds: Double) -> [String: JSON] {
        var members: [String: JSON] = [
            "requests": JSON(requests), "errors": .object(errors.mapValues { JSON($0) }),
            "seconds": .double((seconds * 1000).rounded() / 1000),
            "requestsPerSecond": .double((rate(seconds: seconds) * 10).rounded() / 10),
            "milliseconds": latencies.document,
        ]
        if reconnections > 0 { members["reconnections"] = JSON(reconnections) }
        if firstTokens.count > 0 {
            members["tokens"] = [
                "count": JSON(tokens),
                "perSecond": .double((Double(tokens) / max(seconds, 1e-9) * 10).rounded() / 10),
                "millisecondsToFirst": firstTokens.document, "millisecondsBetween": tokenGaps.document,
            ]
        }
        return members
    }

    /// One line for people.
    func line(seconds: Double) -> String {
        var parts = ["\(Int(rate(seconds: seconds))) requests/s", latencies.line([50, 90, 95, 99])]
        if firstTokens.count > 0 {
            parts.append("\(Int(Double(tokens) / max(seconds, 1e-9))) tokens/s")
            parts.append("first token " + firstTokens.line([50, 90, 99]))
            if tokenGaps.count > 0 { parts.append("between tokens " + tokenGaps.line([50, 90, 99])) }
        }
        let failures = errors.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        parts.append(failures.isEmpty ? "no errors" : "errors: " + failures.joined(separator: ", "))
        return parts.joined(separator: ", ")
    }
}

extension LatencyHistogram {
    /// Percentiles in milliseconds.
    var document: JSON {
        func milliseconds(_ microseconds: Int) -> JSON { .double(Double(microseconds) / 1000) }
        return [
            "mean": milliseconds(Int(mean)), "p50": milliseconds(percentile(50)),
            "p90": milliseconds(percentile(90)), "p95": milliseconds(percentile(95)),
            "p99": milliseconds(percentile(99)), "max": milliseconds(maximum),
        ]
    }

    /// Percentiles for people.
    func line(_ shares: [Int]) -> String {
        shares.map { "p\($0) \(Self.milliseconds(percentile(Double($0)))) ms" }.joined(separator: ", ")
    }

    /// Milliseconds, with as many digits as say something.
    static func milliseconds(_ microseconds: Int) -> String {
        let unit = microseconds < 10_000 ? 10 : 100
        let parts = (microseconds + unit / 2) / unit
        let scale = 1_000 / unit
        let rest = parts % scale
        return "\(parts / scale)." + (scale == 100 && rest < 10 ? "0" : "") + String(rest)
    }
}
