// Leader election over a Lease, as client-go does it: whoever has seen the record unchanged for its whole duration, by its
// own clock, may take it. Clocks of other machines are never compared.

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
            var lease = Lease(ObjectMetadata(name: key.name, namespace: key.namespace))
            record(in: &lease.spec, acquired: time, renewed: time, transitions: 0)
            return .create(lease)
        }
        if update.spec != observed {
            observed = update.spec
            observedAt = now
        }
        let holder = update.spec.holderIdentity ?? ""
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
