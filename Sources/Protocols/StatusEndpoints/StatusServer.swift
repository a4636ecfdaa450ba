// What a daemon is asked over HTTP: whether it lives, whether it is ready and why not, and its metrics. One server for all
// of them, so that probes and dashboards meet the same paths, the same form and the same limits everywhere. Nothing that a
// daemon does waits for it: where the address cannot be had, the daemon works on and the server tries again.

internal import HTTP
internal import HTTP1
package import Observability
package import SystemIO

/// Serves `/healthz`, `/livez`, `/readyz` and `/metrics` until `stop`.
///
///     let status = StatusServer(address: address, log: log, metrics: registry) { probe in
///         [StatusCheck(name: "registration", fault: probe == .ready ? fault : nil)]
///     }
///     await status.start()
package actor StatusServer: LoopActor {
    /// The server's loop.
    package nonisolated let loop: EventLoop

    /// Between two tries for the address.
    private static let retry = Duration.seconds(1)
    /// Probes and one or two scrapers: whoever needs more than this is not one of them.
    private static let connections = 32

    private let address: SocketAddress
    private let log: Logger
    private let metrics: MetricsRegistry
    private let pages: [String: @Sendable () async -> String]
    private let check: @Sendable (StatusProbe) async -> [StatusCheck]
    private var server: HTTPServer?
    private var timer: ScheduledTimer?
    private var hasWarned = false
    private var isStopped = false
    /// Where it listens, with the real port; nil while it does not.
    package private(set) var bound: SocketAddress?

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - address: `:PORT` listens on IPv6 and IPv4; port 0 lets the system choose.
    ///   - pages: further texts by their paths. Nobody has to say who they are to read them.
    ///   - check: what is looked at for a probe; well when it has no fault, or is empty.
    package init(
        address: SocketAddress, loop: EventLoop = .shared, log: Logger = .silent, metrics: MetricsRegistry,
        pages: [String: @Sendable () async -> String] = [:],
        check: @escaping @Sendable (StatusProbe) async -> [StatusCheck]
    ) {
        self.address = address
        self.loop = loop
        self.log = log
        self.metrics = metrics
        self.pages = pages
        self.check = check
    }

    /// Listens; where the address cannot be had now, it is tried for again every second.
    package func start() async {
        guard !isStopped, server == nil else { return }
        var limits = HTTPServerLimits()
        limits.connections = Self.connections
        limits.message.body = 0
        let server = HTTPServer(limits: limits, loop: loop) { [metrics, pages, check] request in
            await Self.answer(request, metrics, pages, check)
        }
        self.server = server
        do throws(SystemError) {
            let bound = try await server.listen(on: address)
            guard !isStopped else { return await server.shutdown(grace: .zero) }
            self.bound = bound
            log.info("serving status", ["address": bound.description])
        } catch {
            self.server = nil
            guard !isStopped else { return }
            if !hasWarned { log.warning("cannot serve status", ["error": error.description]) }
            hasWarned = true
            timer = loop.schedule(after: Self.retry, on: self) { $0.startAgain() }
        }
    }

    private func startAgain() { Task { await start() } }

    /// Ends; answers that have begun get a second.
    package func stop() async {
        isStopped = true
        timer?.cancel()
        await server?.shutdown(grace: .seconds(1))
    }

    private static func answer(
        _ request: HTTPRequest, _ metrics: MetricsRegistry, _ pages: [String: @Sendable () async -> String],
        _ check: @Sendable (StatusProbe) async -> [StatusCheck]
    ) async -> HTTPResponse {
        guard ["GET", "HEAD"].contains(request.method) else {
            return HTTPResponse(405, headers: ["allow": "GET, HEAD"])
        }
        switch request.path {
        case "/metrics": return .text(200, metrics.exposition(), type: MetricsRegistry.contentType)
        case "/healthz", "/livez": return answer(await check(.live))
        case "/readyz": return answer(await check(.ready))
        default:
            if let page = pages[request.path] { return .text(200, await page()) }
            let paths = ["/healthz", "/livez", "/readyz", "/metrics"] + pages.keys.sorted()
            return .text(
                404, "there are \(paths.dropLast().joined(separator: ", ")) and \(paths.last ?? "")\n")
        }
    }

    /// As the API server's own `/readyz?verbose`: a line for each check.
    private static func answer(_ checks: [StatusCheck]) -> HTTPResponse {
        let isWell = checks.allSatisfy { $0.fault == nil }
        let lines = checks.map(\.line).joined()
        return .text(isWell ? 200 : 503, lines + (isWell ? "ok\n" : "failed\n"))
    }
}
