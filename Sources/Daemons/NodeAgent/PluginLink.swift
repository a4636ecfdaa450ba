// The agent's end of the plugin's socket. Each new connection brings the whole state and takes all assignments, so
// either side may start again at any time. Nothing that happens here ends or hinders the plugin.

internal import GRPC
internal import KubeletAPI
internal import Observability
internal import SystemIO

/// Follows the plugin's state and keeps its assignments true.
actor PluginLink: LoopActor {
    nonisolated let loop: EventLoop

    /// What the link has to tell.
    enum Word: Sendable {
        /// The plugin's state.
        case state(NodePluginAPI.NodeState)
        /// The plugin cannot be heard: why.
        case fault(String)
    }

    /// Failures in a row before the plugin counts as gone: it may just be starting again.
    private static let patience = 3

    private let socket: String
    private let log: Logger
    private let tell: @Sendable (Word) async -> Void
    private let pulse: Pulse
    private var tasks: [Task<Void, Never>] = []
    private var client: GRPCClient?
    private var backoff: Backoff
    private var failures = 0
    private var wanted: [NodePluginAPI.Assignment]?
    private var sent: [NodePluginAPI.Assignment]?
    private var rejected: [NodePluginAPI.RejectedAssignment] = []
    /// States heard so far.
    private var heard = 0

    init(
        socket: String, loop: EventLoop, log: Logger, firstPause: Duration,
        tell: @escaping @Sendable (Word) async -> Void
    ) {
        self.socket = socket
        self.loop = loop
        self.log = log
        self.tell = tell
        pulse = Pulse(loop)
        backoff = Backoff(
            base: firstPause, limit: firstPause * 50, jitter: 0...0.5, resetAfter: .seconds(60))
    }

    func start() {
        guard tasks.isEmpty else { return }
        tasks = [Task { await follow() }, Task { await deliver() }]
    }

    func stop() async {
        pulse.finish()
        for task in tasks { task.cancel() }
        await client?.close()
        for task in tasks { await task.value }
    }

    /// Sees to it that the plugin has exactly these, now and after each of its starts.
    func keep(_ assignments: [NodePluginAPI.Assignment]) {
        guard wanted != assignments else { return }
        wanted = assignments
        pulse.send()
    }

    private func follow() async {
        while !Task.isCancelled {
            let why: String
            do {
                try await converse()
                why = "the plugin ended the stream"
            } catch {
                why = "\(error)"
            }
            await client?.close()
            client = nil
            guard !Task.isCancelled else { return }
            failures += 1
            if failures == Self.patience {
                log.warning("the device plugin cannot be heard", ["socket": socket, "error": why])
            }
            if failures >= Self.patience { await tell(.fault("the device plugin cannot be heard: \(why)")) }
            try? await Task.sleep(for: backoff.failed(now: MonotonicClock.time, random: .random(in: 0...1)))
        }
    }

    /// One connection's life.
    private func converse() async throws {
        let client = try await GRPCClient.connect(to: .unix(socket), loop: loop)
        self.client = client
        sent = nil
        for try await state in try await NodePluginClient(client).watchState() {
            if failures >= Self.patience { log.info("the device plugin is heard again", ["socket": socket]) }
            failures = 0
            backoff.reset()
            heard &+= 1
            // A new state may make room for what was refused.
            if !rejected.isEmpty { sent = nil }
            await tell(.state(state))
            pulse.send()
        }
    }

    private func deliver() async {
        for await _ in pulse.beats {
            guard let client, let wanted, wanted != sent else { continue }
            do {
                let before = heard
                let refused = try await NodePluginClient(client).setAssignments(wanted)
                // Another connection since then knows nothing of this.
                guard self.client === client else { continue }
                // A state that came before this answer may be newer than the refusal.
                sent = refused.isEmpty || heard == before ? wanted : nil
                if sent == nil { pulse.send() }
                if refused != rejected {
                    for one in refused {
                        log.warning(
                            "the device plugin refuses an assignment",
                            ["pod_uid": one.podUID, "container": one.container, "reason": one.reason])
                    }
                }
                rejected = refused
                log.debug("assignments delivered", ["count": wanted.count, "refused": refused.count])
            } catch {
                log.warning("assignments are not delivered", ["error": "\(error)"])
                // The stream ends with the connection, and all begins anew.
                await client.close()
            }
        }
    }
}
