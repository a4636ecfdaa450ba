// Reads the kubelet's account. The kubelet allows 100 calls a second over all its clients and notifies nobody: it is asked
// when a pod has changed, and now and then, and left alone for a while when it refuses.

internal import GRPC
internal import KubeletAPI
internal import Observability
internal import SystemIO

/// Asks the kubelet who holds what.
actor PodResourcesReader: LoopActor {
    nonisolated let loop: EventLoop

    /// What the reader has to tell.
    enum Word: Sendable {
        /// The whole list.
        case list([PodResourcesAPI.PodResources])
        /// The kubelet has not answered for a while: why.
        case fault(String)
    }

    /// Failures in a row before the list counts as unknown: a kubelet may be starting again, or busy.
    private static let patience = 3

    private let socket: String
    private let spacing: Duration
    private let interval: Duration
    private let log: Logger
    private let tell: @Sendable (Word) async -> Void
    private nonisolated let pulse: Pulse
    private var task: Task<Void, Never>?
    private var client: GRPCClient?
    private var backoff: Backoff
    private var failures = 0

    /// - Parameters:
    ///   - spacing: the least time between two calls.
    ///   - interval: the time after which the kubelet is asked again without a reason.
    init(
        socket: String, spacing: Duration, interval: Duration, loop: EventLoop, log: Logger,
        tell: @escaping @Sendable (Word) async -> Void
    ) {
        self.socket = socket
        self.spacing = spacing
        self.interval = interval
        self.loop = loop
        self.log = log
        self.tell = tell
        pulse = Pulse(loop)
        backoff = Backoff(base: spacing, limit: .seconds(30), jitter: 0...0.5, resetAfter: .seconds(60))
    }

    func start() {
        guard task == nil else { return }
        task = Task { await pulse.drive { await read() } }
        pulse.send()
    }

    func stop() async {
        pulse.finish()
        task?.cancel()
        await client?.close()
        await task?.value
    }

    /// Something has happened: what the kubelet says may be another.
    nonisolated func refresh() { pulse.send() }

    private func read() async -> Pace {
        do {
            let list = try await PodResourcesClient(try await connection()).list()
            if failures >= Self.patience { log.info("the kubelet says again who holds what") }
            failures = 0
            backoff.reset()
            await tell(.list(list))
            return Pace(rest: spacing, again: interval)
        } catch {
            failures += 1
            // A refusal for too many calls is an answer: the connection is well.
            if (error as? GRPCStatus)?.code != .resourceExhausted {
                await client?.close()
                client = nil
            }
            let why = "the kubelet does not say who holds what: \(error)"
            if failures == Self.patience { log.warning("cannot read pod resources", ["error": "\(error)"]) }
            if failures >= Self.patience, !Task.isCancelled { await tell(.fault(why)) }
            let pause = backoff.failed(now: MonotonicClock.time, random: .random(in: 0...1))
            return Pace(rest: pause, again: pause)
        }
    }

    private func connection() async throws -> GRPCClient {
        if let client, await !client.isClosed { return client }
        let new = try await GRPCClient.connect(to: .unix(socket), loop: loop)
        client = new
        return new
    }
}
