// Reads the kubelet's account of who holds what, for the guard between two resources. Only a plugin that advertises both
// has one. The kubelet notifies nobody, and allows 100 calls a second over all its clients.

internal import GRPC
internal import KubeletAPI
internal import Observability
internal import SystemIO

/// Asks the kubelet who holds what, again and again.
actor HoldingsReader: LoopActor {
    nonisolated let loop: EventLoop

    /// One account of the kubelet.
    struct Account: Sendable {
        var pods: [PodResourcesAPI.PodResources]
        /// The first of a connection: the kubelet may have just started.
        var isFirst: Bool
    }

    private let socket: String
    private let interval: Duration
    private let log: Logger
    private let tell: @Sendable (Account) async -> Void
    private var client: GRPCClient?
    private var timer: ScheduledTimer?
    private var isReading = false
    private var isStopped = false
    private var complained = false

    /// - Parameter interval: between two questions; also the least time, whatever happens.
    init(
        socket: String, interval: Duration, loop: EventLoop, log: Logger,
        tell: @escaping @Sendable (Account) async -> Void
    ) {
        self.socket = socket
        self.interval = interval
        self.loop = loop
        self.log = log
        self.tell = tell
    }

    func start() async {
        guard !isReading, !isStopped else { return }
        isReading = true
        await read()
        isReading = false
        guard !isStopped else { return }
        timer = loop.schedule(after: interval, on: self) { $0.startAgain() }
    }

    private func startAgain() { Task { await start() } }

    func stop() async {
        isStopped = true
        timer?.cancel()
        await client?.close()
    }

    private func read() async {
        do {
            let isFirst = client == nil
            let client: GRPCClient
            if let open = self.client {
                client = open
            } else {
                client = try await GRPCClient.connect(to: .unix(socket), loop: loop, timeout: .seconds(5))
            }
            self.client = client
            let pods = try await PodResourcesClient(client).list(timeout: .seconds(5))
            if complained { log.info("the kubelet says again who holds what") }
            complained = false
            await tell(Account(pods: pods, isFirst: isFirst))
        } catch {
            // A refusal for too many calls is an answer: the connection is well.
            if (error as? GRPCStatus)?.code != .resourceExhausted {
                await client?.close()
                client = nil
            }
            if !complained, !isStopped {
                log.warning(
                    "the kubelet does not say who holds what", ["error": "\(error)", "socket": socket])
            }
            complained = true
        }
    }
}
