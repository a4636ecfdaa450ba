// The agent's end of the plugin's socket. Each new connection brings the whole state and takes all assignments, so
// either side may start again at any time. Nothing that happens here ends or hinders the plugin.

internal import Controller
internal import GRPC
internal import KubeletAPI
internal import KubernetesAPI
internal import Observability
internal import SystemIO

/// Follows the plugin's state and keeps its assignments true.
actor PluginLink: LoopActor, Runnable {
    nonisolated let loop: EventLoop

    /// What has become known.
    enum Update: Sendable {
        /// The plugin's state.
        case state(NodePluginAPI.NodeState)
        /// The plugin cannot be reached: why.
        case fault(String)
    }

    /// Failures in a row before the plugin counts as gone: it may just be starting again.
    private static let failureThreshold = 3

    /// Each state and each fault, for one reader. After a state `deliver` has to be called.
    nonisolated let updates: AsyncStream<Update>
    private nonisolated let continuation: AsyncStream<Update>.Continuation
    private let socket: String
    private let log: Logger
    private var task: Task<Void, Never>?
    private var client: GRPCClient?
    private var backoff: Backoff
    private var failures = 0
    private var wanted: NodePluginAPI.SetAssignmentsRequest?
    private var sent: NodePluginAPI.SetAssignmentsRequest?
    private var rejected: [NodePluginAPI.RejectedAssignment] = []
    /// How many states have come so far.
    private var received = 0

    init(socket: String, loop: EventLoop, log: Logger, firstPause: Duration) {
        self.socket = socket
        self.loop = loop
        self.log = log
        backoff = Backoff(
            base: firstPause, limit: firstPause * 50, jitter: 0...0.5, resetAfter: .seconds(60))
        (updates, continuation) = AsyncStream.makeStream()
    }

    func start() {
        guard task == nil else { return }
        task = Task { await follow() }
    }

    func stop() async {
        task?.cancel()
        await client?.close()
        await task?.value
    }

    /// The plugin is to have exactly these, now and after each of its starts: call `deliver`.
    ///
    /// - Parameter stopped: pods that hold nothing any more.
    func keep(_ assignments: [NodePluginAPI.Assignment], stopped: [ObjectKey]) {
        wanted = NodePluginAPI.SetAssignmentsRequest(
            assignments: assignments,
            stoppedPods: stopped.sorted().map { .init(namespace: $0.namespace, name: $0.name) })
    }

    private func follow() async {
        while !Task.isCancelled {
            let why: String
            do {
                try await receiveStates()
                why = "the plugin ended the stream"
            } catch {
                why = "\(error)"
            }
            await client?.close()
            client = nil
            guard !Task.isCancelled else { return }
            failures += 1
            if failures == Self.failureThreshold {
                log.warning("the device plugin cannot be reached", ["socket": socket, "error": why])
            }
            if failures >= Self.failureThreshold {
                continuation.yield(.fault("the device plugin cannot be reached: \(why)"))
            }
            try? await Task.sleep(for: backoff.failed(now: MonotonicClock.time, random: .random(in: 0...1)))
        }
    }

    /// One connection's life.
    private func receiveStates() async throws {
        let client = try await GRPCClient.connect(to: .unix(socket), loop: loop)
        self.client = client
        sent = nil
        for try await state in try await NodePluginClient(client).watchState() {
            if failures >= Self.failureThreshold {
                log.info("the device plugin can be reached again", ["socket": socket])
            }
            failures = 0
            backoff.reset()
            received &+= 1
            // A new state may make room for what was refused.
            if !rejected.isEmpty { sent = nil }
            continuation.yield(.state(state))
        }
    }

    /// Gives the plugin its assignments where it does not have them.
    func deliver() async -> ReconcileResult {
        guard let client, let wanted, wanted != sent else { return .done }
        let before = received
        let refused: [NodePluginAPI.RejectedAssignment]
        do {
            refused = try await NodePluginClient(client).setAssignments(wanted)
        } catch {
            log.warning("assignments are not delivered", ["error": "\(error)"])
            // The stream ends with the connection, and all begins anew.
            await client.close()
            return .done
        }
        // Another connection since then knows nothing of this.
        guard self.client === client else { return .done }
        if refused != rejected {
            for one in refused {
                log.warning(
                    "the device plugin refuses an assignment",
                    ["pod_uid": one.podUID, "container": one.container, "reason": one.reason])
            }
        }
        rejected = refused
        log.debug("assignments delivered", ["count": wanted.assignments.count, "refused": refused.count])
        // A state that came before this answer may be newer than the refusal.
        let isCurrent = refused.isEmpty || received == before
        sent = isCurrent ? wanted : nil
        return isCurrent ? .done : .requeue(after: .zero)
    }
}
