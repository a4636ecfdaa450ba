// The health checking protocol of gRPC (doc/health-checking.md): kubelets' gRPC probes, load balancers and
// grpc_health_probe ask it whether a server or one of its services can be called.

package import GRPC
internal import Protobuf
internal import SystemIO

/// Whether a service can be called.
package typealias ServingStatus = HealthCheckResponse.ServingStatus

/// Tells clients which services can be called.
///
///     let health = HealthService()
///     health.register(in: &router)
///     health.set(.notServing)
package final class HealthService: Sendable {
    /// What `grpc/health/v1/health.proto` says, for reflection.
    package static let file = ProtoFile.health
    /// `/grpc.health.v1.Health/Check`: one answer, NOT_FOUND for a service that is not known.
    package static let checkPath = HealthMethod.check
    /// `/grpc.health.v1.Health/List`: the status of every service, of at most `listLimit`.
    package static let listPath = HealthMethod.list
    /// More services are not listed: RESOURCE_EXHAUSTED says so (health.proto).
    package static let listLimit = 100
    /// `/grpc.health.v1.Health/Watch`: the status now and at each change.
    package static let watchPath = HealthMethod.watch

    private struct Watcher {
        var service: String
        var continuation: AsyncStream<ServingStatus>.Continuation
    }

    private struct State {
        var statuses: [String: ServingStatus]
        var watchers: [UInt64: Watcher] = [:]
        var nextWatcher: UInt64 = 0
        var isShutDown = false
        var hasEndedWatches = false
    }

    private let state: Lock<State>

    /// A service that knows these; the empty name is the server as a whole.
    package init(_ statuses: [String: ServingStatus] = ["": .serving]) {
        state = Lock(State(statuses: statuses))
    }

    /// Sets the status of a service; nothing happens after `shutDown`.
    package func set(_ status: ServingStatus, for service: String = "") {
        state.withLock { state in
            guard !state.isShutDown else { return }
            Self.set(status, service, &state)
        }
    }

    /// Tells for good that nothing is served, so that clients go elsewhere before the server stops.
    package func shutDown() {
        state.withLock { state in
            state.isShutDown = true
            for service in state.statuses.keys { Self.set(.notServing, service, &state) }
        }
    }

    /// Ends what clients watch, after they have been told: a watch has no end of its own, and a server that waits for calls to
    /// end would wait for it.
    package func endWatches() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            state.hasEndedWatches = true
            return state.watchers.values.map(\.continuation)
        }
        for watcher in watchers { watcher.finish() }
    }

    /// Adds Check, List and Watch to a server's methods.
    package func register(in router: inout GRPCRouter) {
        router.unary(Self.checkPath) { (request: HealthCheckRequest, _) in
            guard let status = self.status(request.service) else {
                throw GRPCStatus(.notFound, "unknown service \"\(request.service)\"")
            }
            return HealthCheckResponse(status: status)
        }
        router.unary(Self.listPath) { (_: HealthListRequest, _) in
            let statuses = self.state.withLock { $0.statuses }
            guard statuses.count <= Self.listLimit else {
                throw GRPCStatus(
                    .resourceExhausted,
                    "there are \(statuses.count) services, and a list has at most \(Self.listLimit): use Check"
                )
            }
            return HealthListResponse(statuses: statuses.mapValues { HealthCheckResponse(status: $0) })
        }
        router.serverStreaming(Self.watchPath) {
            (request: HealthCheckRequest, _, writer: GRPCResponseWriter<HealthCheckResponse>) in
            // Of several changes between two writes only the last counts.
            var lastSent: ServingStatus?
            for await status in self.watch(request.service) where status != lastSent {
                lastSent = status
                try await writer.write(HealthCheckResponse(status: status))
            }
            if self.state.withLock({ $0.hasEndedWatches }) {
                throw GRPCStatus(.unavailable, "the server is shutting down")
            }
            // The stream of changes has no other end of its own: the client is gone.
            throw CancellationError()
        }
    }

    /// How many clients watch.
    package var watcherCount: Int { state.withLock { $0.watchers.count } }

    private func status(_ service: String) -> ServingStatus? { state.withLock { $0.statuses[service] } }

    private func watch(_ service: String) -> AsyncStream<ServingStatus> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ServingStatus.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = Watcher(service: service, continuation: continuation)
            continuation.yield(state.statuses[service] ?? .serviceUnknown)
            if state.hasEndedWatches { continuation.finish() }
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.watchers[number] = nil }
        }
        return stream
    }

    private static func set(_ status: ServingStatus, _ service: String, _ state: inout State) {
        state.statuses[service] = status
        for watcher in state.watchers.values where watcher.service == service {
            watcher.continuation.yield(status)
        }
    }
}
