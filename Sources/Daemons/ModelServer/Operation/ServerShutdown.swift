// The end of a server that loses no request. In Kubernetes SIGTERM comes at the same time as the news that the pod is going,
// and the news takes seconds to reach every node's proxy and every client's pool: until then new connections still come here.
//
//     SIGTERM ──▶ not ready, each answer ends its connection ── delay ──▶ not listening, what has begun ends ──▶ exit
//
// Over HTTP/2, and so over gRPC on either port, a connection is told to end by GOAWAY at once, a new one with its first
// request; who watches grpc.health has been told NOT_SERVING before.

internal import GRPC
internal import GRPCServices
internal import HTTP

/// The steps from SIGTERM to the end.
struct ServerShutdown: Sendable {
    /// How long to go on listening.
    let delay: Duration
    /// How long requests may take after that.
    let grace: Duration

    /// Splits the time that there is.
    ///
    /// - Parameters:
    ///   - total: from SIGTERM to the end of the last request.
    ///   - delay: at most half of it is used.
    init(total: Duration, delay: Duration) {
        self.delay = min(delay, total / 2)
        grace = total - self.delay
    }

    /// Ends the server.
    ///
    /// - Parameter pause: returns after the time that it is given, or when somebody wants the end at once.
    func run(
        _ server: InferenceServer, _ http: HTTPServer, _ grpc: GRPCServer? = nil,
        pause: (Duration) async -> Void
    ) async {
        // Who has not been ready has been sent no clients.
        let hasServed = server.phase == .ready
        server.beginTermination()
        await http.disableKeepAlive()
        await grpc?.turnAway()
        if hasServed, delay > .zero { await pause(delay) }
        server.health.endWatches()
        async let calls: Void? = grpc?.shutdown(grace: grace)
        await http.shutdown(grace: grace)
        await calls
    }
}
