// Takes part in an election: acquires the lease, renews it, releases it.

public import KubernetesAPI
public import Observability
public import SystemIO

/// A candidate for a lease.
public actor LeaderElector: LoopActor {
    /// The elector's loop.
    public nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let log: Logger
    private let isLeading: Gauge?
    private let identity: String
    private var election: LeaseElection
    private let stopped = Lock(false)
    private let trouble = Lock<String?>(nil)

    /// Why the lease cannot be read or taken at the moment, in one sentence; nil while somebody leads.
    public nonisolated var problem: String? { trouble.withLock { $0 } }

    /// A candidate.
    ///
    /// - Parameters:
    ///   - lease: namespace and name of the Lease.
    ///   - identity: unique to this process, such as `HOST_UUID`.
    public init(
        _ client: KubernetesClient, lease: ObjectKey, identity: String,
        timing: LeaseElection.Timing = .standard,
        registry: MetricsRegistry? = nil, log: Logger = .silent, loop: EventLoop = .shared
    ) {
        // One hung request must not cost the lease.
        self.client = client.with(timeout: max(.seconds(1), timing.renewDeadline / 2))
        self.identity = identity
        self.log = log.with(["lease": lease.description])
        self.loop = loop
        election = LeaseElection(key: lease, identity: identity, timing: timing)
        isLeading = registry?.gauge(
            "leader_election_master_status", "Whether this process leads.", labels: ["name"])
        isLeading?.set(0, [lease.name])
    }

    /// Whether `release` was called.
    public nonisolated var isStopping: Bool { stopped.withLock { $0 } }

    private var isStopped: Bool { isStopping }

    /// Waits until this process leads; false when it was stopped before.
    public func acquire() async -> Bool {
        var holder = ""
        while !isStopped, !Task.isCancelled {
            do throws(KubernetesError) {
                let outcome = try await attempt()
                trouble.withLock { $0 = nil }
                switch outcome {
                case .leading:
                    isLeading?.set(1, [election.key.name])
                    log.info("leading", ["identity": identity])
                    return true
                case .waiting(let other):
                    if other != holder { log.info("another leads", ["holder": other]) }
                    holder = other
                }
            } catch {
                if !error.isConflict, !error.isAlreadyExists { report(error.description) }
            }
            try? await Task.sleep(for: election.timing.retry)
        }
        return false
    }

    /// Logs once what is wrong, until something else is: it is tried again every two seconds.
    private func report(_ why: String) {
        let problem = "cannot take the lease: \(why)"
        let isNew = trouble.withLock { trouble in
            defer { trouble = problem }
            return trouble != problem
        }
        log.log(isNew ? .warning : .debug, "cannot take the lease", ["error": why])
    }

    /// Keeps the lease; returns when it is lost or `stop` was called.
    public func keep() async {
        var renewed = MonotonicClock.time
        while !isStopped, !Task.isCancelled {
            try? await Task.sleep(for: election.timing.retry)
            guard !isStopped else { break }
            do throws(KubernetesError) {
                guard case .leading = try await attempt() else {
                    log.error("the lease was taken by another")
                    break
                }
                renewed = MonotonicClock.time
            } catch {
                log.warning("cannot renew the lease", ["error": error.description])
            }
            if MonotonicClock.time - renewed > election.timing.renewDeadline {
                log.error("the lease could not be renewed in time")
                break
            }
        }
        isLeading?.set(0, [election.key.name])
    }

    /// Stops and gives the lease back, so that another need not wait for its end.
    public func release() async {
        stopped.withLock { $0 = true }
        do throws(KubernetesError) {
            let lease = try await client.get(Lease.self, election.key)
            if let released = election.released(lease, time: .now) {
                try await client.update(released)
            }
        } catch {
            log.warning("cannot release the lease", ["error": error.description])
        }
        isLeading?.set(0, [election.key.name])
    }

    private enum Outcome {
        case leading
        case waiting(holder: String)
    }

    private func attempt() async throws(KubernetesError) -> Outcome {
        let lease: Lease?
        do throws(KubernetesError) { lease = try await client.get(Lease.self, election.key) } catch {
            guard error.isNotFound else { throw error }
            lease = nil
        }
        guard !isStopped else { return .waiting(holder: "") }
        switch election.act(on: lease, now: MonotonicClock.time, time: .now) {
        case .create(let lease): try await client.create(lease)
        case .update(let lease): try await client.update(lease)
        case .wait(let holder): return .waiting(holder: holder)
        }
        return .leading
    }
}
