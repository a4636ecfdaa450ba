// `ganglion load`: how many requests servers answer, how fast, and what goes wrong, as aws-do-inference's benchmark asks them
// and more.

import Arguments
internal import Glibc
internal import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO
internal import TLS
internal import Text

/// The `load` command.
enum LoadCommand {
    private static let urls = Positional<[String]>(
        "URL", help: "http(s)://HOST:PORT/PATH; {0-39} in it stands for each number of the range")
    private static let clients = Option(
        "clients", default: 2, placeholder: "N",
        help: "Clients that each wait for an answer before they ask again",
        check: { 1...10_000 ~= $0 ? nil : "must be from 1 to 10000" })
    private static let rate = Option<Double?>(
        "rate", placeholder: "N",
        help: "Ask so many times a second, at random times, whatever the servers do (open loop)",
        check: { $0 > 0 && $0 <= 1_000_000 ? nil : "must be above 0, at most 1000000" })
    private static let sweep = Option<String?>(
        "sweep", placeholder: "LOADS",
        help:
            "Several loads, each for --duration: clients=1,2,4, rate=100,200, or auto (every URL in turn, at "
            + "random, then ever more clients until they get no more answers)")
    private static let plot = Option<String?>(
        "plot", placeholder: "FILE", help: "Draw throughput against latency of a sweep as SVG")
    private static let requests = Option<Int?>(
        "requests", placeholder: "N",
        help: "Requests in all (default each URL once with --sequential, else any number)",
        check: { $0 > 0 ? nil : "must be at least 1" })
    private static let duration = Option<Duration?>(
        "duration", help: "How long to ask (default 10s where --requests says no number)")
    private static let sequential = Flag("sequential", help: "One client, each URL in its order")
    private static let random = Flag("random", help: "Choose a random URL for each request")
    private static let connections = Option<Int?>(
        "connections", placeholder: "N",
        help:
            "Connections to each server at most; requests that find none wait (default one for each client, 64 "
            + "with --rate)",
        check: { 1...10_000 ~= $0 ? nil : "must be from 1 to 10000" })
    private static let text = Option<[String]>("text", help: "POST this text as JSON: {\"inputs\": TEXT}")
    private static let body = Option<[String]>(
        "body", placeholder: "FILE", help: "POST this file; several take turns")
    private static let lines = Option<String?>(
        "body-lines", placeholder: "FILE", help: "POST each line of this file in turn")
    private static let prompt = Option<[String]>(
        "prompt", placeholder: "TEXT",
        help:
            "Ask a language model, streamed: a chat where the path ends in /chat/completions, else a completion"
    )
    private static let model = Option(
        "model", default: "model", placeholder: "NAME", help: "The language model's name")
    private static let maxTokens = Option(
        "max-tokens", default: 64, placeholder: "N", help: "Tokens that a language model makes at most",
        check: { 1...1_000_000 ~= $0 ? nil : "must be from 1 to 1000000" })
    private static let header = Option<[String]>(
        "header", placeholder: "NAME:VALUE", help: "Send this field with each request")
    private static let authority = Option<String?>(
        "ca", placeholder: "FILE",
        help: "Believe the certificates that these authorities have signed (PEM; default the system's)")
    private static let insecure = Flag("insecure", help: "Believe any certificate")
    private static let timeout = Option(
        "timeout", default: Duration.seconds(30), help: "How long an answer may take")
    private static let progress = Option(
        "progress", default: Duration.seconds(10), help: "How often to say how it goes; 0s for never")
    private static let seed = Option("seed", default: 1, help: "Repeats random choices and times")
    private static let json = Flag("json", help: "Print the result as JSON")

    static let command = Command(
        "load", summary: "Ask servers and measure their answers",
        arguments: [
            urls, clients, rate, sweep, plot, requests, duration, sequential, random, connections, text, body,
            lines, prompt, model, maxTokens, header, authority, insecure, timeout, progress, seed, json,
        ],
        examples: [
            Command.Example(
                "ganglion load --clients 40 'http://10.0.0.{1-40}:8080/predictions/model{0-75}?inputs=hello'",
                "3,040 models on 40 servers, in a closed loop"),
            Command.Example(
                "ganglion load --rate 500 --duration 60s --text hello http://localhost:8080/predictions/minilm",
                "500 requests a second at random times"),
            Command.Example(
                "ganglion load --sweep auto --plot load.svg --text hello 'http://localhost:8080/predictions/model{0-75}'",
                "throughput against latency"),
            Command.Example(
                "ganglion load --prompt 'Tell me a story' --model smollm http://localhost:8080/v1/chat/completions",
                "a language model: time to the first token, between tokens, tokens a second"),
        ]
    ) { values in
        let plan = try plan(values)
        guard let text = values[sweep] else {
            let (counts, seconds) = try await run(plan, progress: values[progress])
            report(plan, counts, seconds, isJSON: values[json])
            guard counts.latencies.count > 0 else { throw LoadProblem("no request was answered") }
            return
        }
        let sweep = try LoadSweep(text)
        if !values[json] { print(LoadStep.header) }
        let steps = try await sweep.run(plan) {
            try await run($0, progress: .zero)
        } tell: {
            if !values[json] { print($0.row) }
            fflush(nil)
        }
        let plot = LoadPlot(steps)
        if let file = values[Self.plot] {
            try Files.write(file, Array(plot.svg(title: values[urls].joined(separator: " ")).utf8))
        }
        print(
            values[json]
                ? JSON.object(["urls": JSON(plan.targets.count), "steps": .array(steps.map(\.document))])
                    .text(pretty: true) : "\n" + plot.text())
        guard steps.contains(where: { $0.counts.latencies.count > 0 }) else {
            throw LoadProblem("no request was answered")
        }
    }

    private static func run(
        _ plan: LoadPlan, progress interval: Duration
    ) async throws -> (counts: LoadCounts, seconds: Double) {
        let run = LoadRun(plan)
        try await run.resolve { authority in
            // The last colon: an IPv6 address has others.
            guard let colon = authority.lastIndex(of: ":"),
                let port = UInt16(authority[authority.index(after: colon)...])
            else { throw LoadProblem("\(authority) has no port") }
            let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
            return try await resolve(host: host, port: port)
        }
        let telling = Task {
            while interval > .zero, !Task.isCancelled {
                guard (try? await Task.sleep(for: interval)) != nil else { return }
                let line = await run.takeNews().line(seconds: interval.inSeconds) + "\n"
                _ = line.withCString { write(2, $0, strlen($0)) }
            }
        }
        defer { telling.cancel() }
        return await run.run()
    }

    private static func report(_ plan: LoadPlan, _ counts: LoadCounts, _ seconds: Double, isJSON: Bool) {
        guard isJSON else {
            return print(
                "\(counts.requests) requests to \(plan.targets.count) URLs: \(counts.line(seconds: seconds))")
        }
        var members = counts.members(seconds: seconds)
        switch plan.mode {
        case .closed(let clients):
            members["mode"] = "closed"
            members["clients"] = JSON(clients)
        case .open(let rate):
            members["mode"] = "open"
            members["rate"] = .double(rate)
        }
        members["urls"] = JSON(plan.targets.count)
        print(JSON.object(members).text(pretty: true))
    }

    static func plan(_ values: ArgumentValues) throws -> LoadPlan {
        var targets: [LoadTarget] = []
        for word in values[urls] { targets += try LoadTarget.all(word) }
        guard !targets.isEmpty else { throw LoadProblem("there is no URL to ask") }
        guard !(values[sequential] && (values[rate] != nil || values[random])) else {
            throw LoadProblem("--sequential goes with neither --rate nor --random")
        }
        guard values[sweep] == nil || values[rate] == nil && !values[sequential] else {
            throw LoadProblem("--sweep says how much is asked: leave out --rate and --sequential")
        }
        guard values[plot] == nil || values[sweep] != nil else {
            throw LoadProblem("--plot draws a sweep: add --sweep auto, or another")
        }
        let mode = values[rate].map { LoadPlan.Mode.open(rate: $0) }
        var plan = LoadPlan(
            mode: mode ?? .closed(clients: values[sequential] ? 1 : values[clients]), targets: targets)
        plan.isRandom = values[random]
        plan.bodies = try bodies(values, targets[0].path)
        plan.method = plan.bodies.isEmpty ? "GET" : "POST"
        plan.readsTokens = !values[prompt].isEmpty
        plan.headers = try headers(values[header], hasBody: !plan.bodies.isEmpty)
        plan.requests = values[requests] ?? (values[sequential] ? targets.count : nil)
        plan.duration = values[duration] ?? (plan.requests == nil ? .seconds(10) : nil)
        plan.timeout = values[timeout]
        plan.connections = values[connections]
        plan.seed = UInt64(truncatingIfNeeded: values[seed])
        let trust: TLSTrust = values[insecure] ? .insecure : values[authority].map { .file($0) } ?? .system
        plan.security = { try TLSClient(host: $0, trust: trust) }
        return plan
    }

    private static func bodies(_ values: ArgumentValues, _ path: String) throws -> [[UInt8]] {
        let kinds: [[[UInt8]]] = [
            values[text].map { JSON.object(["inputs": .string($0)]).serialized() },
            try values[body].map { try Files.read($0, limit: 64 << 20) },
            try values[lines].map { file in
                try Files.read(file, limit: 1 << 30).split(separator: 10).map(Array.init)
            } ?? [],
            values[prompt].map {
                LoadPrompt(text: $0, model: values[model], maxTokens: values[maxTokens]).body(path)
            },
        ].filter { !$0.isEmpty }
        guard kinds.count <= 1 else {
            throw LoadProblem("--text, --body, --body-lines and --prompt are all the body: give one of them")
        }
        if values[lines] != nil, kinds.isEmpty { throw LoadProblem("the file of --body-lines has no line") }
        return kinds.first ?? []
    }

    private static func headers(_ fields: [String], hasBody: Bool) throws -> HTTPHeaders {
        var headers = HTTPHeaders()
        if hasBody { headers["content-type"] = "application/json" }
        for field in fields {
            guard let colon = field.firstIndex(of: ":"), colon > field.startIndex else {
                throw LoadProblem("--header \(field) is no field: write NAME:VALUE")
            }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            headers[String(field[..<colon]).lowercased()] = String(value)
        }
        return headers
    }
}

/// A question to a language model.
struct LoadPrompt {
    let text: String
    let model: String
    let maxTokens: Int

    /// The request's body, for a path of OpenAI's.
    func body(_ path: String) -> [UInt8] {
        var members: [String: JSON] = [
            "model": .string(model), "max_tokens": JSON(maxTokens), "stream": true,
            "stream_options": ["include_usage": true],
        ]
        if path.prefix(while: { $0 != "?" }).hasSuffix("/chat/completions") {
            members["messages"] = [["role": "user", "content": .string(text)]]
        } else {
            members["prompt"] = .string(text)
        }
        return JSON.object(members).serialized()
    }
}
