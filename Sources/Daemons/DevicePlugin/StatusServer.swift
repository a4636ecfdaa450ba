// What is asked from outside over HTTP: metrics, and whether the plugin lives and is ready. Nothing that hands out cores
// waits for it; where the address cannot be had, the plugin goes on and tries again.

internal import HTTP
internal import HTTP1
internal import Observability
internal import SystemIO

/// One thing that was looked at for a probe.
package struct StatusCheck: Equatable, Sendable {
    /// What was looked at.
    package var name: String
    /// What is wrong with it; nil when it is well.
    package var fault: String?
}

/// Which question a probe asks.
package enum StatusProbe: String, Sendable {
    /// Would a restart help? A kubelet that is not there is no reason for one.
    case live = "/healthz"
    /// Does the kubelet have the devices?
    case ready = "/readyz"
}

/// Serves `/metrics`, `/healthz` and `/readyz`.
actor StatusServer: LoopActor {
    nonisolated let loop: EventLoop

    /// Between two tries for the address.
    private static let retry = Duration.seconds(1)
    private static let probes = [StatusProbe.live, .ready]

    private let address: SocketAddress
    private let log: Logger
    private let metrics: MetricsRegistry
    private let check: @Sendable (StatusProbe) async -> [StatusCheck]
    private var server: HTTPServer?
    private var timer: ScheduledTimer?
    private var complained = false
    private var isStopped = false
    /// Where it listens; nil while it does not.
    private(set) var bound: SocketAddress?

    init(
        address: SocketAddress, loop: EventLoop, log: Logger, metrics: MetricsRegistry,
        check: @escaping @Sendable (StatusProbe) async -> [StatusCheck]
    ) {
        self.address = address
        self.loop = loop
        self.log = log
        self.metrics = metrics
        self.check = check
    }

    func start() async {
        guard !isStopped, bound == nil else { return }
        var limits = HTTPServerLimits()
        limits.connections = 32
        limits.message.body = 0
        let server = HTTPServer(limits: limits, loop: loop) { [metrics, check] request in
            await Self.answer(request, metrics, check)
        }
        do throws(SystemError) {
            let bound = try await server.listen(on: address)
            self.server = server
            self.bound = bound
            log.info("serving status", ["address": bound.description])
        } catch {
            if !complained { log.warning("cannot serve status", ["error": error.description]) }
            complained = true
            timer = loop.schedule(after: Self.retry, on: self) { $0.startAgain() }
        }
    }

    private func startAgain() { Task { await start() } }

    func stop() async {
        isStopped = true
        timer?.cancel()
        await server?.shutdown(grace: .seconds(1))
    }

    private static func answer(
        _ request: HTTPRequest, _ metrics: MetricsRegistry,
        _ check: @Sendable (StatusProbe) async -> [StatusCheck]
    ) async -> HTTPResponse {
        guard ["GET", "HEAD"].contains(request.method) else {
            return HTTPResponse(405, headers: ["allow": "GET, HEAD"])
        }
        if request.path == "/metrics" {
            return .text(200, metrics.exposition(), type: MetricsRegistry.contentType)
        }
        guard let probe = probes.first(where: { $0.rawValue == request.path }) else {
            return .text(404, "there is /metrics, /healthz and /readyz\n")
        }
        let checks = await check(probe)
        let lines = checks.map { check in
            check.fault.map { "[-] \(check.name): \($0)\n" } ?? "[+] \(check.name)\n"
        }
        let isWell = checks.allSatisfy { $0.fault == nil }
        return .text(isWell ? 200 : 503, lines.joined() + (isWell ? "ok\n" : "failed\n"))
    }
}
