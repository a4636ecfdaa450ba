// What a language model is asked, out of the three forms that clients send.

internal import JSON
internal import LanguageModels

extension GenerationRequest {
    /// Reads what chat and plain completions have in common.
    mutating func readSampling(_ fields: inout OpenAIFields) throws(HTTPProblem) {
        if let number = try fields.number("temperature", 0...2) { sampling.temperature = number }
        if let number = try fields.number("top_p", 0...1) { sampling.topP = number }
        if let number = try fields.int("top_k", -1...1_000_000) { sampling.topK = max(0, number) }
        if let number = try fields.number("min_p", 0...1) { sampling.minP = number }
        if let number = try fields.number("repetition_penalty", 0.01...100) {
            sampling.repetitionPenalty = number
        }
        if let number = try fields.number("presence_penalty", -2...2) { sampling.presencePenalty = number }
        if let number = try fields.number("frequency_penalty", -2...2) { sampling.frequencyPenalty = number }
        if let number = try fields.int("seed", Int.min...Int.max) {
            sampling.seed = UInt64(bitPattern: Int64(number))
        }
        if let number = try fields.int("min_tokens", 0...1_000_000) { sampling.minimumTokens = number }
        if let truth = try fields.bool("ignore_eos") { sampling.ignoresEnd = truth }
        if let value = fields.value("stop") {
            let stops = value.string.map { [$0] } ?? (value.array ?? []).compactMap(\.string)
            guard stops.count == (value.array?.count ?? 1), stops.count <= 16,
                stops.allSatisfy({ !$0.isEmpty })
            else { throw OpenAIFields.wrong("stop", value, "a string or up to 16 of them, none empty") }
            sampling.stop = stops
        }
        try fields.only("n", { $0.int == 1 }, "1: this server gives one answer")
        try fields.only("logit_bias", { $0.object?.isEmpty == true }, "empty: it is not supported")
        guard sampling.topP > 0 else { throw OpenAIFields.wrong("top_p", .double(sampling.topP), "above 0") }
        if let most = maximumTokens, sampling.minimumTokens > most {
            throw OpenAIFields.wrong(
                "min_tokens", JSON(sampling.minimumTokens), "at most max_tokens, which is \(most)")
        }
    }

    /// A text with Triton's and Hugging Face's parameters.
    ///
    /// - Throws: 400 for a parameter that is out of its range, or not known.
    init(tritonPrompt text: String, _ parameters: [String: JSON]) throws(HTTPProblem) {
        self.init(prompt: .text(text))
        var values = parameters
        // Names of Hugging Face's generation, and what concerns the protocol.
        if let number = values.removeValue(forKey: "max_new_tokens") { values["max_tokens"] = number }
        if let number = values.removeValue(forKey: "min_new_tokens") { values["min_tokens"] = number }
        if let sample = values.removeValue(forKey: "do_sample") {
            guard let sample = sample.bool else {
                throw OpenAIFields.wrong("do_sample", sample, "true or false")
            }
            if !sample { values["temperature"] = .int(0) }
        }
        for name in [
            "priority", "timeout", "binary_data_output", "sequence_id", "sequence_start", "sequence_end",
        ] {
            values[name] = nil
        }
        var fields = OpenAIFields(values)
        maximumTokens = try fields.int("max_tokens", 1...1_000_000)
        try readSampling(&fields)
        try fields.refuseOthers()
    }
}

/// Which pieces of a stream have the counts of tokens.
enum StreamedUsage: Equatable {
    case never
    /// One piece more behind the last (OpenAI's `include_usage`).
    case atTheEnd
    /// That one, and each other one has the counts so far (vLLM's `continuous_usage_stats`).
    case always
}

/// What `/v1/completions` or `/v1/chat/completions` is asked.
struct CompletionRequest: Equatable {
    let model: String
    /// One for each prompt; of a chat there is one.
    let requests: [GenerationRequest]
    let isStream: Bool
    /// Which pieces of a stream have the counts.
    let usage: StreamedUsage

    private init(
        _ fields: inout OpenAIFields, _ prompts: [GenerationRequest.Prompt], _ template: GenerationRequest
    ) throws(HTTPProblem) {
        guard let model = try fields.string("model") else {
            throw HTTPProblem(400, "you must provide a model parameter", parameter: "model")
        }
        self.model = model
        isStream = try fields.bool("stream") ?? false
        var usage = StreamedUsage.never
        if let value = fields.value("stream_options") {
            guard let object = value.object, isStream else {
                throw OpenAIFields.wrong("stream_options", value, "an object, and only with stream")
            }
            var options = OpenAIFields(object)
            if try options.bool("include_usage") == true { usage = .atTheEnd }
            if try options.bool("continuous_usage_stats") == true {
                guard usage == .atTheEnd else {
                    throw HTTPProblem(
                        400, "'continuous_usage_stats' needs include_usage to be true",
                        parameter: "stream_options")
                }
                usage = .always
            }
            try options.refuseOthers()
        }
        self.usage = usage
        requests = prompts.map { prompt in
            var request = template
            request.prompt = prompt
            return request
        }
        try fields.refuseOthers()
    }

    /// - Throws: 400.
    init(chat document: JSON) throws(HTTPProblem) {
        var fields = OpenAIFields(document.object ?? [:])
        guard let messages = fields.value("messages") else {
            throw HTTPProblem(400, "you must provide a messages parameter", parameter: "messages")
        }
        let prompt = GenerationRequest.Prompt.messages(try Self.messages(messages))
        var request = GenerationRequest(prompt: prompt)
        let old = try fields.int("max_tokens", 1...1_000_000)
        request.maximumTokens = try fields.int("max_completion_tokens", 1...1_000_000) ?? old
        let wantsProbabilities = try fields.bool("logprobs") ?? false
        let alternatives = try fields.int("top_logprobs", 0...20)
        if alternatives != nil, !wantsProbabilities {
            throw HTTPProblem(400, "'top_logprobs' needs logprobs to be true", parameter: "top_logprobs")
        }
        request.logProbabilities = wantsProbabilities ? alternatives ?? 0 : nil
        try request.readSampling(&fields)
        try fields.only("response_format", { $0["type"] == "text" }, "{\"type\": \"text\"}")
        try fields.only("tools", { $0.array?.isEmpty == true }, "empty: tools are not supported")
        try fields.only("tool_choice", { $0 == "none" || $0 == "auto" }, "none or auto")
        try self.init(&fields, [prompt], request)
    }

    /// - Throws: 400.
    init(completion document: JSON) throws(HTTPProblem) {
        var fields = OpenAIFields(document.object ?? [:])
        guard let prompt = fields.value("prompt") else {
            throw HTTPProblem(400, "you must provide a prompt parameter", parameter: "prompt")
        }
        let prompts = try Self.prompts(prompt)
        var request = GenerationRequest(prompt: prompts[0])
        // OpenAI's default: a completion is short unless it is said how long it may be.
        request.maximumTokens = try fields.int("max_tokens", 1...1_000_000) ?? 16
        request.logProbabilities = try fields.int("logprobs", 0...5)
        try request.readSampling(&fields)
        try fields.only("echo", { $0 == false }, "false: it is not supported")
        try fields.only("best_of", { $0.int == 1 }, "1: this server gives one answer")
        try fields.only("suffix", { $0 == "" }, "empty: it is not supported")
        try self.init(&fields, prompts, request)
    }

    private static func prompts(_ prompt: JSON) throws(HTTPProblem) -> [GenerationRequest.Prompt] {
        let hint = "a text, a list of texts, a list of ids, or a list of such lists; at most 64"
        if let text = prompt.string { return [.text(text)] }
        guard let list = prompt.array, let first = list.first, list.count <= 64 || first.int != nil else {
            throw OpenAIFields.wrong("prompt", prompt, hint)
        }
        func ids(_ value: JSON) throws(HTTPProblem) -> GenerationRequest.Prompt {
            let ids = (value.array ?? []).compactMap(\.int)
            guard !ids.isEmpty, ids.count == value.array?.count, ids.allSatisfy({ $0 >= 0 }) else {
                throw OpenAIFields.wrong("prompt", value, hint)
            }
            return .tokens(ids)
        }
        if first.int != nil { return [try ids(prompt)] }
        var prompts: [GenerationRequest.Prompt] = []
        for element in list {
            if let text = element.string {
                prompts.append(.text(text))
            } else {
                prompts.append(try ids(element))
            }
        }
        return prompts
    }

    private static func messages(_ value: JSON) throws(HTTPProblem) -> [ChatMessage] {
        guard let list = value.array, !list.isEmpty, list.count <= 1_024 else {
            throw OpenAIFields.wrong("messages", value, "a list of 1 to 1024 messages")
        }
        var messages: [ChatMessage] = []
        for (index, message) in list.enumerated() {
            let place = "messages[\(index)]"
            guard let role = message["role"]?.string,
                ["system", "developer", "user", "assistant", "tool"].contains(role)
            else {
                throw OpenAIFields.wrong(
                    place + ".role", message["role"] ?? .null, "system, developer, user, assistant or tool")
            }
            messages.append(
                ChatMessage(
                    role: role, content: try content(message["content"] ?? .null, place + ".content"),
                    name: message["name"]?.string))
        }
        return messages
    }

    private static func content(_ value: JSON, _ place: String) throws(HTTPProblem) -> String {
        if let text = value.string { return text }
        guard let parts = value.array else {
            throw OpenAIFields.wrong(place, value, "a string or a list of text parts")
        }
        var text = ""
        for part in parts {
            guard part["type"] == "text", let own = part["text"]?.string else {
                throw OpenAIFields.wrong(place, part, "parts of type text: the model reads nothing else")
            }
            text += own
        }
        return text
    }
}
