// Leader election over a Lease, as client-go does it: whoever has seen the record unchanged for its whole duration, by its
// own clock, may take it. Clocks of other machines are never compared.

package import JSON
package import KubernetesAPI

/// The rules without requests or waiting.
package struct LeaseElection: Sendable {
    /// How long the parts of the game take.
    package struct Timing: Sendable, Equatable {
        /// How long a leader may be silent before others take over.
        package var lease: Duration
        /// How long a leader tries to renew before it gives up.
        package var renewDeadline: Duration
        /// The pause between tries.
        package var retry: Duration

        /// 15 s, 10 s and 2 s, as controller-runtime has them.
        package static let standard = Timing(
            lease: .seconds(15), renewDeadline: .seconds(10), retry: .seconds(2))

        /// Timing made of its parts.
        package init(lease: Duration, renewDeadline: Duration, retry: Duration) {
            self.lease = lease
            self.renewDeadline = renewDeadline
            self.retry = retry
        }
    }

    /// What to send.
    package enum Action: Equatable, Sendable {
        /// POST this Lease.
        case create(JSON)
        /// PUT this Lease over the one that was read.
        case update(JSON)
        /// Another leads; look again after the retry pause.
        case wait(holder: String)
    }

    /// The lease's name and namespace.
    package let key: ObjectKey
    /// Who this process is.
    package let identity: String
    /// The timing.
    package let timing: Timing
    private var observed: JSON?
    private var observedAt: Duration = .zero

    /// A candidate.
    package init(key: ObjectKey, identity: String, timing: Timing = .standard) {
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
    package mutating func act(on lease: JSON?, now: Duration, time: Timestamp) -> Action {
        guard let lease else {
            return .create([
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
                "spec": spec(acquired: time.microText, renewed: time.microText, transitions: 0),
            ])
        }
        let record = lease["spec"] ?? .null
        if record != observed {
            observed = record
            observedAt = now
        }
        let holder = record["holderIdentity"]?.string ?? ""
        let seconds = min(3600, max(1, record["leaseDurationSeconds"]?.int ?? 15))
        if !holder.isEmpty, holder != identity, now - observedAt < .seconds(seconds) {
            return .wait(holder: holder)
        }
        let transitions = record["leaseTransitions"]?.int ?? 0
        let isOurs = holder == identity
        var update = lease
        update["spec"] = spec(
            acquired: isOurs ? record["acquireTime"]?.string ?? time.microText : time.microText,
            renewed: time.microText,
            transitions: isOurs ? transitions : transitions &+ 1)
        return .update(update)
    }

    /// The lease as a leader leaves it: anyone may take it at once.
    package func released(_ lease: JSON, time: Timestamp) -> JSON? {
        guard lease["spec"]?["holderIdentity"]?.string == identity else { return nil }
        var update = lease
        update["spec"] = spec(
            acquired: time.microText, renewed: time.microText,
            transitions: lease["spec"]?["leaseTransitions"]?.int ?? 0, holder: "", seconds: 1)
        return update
    }

    private func spec(
        acquired: String, renewed: String, transitions: Int, holder: String? = nil, seconds: Int64? = nil
    ) -> JSON {
        [
            "holderIdentity": .string(holder ?? identity),
            "leaseDurationSeconds": .int(seconds ?? max(1, timing.lease.components.seconds)),
            "acquireTime": .string(acquired), "renewTime": .string(renewed),
            "leaseTransitions": .int(Int64(transitions)),
        ]
    }
}
