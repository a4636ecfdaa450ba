// Kubernetes' own PodGroups, where the cluster has them: the API is young, and most clusters do not serve it. Discovery says
// whether this one does; a cluster that is upgraded may do so later.

internal import Controller
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// The copy of all PodGroups; whole, and empty, where the cluster has none.
final class PodGroups: Cache {
    /// How often a cluster that does not know them is asked again.
    private static let interval = Duration.seconds(20)

    /// What is followed once the cluster serves it.
    let informer: Informer<PodGroup>

    private struct State {
        /// nil until the cluster has said.
        var isServed: Bool?
        var problem: String?
        var task: Task<Void, Never>?
        var isStopped = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Lock(State())
    private let client: KubernetesClient
    private let log: Logger

    init(_ client: KubernetesClient, registry: MetricsRegistry?, log: Logger, loop: EventLoop) {
        self.client = client
        self.log = log
        informer = Informer(client, registry: registry, log: log, loop: loop)
    }

    /// Whether the cluster serves them.
    var isServed: Bool { state.withLock { $0.isServed ?? false } }

    var name: String { informer.name }

    var isSynced: Bool {
        switch state.withLock(\.isServed) {
        case nil: false
        case false?: true
        case true?: informer.isSynced
        }
    }

    var problem: String? {
        let (isServed, problem) = state.withLock { ($0.isServed, $0.problem) }
        return isServed == true ? informer.problem : problem
    }

    func start() async {
        state.withLock { state in
            guard state.task == nil, !state.isStopped else { return }
            state.task = Task { await self.find() }
        }
    }

    func stop() async {
        let task = state.withLock { state in
            state.isStopped = true
            return state.task
        }
        task?.cancel()
        await task?.value
        wake()
        await informer.stop()
    }

    func synced() async {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                let isKnown = state.isServed != nil || state.isStopped
                if !isKnown { state.waiters.append(continuation) }
                return isKnown
            }
            if isKnown { continuation.resume() }
        }
        if isServed { await informer.synced() }
    }

    private func wake() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func find() async {
        var backoff = Backoff.reflector
        while !Task.isCancelled {
            var pause = Self.interval
            switch await look() {
            case .success(true):
                await informer.start()
                state.withLock { ($0.isServed, $0.problem) = (true, nil) }
                return wake()
            case .success(false):
                state.withLock { ($0.isServed, $0.problem) = (false, nil) }
                wake()
                backoff = .reflector
            case .failure(let error):
                // Where it was known before that there are none, there are none until something else is said.
                state.withLock { if $0.isServed == nil { $0.problem = error.description } }
                log.debug("cannot ask for PodGroups", ["error": error.description])
                pause = min(Self.interval, backoff.failed(random: .random(in: 0...1)))
            }
            try? await Task.sleep(for: pause)
        }
    }

    private func look() async -> Result<Bool, KubernetesError> {
        let resource = PodGroup.resource
        do throws(KubernetesError) {
            let found = try await client.request("GET", "/apis/\(resource.group)/\(resource.version)")
            return .success(found.resources?.array?.contains { $0.name?.string == resource.plural } ?? false)
        } catch {
            // Who may not look is told of none: no pod of a group must keep all others from being placed.
            return error.isNotFound || error.code == 403 ? .success(false) : .failure(error)
        }
    }
}
