// Reads the kubelet's account of who holds what again and again, for the guard of cores that may be held otherwise than by the
// ids that are advertised. Only a plugin that advertises two resources, or whose cores can be cut in several ways, has one.

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
    private let receive: @Sendable (PodResourcesReader.Account?) async -> Void
    private var timer: ScheduledTimer?
    /// The reading that is under way; the next one begins when it has ended.
    private var reading: Task<Void, Never>?
    private var isStopped = false
    private var hasFailed = false

    /// - Parameters:
    ///   - interval: between two questions; also the least time, whatever happens.
    ///   - receive: takes each account; nil when the kubelet has given none.
    init(
        socket: String, interval: Duration, loop: EventLoop, log: Logger,
        receive: @escaping @Sendable (PodResourcesReader.Account?) async -> Void
    ) {
        self.socket = socket
        self.interval = interval
        self.loop = loop
        self.log = log
        self.receive = receive
        reader = PodResourcesReader(socket: socket, timeout: .seconds(5), loop: loop)
    }

    func start() async {
        await readNow()
        guard !isStopped else { return }
        timer?.cancel()
        timer = loop.schedule(after: interval, on: self) { $0.startAgain() }
    }

    /// Takes an account that is made after this call, if the kubelet gives one.
    func readNow() async {
        guard !isStopped else { return }
        let before = reading
        let task = Task {
            await before?.value
            await read()
        }
        reading = task
        await task.value
    }

    private func startAgain() { Task { await start() } }

    func stop() async {
        isStopped = true
        timer?.cancel()
        await reader.close()
    }

    private func read() async {
        guard !isStopped else { return }
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
            await receive(nil)
        }
    }
}
