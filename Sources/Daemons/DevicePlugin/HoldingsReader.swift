// Reads the kubelet's account of who holds what again and again, for the guard between two resources. Only a plugin that
// advertises both has one.

internal import KubeletAPI
internal import Observability
internal import SystemIO

/// Asks the kubelet who holds what in intervals.
actor HoldingsReader: LoopActor {
    nonisolated let loop: EventLoop

    private let reader: PodResourcesReader
    private let socket: String
    private let interval: Duration
    private let log: Logger
    private let receive: @Sendable (PodResourcesReader.Account) async -> Void
    private var timer: ScheduledTimer?
    private var isReading = false
    private var isStopped = false
    private var hasFailed = false

    /// - Parameters:
    ///   - interval: between two questions; also the least time, whatever happens.
    ///   - receive: takes each account.
    init(
        socket: String, interval: Duration, loop: EventLoop, log: Logger,
        receive: @escaping @Sendable (PodResourcesReader.Account) async -> Void
    ) {
        self.socket = socket
        self.interval = interval
        self.loop = loop
        self.log = log
        self.receive = receive
        reader = PodResourcesReader(socket: socket, timeout: .seconds(5), loop: loop)
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
        await reader.close()
    }

    private func read() async {
        do {
            let account = try await reader.read()
            if hasFailed { log.info("the kubelet says again who holds what") }
            hasFailed = false
            await receive(account)
        } catch {
            if !hasFailed, !isStopped {
                log.warning(
                    "the kubelet does not say who holds what", ["error": "\(error)", "socket": socket])
            }
            hasFailed = true
        }
    }
}
