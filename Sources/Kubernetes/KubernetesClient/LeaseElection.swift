// Leader election over a Lease, as client-go does it: whoever has seen the record unchanged for its whole duration, by its
// own clock, may take it. Clocks of other machines are never compared.
//
//     candidate ──write──▶ sent ──acknowledged──▶ leading until sent + renewDeadline ──▶ lost
//         ▲                  │ refused, lost on the way         │   ▲
//         └──────────────────┘                                  └───┘ each acknowledged renewal
//
// A leader counts from the moment at which it has sent what the server acknowledged. Others may have seen the record no
// earlier than that, and wait for the whole lease: the leader's own time is over before theirs begins, however long the
// answer took, and by the difference between the two (5 s of 15) for what it has sent last.

public import KubernetesAPI

/// The rules without requests or waiting.
public struct LeaseElection: Sendable {
    /// How long the steps of an election take.
    public struct Timing: Sendable, Equatable {
        /// How long a leader may be silent before others take over.
        public var lease: Duration
        /// How long a leader tries to renew before it gives up.
        public var renewDeadline: Duration
        /// The pause between tries.
        public var retry: Duration

        /// 15 s, 10 s and 2 s, as controller-runtime has them.
        public static let standard = Timing(
            lease: .seconds(15), renewDeadline: .seconds(10), retry: .seconds(2))

        /// Timing made of its parts.
        public init(lease: Duration, renewDeadline: Duration, retry: Duration) {
            self.lease = lease
            self.renewDeadline = renewDeadline
            self.retry = retry
        }
    }

    /// What to send.
    public enum Action: Equatable, Sendable {
        /// POST this Lease.
        case create(Lease)
        /// PUT this Lease over the one that was read.
        case update(Lease)
        /// Another leads; look again after the retry pause.
        case wait(holder: String)
    }

    /// The lease's name and namespace.
    public let key: ObjectKey
    /// Who this process is.
    public let identity: String
    /// The timing.
    public let timing: Timing
    private var observed: LeaseSpec?
    private var observedAt: Duration = .zero
    private var term: Term?

    /// What makes this process the leader.
    private struct Term {
        /// The lease as the server stored it.
        var lease: Lease
        /// When the write was sent.
        var sentAt: Duration
    }

    /// Until when this process leads, if nothing more is acknowledged; nil where it does not.
    public var leadsUntil: Duration? { term.map { $0.sentAt + timing.renewDeadline } }

    /// A candidate.
    public init(key: ObjectKey, identity: String, timing: Timing = .standard) {
        self.key = key
        self.identity = identity
        self.timing = timing
    }

    /// What to do about the lease as it was read.
    ///
    /// - Parameters:
    ///   - lease: the object, nil where there is none.
    ///   - now: a monotonic time of the caller's choice.
    ///   - time: the wall clock, for the record only.
    public mutating func act(on lease: Lease?, now: Duration, time: Timestamp) -> Action {
        guard var update = lease else {
            term = nil  // anybody may make it anew
            var lease = Lease(ObjectMetadata(name: key.name, namespace: key.namespace))
            record(in: &lease.spec, acquired: time, renewed: time, transitions: 0)
            return .create(lease)
        }
        if update.spec != observed {
            observed = update.spec
            observedAt = now
        }
        let holder = update.spec.holderIdentity ?? ""
        if holder != identity { term = nil }
        let seconds = min(3600, max(1, update.spec.leaseDurationSeconds ?? 15))
        if !holder.isEmpty, holder != identity, now - observedAt < .seconds(seconds) {
            return .wait(holder: holder)
        }
        let transitions = update.spec.leaseTransitions ?? 0
        let isOurs = holder == identity
        record(
            in: &update.spec, acquired: isOurs ? update.spec.acquireTime ?? time : time, renewed: time,
            transitions: isOurs ? transitions : transitions &+ 1)
        return .update(update)
    }

    /// Until when an attempt has to be over: a leader's own term, a candidate's as long as one would be.
    public func limit(now: Duration) -> Duration { leadsUntil ?? now + timing.renewDeadline }

    /// What a leader sends without reading first: the lease as it left it, unless somebody has written since.
    public func renewal(time: Timestamp) -> Lease? {
        guard var lease = term?.lease, lease.spec.holderIdentity == identity else { return nil }
        lease.spec.renewTime = time
        return lease
    }

    /// The server has stored what `act` or `renewal` gave.
    ///
    /// - Parameters:
    ///   - lease: as it was answered.
    ///   - sentAt: when it was sent, as for `act`.
    ///   - now: when the answer was there.
    public mutating func acknowledged(_ lease: Lease, sentAt: Duration, now: Duration) {
        guard lease.spec.holderIdentity == identity else { return }
        observed = lease.spec
        observedAt = now
        term = Term(lease: lease, sentAt: sentAt)
    }

    /// Gives up, before or after the time is over.
    public mutating func resign() { term = nil }

    /// The lease as a leader leaves it: anyone may take it at once.
    public func released(_ lease: Lease, time: Timestamp) -> Lease? {
        guard lease.spec.holderIdentity == identity else { return nil }
        var update = lease
        record(
            in: &update.spec, acquired: time, renewed: time, transitions: lease.spec.leaseTransitions ?? 0)
        update.spec.holderIdentity = ""
        update.spec.leaseDurationSeconds = 1
        return update
    }

    private func record(
        in spec: inout LeaseSpec, acquired: Timestamp, renewed: Timestamp, transitions: Int
    ) {
        spec.holderIdentity = identity
        spec.leaseDurationSeconds = Int(max(1, timing.lease.components.seconds))
        spec.acquireTime = acquired
        spec.renewTime = renewed
        spec.leaseTransitions = transitions
    }
}
