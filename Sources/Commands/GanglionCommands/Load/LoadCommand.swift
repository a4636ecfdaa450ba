// `ganglion load`: how many requests servers answer, how fast, and what goes wrong, as aws-do-inference's benchmark asks them
// and more.

import Arguments
internal import Glibc
internal import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO
internal import Text

/// The `load` command.
enum LoadCommand {
    private static let urls = Positional<[String]>(
        "URL", help: "http://HOST:PORT/PATH; {0-39} in it stands for each number of the range")
    private static let clients = Option(
        "clients", default: 2, placeholder: "N",
        help: "Clients that each wait for an answer before they ask again",
        check: { 1...10_000 ~= $0 ? nil : "must be from 1 to 10000" })
    private static let rate = Option<Double?>(
        "rate", placeholder: "N",
        help: "Ask so many times a second, at random times, whatever the servers do (open loop)",
        check: { $0 > 0 && $0 <= 1_000_000 ? nil : "must be above 0, at most 1000000" })
    private static let requests = Option<Int?>(
        "requests", placeholder: "N",
        help: "Requests in all (default each URL once with --sequential, else any number)",
        check: { $0 > 0 ? nil : "must be at least 1" })
    private static let duration = Option<Duration?>(
        "duration", help: "How long to ask (default 10s where --requests says no number)")
    private static let sequential = Flag("sequential", help: "One client, each URL in its order")
    private static let random = Flag("random", help: "Choose a random URL for each request")
    private static let text = Option<String?>("text", help: "POST this text as JSON: {\"inputs\": TEXT}")
    private static let body = Option<String?>("body", placeholder: "FILE", help: "POST this file as JSON")
    private static let timeout = Option(
        "timeout", default: Duration.seconds(30), help: "How long an answer may take")
    private static let progress = Option(
        "progress", default: Duration.seconds(10), help: "How often to say how it goes; 0s for never")
    private static let seed = Option("seed", default: 1, help: "Repeats random choices and times")
    private static let json = Flag("json", help: "Print the result as JSON")

    static let command = Command(
        "load", summary: "Ask servers and measure their answers",
        arguments: [
            urls, clients, rate, requests, duration, sequential, random, text, body, timeout, progress, seed,
            json,
        ],
        examples: [
            Command.Example(
                "ganglion load --clients 40 'http://10.0.0.{1-40}:8080/predictions/model{0-75}?inputs=hello'",
                "3,040 models on 40 servers, in a closed loop"),
            Command.Example(
                "ganglion load --rate 500 --duration 60s --text hello http://localhost:8080/predictions/minilm",
                "500 requests a second at random times"),
        ]
    ) { values in
        let plan = try plan(values)
        let run = LoadRun(plan)
        try await run.resolve { authority in
            // The last colon: an IPv6 address has others.
            guard let colon = authority.lastIndex(of: ":"),
                let port = UInt16(authority[authority.index(after: colon)...])
            else { throw LoadProblem("\(authority) has no port") }
            let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
            return try await resolve(host: host, port: port)
        }
        let interval = values[progress]
        let telling = Task {
            while interval > .zero, !Task.isCancelled {
                guard (try? await Task.sleep(for: interval)) != nil else { return }
                let line = await run.takeNews().line(seconds: interval.inSeconds) + "\n"
                _ = line.withCString { write(2, $0, strlen($0)) }
            }
        }
        let (counts, seconds) = await run.run()
        telling.cancel()
        let (mode, clients) =
            switch plan.mode {
            case .closed(let clients): ("closed", clients)
            case .open: ("open", 0)
            }
        if values[json] {
            let document = counts.document(
                seconds: seconds, mode: mode, clients: clients, urls: plan.targets.count)
            print(document.text(pretty: true))
        } else {
            print(
                "\(counts.requests) requests to \(plan.targets.count) URLs: \(counts.line(seconds: seconds))")
        }
        guard counts.latencies.count > 0 else { throw LoadProblem("no request was answered") }
    }

    static func plan(_ values: ArgumentValues) throws -> LoadPlan {
        var targets: [LoadTarget] = []
        for word in values[urls] { targets += try LoadTarget.all(word) }
        guard !targets.isEmpty else { throw LoadProblem("there is no URL to ask") }
        guard !(values[sequential] && (values[rate] != nil || values[random])) else {
            throw LoadProblem("--sequential goes with neither --rate nor --random")
        }
        var octets: [UInt8] = []
        var headers = HTTPHeaders()
        switch (values[text], values[body]) {
        case (let text?, nil): octets = JSON.object(["inputs": .string(text)]).serialized()
        case (nil, let file?): octets = try Files.read(file)
        case (nil, nil): break
        default: throw LoadProblem("--text and --body are both the body: give one of them")
        }
        if !octets.isEmpty { headers["content-type"] = "application/json" }
        let mode = values[rate].map { LoadPlan.Mode.open(rate: $0) }
        let total = values[requests] ?? (values[sequential] ? targets.count : nil)
        return LoadPlan(
            mode: mode ?? .closed(clients: values[sequential] ? 1 : values[clients]), targets: targets,
            isRandom: values[random], method: octets.isEmpty ? "GET" : "POST", headers: headers, body: octets,
            requests: total, duration: values[duration] ?? (total == nil ? .seconds(10) : nil),
            timeout: values[timeout], seed: UInt64(truncatingIfNeeded: values[seed]))
    }
}
