// Takes part in an election: acquires the lease, renews it, releases it. What to send and what an answer means is
// `LeaseElection`'s; here are the requests, each bounded by what is left of the leader's time.

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
    private let outage = Outage("the lease has not been read yet")
    private let term = Lock(Duration.zero)
    /// Whether something was sent that may have made this process the holder.
    private var mayHold = false

    /// Why the lease cannot be read, taken or renewed at the moment, in one sentence; nil while somebody leads.
    public nonisolated var problem: String? { outage.problem }

    /// Until when, by the monotonic clock, no other process can lead: what is sent later may collide with its work. Zero where
    /// this process does not lead.
    public nonisolated var leadsUntil: Duration { term.withLock { $0 } }

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
        self.client = client
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

    /// Waits until this process leads; false when it was stopped before.
    public func acquire() async -> Bool {
        var holder = ""
        while !isStopping, !Task.isCancelled {
            do throws(KubernetesError) {
                let outcome = try await attempt()
                outage.end()
                switch outcome {
                // An answer that took too long comes with no time to lead.
                case .leading where MonotonicClock.time < leadsUntil:
                    isLeading?.set(1, [election.key.name])
                    log.info("leading", ["identity": identity])
                    return true
                case .leading: break
                case .waiting(let other):
                    if other != holder { log.info("another leads", ["holder": other]) }
                    holder = other
                }
            } catch {
                if !error.isConflict, !error.isAlreadyExists { report("cannot take the lease", error) }
            }
            try? await Task.sleep(for: election.timing.retry)
        }
        return false
    }

    /// Logs once what is wrong, until something else is: it is tried again every two seconds.
    private func report(_ what: String, _ error: KubernetesError) {
        let isNew = outage.begin("\(what): \(error.description)")
        log.log(isNew ? .warning : .debug, what, ["error": error.description])
    }

    /// Keeps the lease; returns when it is lost or `release` was called.
    public func keep() async {
        while !isStopping, !Task.isCancelled {
            let left = leadsUntil - MonotonicClock.time
            guard left > .zero else {
                log.error(
                    "the lease could not be renewed in time", ["error": outage.problem ?? "it was paused"])
                break
            }
            try? await Task.sleep(for: min(election.timing.retry, left))
            guard !isStopping, MonotonicClock.time < leadsUntil else { continue }
            do throws(KubernetesError) {
                guard case .leading = try await attempt() else {
                    log.error("the lease was taken by another")
                    break
                }
                if outage.end() != nil { log.info("renewed the lease again") }
            } catch {
                report("cannot renew the lease", error)
            }
        }
        resign()
    }

    private func resign() {
        election.resign()
        term.withLock { $0 = .zero }
        isLeading?.set(0, [election.key.name])
    }

    /// Stops and gives the lease back, so that another need not wait for its end.
    public func release() async {
        stopped.withLock { $0 = true }
        resign()
        guard mayHold else { return }
        do throws(KubernetesError) {
            try await giveBack()
        } catch {
            log.warning("cannot release the lease", ["error": error.description])
        }
    }

    private func giveBack() async throws(KubernetesError) {
        // A renewal that is still under way changes the lease between the two requests, once.
        for attempt in 1...2 {
            let limit = MonotonicClock.time + election.timing.renewDeadline
            let lease = try await client(until: limit).get(Lease.self, election.key)
            guard let released = election.released(lease, time: .now) else { return }
            do throws(KubernetesError) {
                try await client(until: limit).update(released)
                return
            } catch {
                guard error.isConflict, attempt == 1 else { throw error }
            }
        }
    }

    private enum Outcome {
        case leading
        case waiting(holder: String)
    }

    /// One try, which is over before a leader's time is: no request is repeated in it.
    private func attempt() async throws(KubernetesError) -> Outcome {
        let limit = election.limit(now: MonotonicClock.time)
        if let renewal = election.renewal(time: .now) {
            do throws(KubernetesError) {
                try await write(.update(renewal), until: limit)
                return .leading
            } catch {
                // Somebody has changed the lease, which says nothing yet about who holds it.
                guard error.isConflict || error.isNotFound else { throw error }
            }
        }
        let lease: Lease?
        do throws(KubernetesError) {
            lease = try await client(until: limit).get(Lease.self, election.key)
        } catch {
            guard error.isNotFound else { throw error }
            lease = nil
        }
        guard !isStopping else { return .waiting(holder: "") }
        let action = election.act(on: lease, now: MonotonicClock.time, time: .now)
        term.withLock { $0 = election.leadsUntil ?? .zero }
        if case .wait(let holder) = action { return .waiting(holder: holder) }
        try await write(action, until: limit)
        return .leading
    }

    private func write(_ action: LeaseElection.Action, until limit: Duration) async throws(KubernetesError) {
        let sentAt = MonotonicClock.time
        mayHold = true
        let stored: Lease
        switch action {
        case .create(let lease): stored = try await client(until: limit).create(lease)
        case .update(let lease): stored = try await client(until: limit).update(lease)
        case .wait: return
        }
        election.acknowledged(stored, sentAt: sentAt, now: MonotonicClock.time)
        guard !isStopping else { return }
        term.withLock { $0 = election.leadsUntil ?? .zero }
    }

    /// A client whose requests end by then. One that hangs must leave time for another, on a new connection.
    private func client(until limit: Duration) -> KubernetesClient {
        let share = max(.seconds(1), election.timing.renewDeadline / 3)
        return client.with(timeout: max(.zero, min(share, limit - MonotonicClock.time)), repeating: false)
    }
}
