// Asks the pods of ModelServers how far their models are, where their server can say so. Kubernetes knows of a pod that it is
// not ready, and not why. A pod is asked when something about it has changed, then at a pace that slows down with its age
// while it loads, and rarely once it is ready, for a group may still be lost. Only news go further, and only coarse ones.
//
//     pods ──▶ ask ── GET / ──▶ ModelReport ── another than before? ──▶ news ──▶ status
//               ▲                    │
//               └── after the pace ──┘

internal import Controller
internal import GanglionAPI
internal import HTTP
internal import KubernetesAPI
internal import KubernetesClient
internal import SystemIO

/// How often a pod is asked.
package struct ModelWatchPace: Equatable, Sendable {
    /// Between two questions to a pod that is not ready: an eighth of the time for which it has been asked, within these.
    package var loading: ClosedRange<Duration> = .seconds(2) ... .seconds(15)
    /// Between two questions to one that is ready.
    package var ready = Duration.seconds(30)

    /// The standard pace.
    package init() {}

    /// How long to wait before the next question.
    func pause(isReady: Bool, age: Duration) -> Duration {
        isReady ? ready : min(max(age / 8, loading.lowerBound), loading.upperBound)
    }
}

/// Follows the models of pods.
actor ModelWatch: LoopActor {
    nonisolated let loop: EventLoop

    /// Pods that are asked at a time.
    static let workers = 16
    /// The most octets of an answer: a model takes some 500.
    private static let answerLimit = 4 << 20

    /// Servers of which a pod says something new. For one reader.
    nonisolated let news: AsyncStream<ObjectKey>

    private nonisolated let continuation: AsyncStream<ObjectKey>.Continuation
    private let cluster: ObservedCluster
    private let pace: ModelWatchPace
    private let reader: PodReader
    /// What pods have said, by their keys.
    private let records = Lock<[ObjectKey: Record]>([:])

    private struct Record {
        let process: Process
        var report: ModelReport?
        let since: Duration
    }

    /// Which process of which pod: what an earlier one has said counts for nothing.
    private struct Process: Equatable {
        let uid: String
        let restarts: Int
    }

    init(_ cluster: ObservedCluster, pace: ModelWatchPace, loop: EventLoop) {
        self.cluster = cluster
        self.pace = pace
        self.loop = loop
        reader = PodReader(loop: loop, limit: Self.answerLimit)
        (news, continuation) = AsyncStream.makeStream()
    }

    /// What pods have said last, by their uids.
    nonisolated func reports(of pods: [Pod]) -> [String: ModelReport] {
        records.withLock { records in
            pods.reduce(into: [:]) { reports, pod in
                guard let record = records[pod.key], record.process.uid == pod.metadata.uid else { return }
                reports[pod.metadata.uid] = record.report
            }
        }
    }

    /// Whether a change of a pod is a reason to ask it at once, or to forget it.
    static func isNews(_ change: ObjectChange<Pod>) -> Bool {
        guard case .modified(let old, let new) = change else { return true }
        return old.metadata.uid != new.metadata.uid || old.phase != new.phase || old.isReady != new.isReady
            || old.status.podIP != new.status.podIP || old.servingRestarts != new.servingRestarts
            || old.metadata.isTerminating != new.metadata.isTerminating
    }

    /// Asks a pod.
    func ask(_ key: ObjectKey, now: Duration = MonotonicClock.time) async -> ReconcileResult {
        guard let pod = cluster.pods.store[key], let question = Question(pod, cluster) else {
            _ = records.withLock { $0.removeValue(forKey: key) }
            return .done
        }
        let process = Process(uid: pod.metadata.uid, restarts: pod.servingRestarts)
        let record = records.withLock { records -> Record in
            if let record = records[key], record.process == process { return record }
            let record = Record(process: process, since: now)
            records[key] = record
            return record
        }
        let answer = await reader.get(
            question.address, port: question.port, path: question.path, accept: "application/json")
        // One that does not answer once has not changed.
        if case .success(let response) = answer, response.status == 200,
            let report = ModelReport(response.bytes), report != record.report
        {
            let isKept = records.withLock { records -> Bool in
                guard records[key]?.process == process else { return false }
                records[key]?.report = report
                return true
            }
            if isKept { continuation.yield(question.server) }
        }
        return .requeue(after: pace.pause(isReady: pod.isReady, age: now - record.since))
    }

    /// Where a pod is asked, and of which server it is.
    private struct Question {
        let server: ObjectKey
        let address: String
        let port: Int
        let path: String

        /// - Returns: nil for a pod that cannot be asked.
        init?(_ pod: Pod, _ cluster: ObservedCluster) {
            guard let key = pod.owner(of: ModelServer.resource), let server = cluster.servers.store[key],
                server.metadata.uid == pod.metadata.controller?.uid,
                pod.canBeAsked, let address = pod.status.podIP,
                let spec = try? server.validSpec(), let runtime = try? RuntimeSettings(spec),
                let path = runtime.profile.modelsPath
            else { return nil }
            self.server = key
            self.address = address
            self.path = path
            port = runtime.port
        }
    }
}

extension Pod {
    /// Whether there is a server that can be asked.
    var canBeAsked: Bool {
        phase == .running && !metadata.isTerminating && status.podIP?.isEmpty == false
    }

    /// How often its server was started again.
    fileprivate var servingRestarts: Int {
        status.containerStatuses.first { $0.name == WellKnown.servingContainer }?.restartCount ?? 0
    }
}
