import JSON
import Testing

@testable import GanglionCommands

@Suite("What ganglion load tells")
struct LoadReportTests {
    /// A stream of server-sent events, each at a time.
    private func times(_ pieces: [(at: UInt64, text: String)]) -> TokenTimes {
        var times = TokenTimes()
        for piece in pieces { times.receive(Array(piece.text.utf8), at: piece.at) }
        return times
    }

    @Test("a chat's tokens are counted from its events, wherever they are cut")
    func chat() {
        let events = [
            (
                at: UInt64(5),
                text: #"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"# + "\n\n"
            ),
            (10, #"data: {"choices":[{"delta":{"con"#), (30, #"tent":"a"}}]}"# + "\r\n\r\n: a comment\n"),
            (70, #"data:{"choices":[{"delta":{"content":"b"}}]}"# + "\n\n"),
            (75, #"data: {"choices":[],"usage":{"completion_tokens":7}}"# + "\n\ndata: [DONE]\n\n"),
        ]
        let whole = times(events)
        #expect(whole.first == 30 && whole.gaps == [40] && whole.tokens == 7 && !whole.hasFailed)
        let untold = times(Array(events.dropLast()))
        #expect(untold.tokens == 2)
    }

    @Test("a completion's events have text, and an error among them makes the answer a bad one")
    func completion() {
        let good = times([(at: 1, text: #"data: {"choices":[{"text":"x"}]}"# + "\n\n")])
        #expect(good.first == 1 && good.tokens == 1 && !good.hasFailed)
        #expect(times([(at: 1, text: #"data: {"error":{"message":"no"}}"# + "\n\n")]).hasFailed)
    }

    @Test("an answer in one piece says how many tokens it has")
    func whole() {
        var times = TokenTimes()
        times.takeWhole(Array(#"{"usage":{"completion_tokens":3}}"#.utf8), at: 9)
        #expect(times.tokens == 3 && times.first == 9 && times.gaps.isEmpty)
    }

    @Test("tokens a second and both kinds of times are in the document")
    func document() throws {
        var counts = LoadCounts()
        let events = [1_000_000, 3_000_000, 5_000_000].map {
            (at: UInt64($0), text: #"data: {"choices":[{"text":"x"}]}"# + "\n\n")
        }
        counts.add(.success(LoadAnswer(status: 200, time: 6_000_000, tokens: times(events))))
        counts.add(.success(LoadAnswer(status: 503, time: 1_000, tokens: nil)))
        let document = JSON.object(counts.members(seconds: 0.5))
        #expect(document["requests"]?.int == 2 && document["errors"]?["503"]?.int == 1)
        #expect(document["tokens"]?["count"]?.int == 3 && document["tokens"]?["perSecond"]?.double == 6)
        #expect(document["tokens"]?["millisecondsToFirst"]?["p50"]?.double == 1)
        #expect(abs((document["tokens"]?["millisecondsBetween"]?["p90"]?.double ?? 0) - 2) < 0.02)
        #expect(counts.line(seconds: 0.5).contains("6 tokens/s, first token p50 1.00 ms"))
    }

    @Test(
        "milliseconds have the digits that say something",
        arguments: [
            (4, "0.00"), (996, "1.00"), (1_234, "1.23"), (9_995, "10.00"), (10_049, "10.0"), (25_951, "26.0"),
        ])
    func milliseconds(microseconds: Int, text: String) {
        #expect(LatencyHistogram.milliseconds(microseconds) == text)
    }

    @Test("a sweep is read from its words")
    func sweeps() throws {
        #expect(try LoadSweep("clients=1,8,64") == .clients([1, 8, 64]))
        #expect(try LoadSweep("rate=10,0.5") == .rates([10, 0.5]))
        #expect(try LoadSweep("auto") == .auto)
        for word in ["", "clients", "clients=", "clients=0", "clients=1,x", "rate=-1", "users=3", "auto=1"] {
            #expect(throws: LoadProblem.self, "\(word)") { try LoadSweep(word) }
        }
    }

    /// A load of so many answers in a second, each of so many milliseconds.
    private func counts(_ answers: Int, milliseconds: Int) -> LoadCounts {
        var counts = LoadCounts()
        for _ in 0..<answers { counts.latencies.add(microseconds: milliseconds * 1_000) }
        return counts
    }

    @Test(
        "auto asks each URL once in turn and at random, then ever more clients until two steps bring nothing")
    func auto() async throws {
        let plan = LoadPlan(mode: .open(rate: 1), targets: try LoadTarget.all("http://a/{0-9}"))
        var asked: [LoadPlan] = []
        var told: [String] = []
        let steps = try await LoadSweep.auto.run(plan) { own in
            asked.append(own)
            guard case .closed(let clients) = own.mode else { return (LoadCounts(), 1) }
            // Ten answers a second for each client, at most 40.
            return (counts(own.requests ?? min(40, clients * 10), milliseconds: clients), 1)
        } tell: {
            told.append($0.name)
        }
        #expect(
            told == ["sequential", "random", "1 client", "2 clients", "4 clients", "8 clients", "16 clients"])
        #expect(
            asked.prefix(2).map(\.requests) == [10, 10] && asked.prefix(2).map(\.isRandom) == [false, true])
        #expect(asked.dropFirst(2).allSatisfy { $0.isRandom && $0.requests == nil })
        #expect(steps.map(\.isOnCurve) == [false, false, true, true, true, true, true])
        #expect(steps[4].row == "4 clients              40.0     4.00     4.00     4.00     4.00        0")
        #expect(steps[4].row.count == LoadStep.header.count)
    }

    @Test("the picture has a point for each load and percentile, and the field of characters both marks")
    func plot() {
        let steps = [(100, 5), (200, 9)].map { answers, time in
            LoadStep(name: "\(time) <&> clients", counts: counts(answers, milliseconds: time), seconds: 1)
        }
        let plot = LoadPlot(steps)
        let picture = plot.svg(title: "a & b")
        #expect(picture.components(of: "<circle") == 6 && picture.components(of: "<polyline") == 3)
        #expect(picture.contains("a &amp; b") && picture.contains("5 &lt;&amp;&gt; clients"))
        #expect(!picture.contains("nan") && picture.hasSuffix("</svg>\n"))
        let lines = plot.text(width: 21, height: 11).split(separator: "\n")
        // 9 of 10 ms at 200 requests a second of 200, the whole width.
        #expect(lines[2] == "         |" + String(repeating: " ", count: 20) + "9")
        #expect(lines.last?.hasSuffix("200 requests/s") == true)
        #expect(LoadPlot([]).text() == "")
    }

    @Test("axes end with 1, 2 or 5 and zeros", arguments: [(0.3, 0.5), (1, 1), (1.1, 2), (6_230, 10_000)])
    func rounding(number: Double, end: Double) { #expect(LoadPlot.roundedUp(number) == end) }

    @Test("a prompt is a chat for the chat's path, else a completion; both are streamed")
    func prompt() throws {
        let prompt = LoadPrompt(text: "hi", model: "m", maxTokens: 5)
        let chat = try JSON(parsing: prompt.body("/v1/chat/completions?x=1"))
        #expect(chat["messages"]?.array?.first?["content"]?.string == "hi" && chat["stream"]?.bool == true)
        let completion = try JSON(parsing: prompt.body("/v1/completions"))
        #expect(completion["prompt"]?.string == "hi" && completion["max_tokens"]?.int == 5)
    }
}

extension String {
    /// How often a text is in it.
    fileprivate func components(of text: String) -> Int {
        indices.count { self[$0...].hasPrefix(text) }
    }
}
