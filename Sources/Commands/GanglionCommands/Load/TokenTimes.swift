// A language model's answer as it comes, token by token: server-sent events of completions and of chats.

internal import JSON

/// When the tokens of one answer came.
struct TokenTimes: Equatable, Sendable {
    /// From the request to the first token; nil where none came.
    private(set) var first: UInt64?
    /// Between one event with text and the next, in nanoseconds.
    private(set) var gaps: [UInt64] = []
    private var last: UInt64 = 0
    /// Events with text.
    private var events = 0
    /// What the server says how many tokens it has made.
    private var told: Int?
    /// A line that is not complete.
    private var line: [UInt8] = []
    /// Whether the server has said that something went wrong.
    private(set) var hasFailed = false

    /// Tokens: as many as the server says; else as many as there were events with text.
    var tokens: Int { told ?? events }

    /// Takes a piece of the stream.
    ///
    /// - Parameter time: since the request, in nanoseconds.
    mutating func receive(_ bytes: [UInt8], at time: UInt64) {
        for octet in bytes {
            // Lines end with LF, CR, or both; what stands between CR and LF is an empty line, which means nothing here.
            guard octet == 10 || octet == 13 else {
                // An event that is longer is none of a token.
                if line.count < 1 << 20 { line.append(octet) }
                continue
            }
            if line.starts(with: Array("data:".utf8)) { take(line.dropFirst(5), at: time) }
            line.removeAll(keepingCapacity: true)
        }
    }

    /// An answer that came in one piece: its tokens, without times between them.
    mutating func takeWhole(_ body: [UInt8], at time: UInt64) {
        guard let document = try? JSON(parsing: body), let usage = document["usage"] else { return }
        told = usage["completion_tokens"]?.int
        if tokens > 0 { first = time }
    }

    private mutating func take(_ data: ArraySlice<UInt8>, at time: UInt64) {
        let text = data.first == 32 ? data.dropFirst() : data
        guard text.first == UInt8(ascii: "{"), let event = try? JSON(parsing: Array(text)) else { return }
        if event["error"] != nil { hasFailed = true }
        if let count = event["usage"]?["completion_tokens"]?.int { told = count }
        let choice = event["choices"]?.array?.first
        let delta = choice?["delta"]
        let words =
            choice?["text"]?.string ?? delta?["content"]?.string ?? delta?["reasoning_content"]?.string ?? ""
        guard !words.isEmpty else { return }
        events += 1
        if first == nil { first = time } else { gaps.append(time - last) }
        last = time
    }
}
