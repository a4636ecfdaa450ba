// What other servers call the parts of a policy: TorchServe and DJL LMI in queries and `serving.properties` (milliseconds),
// Triton in its model configuration (microseconds), ours in flags and the CRD.

internal import JSON

extension BatchPolicy {
    /// Reads what is named; what is not, stays.
    ///
    /// - Parameters:
    ///   - values: by name; other names are not looked at.
    ///   - place: where they stand, for errors.
    /// - Throws: 400 with the name, the value and its range.
    mutating func read(_ values: [String: String], place: String) throws(HTTPProblem) {
        func number(_ names: [String], _ range: ClosedRange<Int>) throws(HTTPProblem) -> Int? {
            for name in names {
                guard let text = values[name] else { continue }
                guard let number = Int(text), range ~= number else {
                    throw HTTPProblem(
                        400,
                        "\(name) in \(place) is \(text.prefix(32)): it must be a number from \(range.lowerBound) to"
                            + " \(range.upperBound)")
                }
                return number
            }
            return nil
        }
        if let number = try number(["batch_size", "batchSize", "max_batch_size", "maxBatchSize"], 1...1_024) {
            texts = number
        }
        if let number = try number(["max_batch_tokens", "maxBatchTokens"], 1...1_048_576) { tokens = number }
        if let number = try number(["max_batch_delay", "maxBatchDelay"], 0...60_000) {
            delay = .milliseconds(number)
        }
        if let number = try number(["max_queue_delay_microseconds"], 0...60_000_000) {
            delay = .microseconds(number)
        }
        if let number = try number(["job_queue_size", "max_queue_size", "queueSize"], 0...100_000) {
            queueLimit = number
        }
        if let number = try number(["queue_timeout", "queueTimeout"], 1...86_400_000) {
            timeout = .milliseconds(number)
        }
        if let number = try number(["default_timeout_microseconds"], 1...86_400_000_000) {
            timeout = .microseconds(number)
        }
        // DJL's and TorchServe's, in seconds.
        if let number = try number(
            ["predict_timeout", "option.predict_timeout", "response_timeout"], 1...86_400)
        {
            computeTimeout = .seconds(number)
        }
        if let number = try number(["priority_levels"], 1...1_000) { priorities = number }
        if let text = values["preferred_batch_size"] {
            let sizes = text.split(separator: ",").map { Int($0.filter { $0 != " " }) ?? 0 }
            guard !sizes.isEmpty, sizes.allSatisfy({ 1...1_024 ~= $0 }) else {
                throw HTTPProblem(
                    400,
                    "preferred_batch_size in \(place) is \(text.prefix(64)): it must be numbers from 1 to 1024"
                )
            }
            preferred = sizes.sorted()
        }
    }

    /// Reads Triton's model configuration as JSON: `max_batch_size` and `dynamic_batching`.
    ///
    /// - Throws: 400.
    mutating func read(tritonConfiguration text: String) throws(HTTPProblem) {
        guard let document = try? JSON(parsing: Array(text.utf8), maximumDepth: 16), document.object != nil
        else {
            throw HTTPProblem(400, "the parameter config is no JSON object")
        }
        var values: [String: String] = [:]
        func take(_ part: JSON?, _ names: [String]) {
            for name in names {
                if let number = part?[name]?.int { values[name] = String(number) }
                if let word = part?[name]?.string { values[name] = word }
            }
        }
        take(document, ["max_batch_size"])
        // 0 is Triton's word for no batching at all.
        if values["max_batch_size"] == "0" { values["max_batch_size"] = "1" }
        let batching = document["dynamic_batching"]
        take(batching, ["max_queue_delay_microseconds", "priority_levels"])
        take(batching?["default_queue_policy"], ["max_queue_size", "default_timeout_microseconds"])
        if let sizes = batching?["preferred_batch_size"]?.array {
            values["preferred_batch_size"] = sizes.map { $0.text() }.joined(separator: ",")
        }
        if values["priority_levels"] == "0" { values["priority_levels"] = nil }
        try read(values, place: "config")
    }
}
