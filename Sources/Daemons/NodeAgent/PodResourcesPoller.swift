// What the agent knows of the kubelet's account of who holds what. The kubelet notifies nobody: it is asked when a pod has
// changed, and now and then, and left alone for a while when it refuses.

internal import Controller
internal import KubeletAPI
internal import KubernetesAPI
internal import Observability
internal import SystemIO

/// One answer of the kubelet.
struct KubeletList: Sendable {
    /// Who holds what.
    var pods: [PodResourcesAPI.PodResources]
    /// The node's pods when it was asked.
    var known: KnownPods
    /// When it was asked.
    var time: Timestamp
}

/// Asks the kubelet who holds what; when, is its controller's matter.
actor PodResourcesPoller: LoopActor, Runnable {
    nonisolated let loop: EventLoop

    /// What has become known.
    enum Update: Sendable {
        /// The whole list.
        case list(KubeletList)
        /// The kubelet has given no list for a while: why.
        case fault(PodResourcesFault)
    }

    /// Failures in a row before the list counts as unknown: a kubelet may be starting again, or busy.
    private static let failureThreshold = 3

    /// Each answer, for one reader.
    nonisolated let updates: AsyncStream<Update>
    private nonisolated let continuation: AsyncStream<Update>.Continuation
    private let reader: PodResourcesReader
    private let interval: Duration
    private let knownPods: @Sendable () -> KnownPods
    private let log: Logger
    private var failures = 0

    /// - Parameters:
    ///   - interval: the time after which the kubelet is asked again without a reason.
    ///   - knownPods: the node's pods now.
    init(
        socket: String, interval: Duration, knownPods: @escaping @Sendable () -> KnownPods, loop: EventLoop,
        log: Logger
    ) {
        self.interval = interval
        self.knownPods = knownPods
        self.loop = loop
        self.log = log
        reader = PodResourcesReader(socket: socket, loop: loop)
        (updates, continuation) = AsyncStream.makeStream()
    }

    /// How often the kubelet is asked at most.
    ///
    /// - Parameter spacing: the least time between two calls.
    static func pace(spacing: Duration) -> ReconcilePace {
        var pace = ReconcilePace()
        pace.minimumInterval = spacing
        pace.backoff = Backoff(base: spacing, limit: .seconds(30), jitter: 0...0.5)
        pace.waitsOutBackoff = true
        return pace
    }

    func start() async {}

    func stop() async { await reader.close() }

    /// Asks once.
    func poll() async throws -> ReconcileResult {
        let (known, time) = (knownPods(), Timestamp.now)
        do throws(PodResourcesFault) {
            let account = try await reader.read()
            if failures >= Self.failureThreshold { log.info("the kubelet says again who holds what") }
            failures = 0
            continuation.yield(.list(KubeletList(pods: account.pods, known: known, time: time)))
            return .requeue(after: interval)
        } catch {
            failures += 1
            if failures == Self.failureThreshold, !Task.isCancelled {
                log.warning(
                    "cannot read pod resources", ["error": error.description, "reason": error.reason])
            }
            if failures >= Self.failureThreshold {
                continuation.yield(.fault(error))
            }
            throw error
        }
    }
}
