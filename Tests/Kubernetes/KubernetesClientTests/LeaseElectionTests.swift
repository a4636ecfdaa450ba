// Who leads, by the record and the own clock alone.

import JSON
import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite("Lease election")
struct LeaseElectionTests {
    private static let time = Timestamp(microseconds: 1_767_225_600_000_000)
    private func candidate(_ identity: String = "me") -> LeaseElection {
        LeaseElection(key: ObjectKey(namespace: "n", name: "lock"), identity: identity)
    }
    private static func lease(
        _ holder: String, renewed: String = "2020-01-01T00:00:00.000000Z", transitions: Int = 3,
        seconds: Int = 15
    ) -> Lease {
        var lease = Lease(ObjectMetadata(name: "lock", namespace: "n"))
        lease.metadata.resourceVersion = "4"
        lease.spec.holderIdentity = holder
        lease.spec.leaseDurationSeconds = seconds
        lease.spec.acquireTime = Timestamp("2019-01-01T00:00:00.000000Z")
        lease.spec.renewTime = Timestamp(renewed)
        lease.spec.leaseTransitions = transitions
        return lease
    }

    @Test("creates a lease that does not exist")
    func creates() throws {
        var me = candidate()
        guard case .create(let lease) = me.act(on: nil, now: .zero, time: Self.time) else {
            Issue.record("no lease was made")
            return
        }
        #expect(
            try JSON(encoding: lease) == [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": "lock", "namespace": "n"],
                "spec": [
                    "holderIdentity": "me", "leaseDurationSeconds": 15,
                    "acquireTime": "2026-01-01T00:00:00.000000Z",
                    "renewTime": "2026-01-01T00:00:00.000000Z",
                    "leaseTransitions": 0,
                ],
            ])
    }

    @Test(
        "waits for the whole duration since it has seen the record change, whatever the record's clock says")
    func waits() {
        var me = candidate()
        #expect(
            me.act(on: Self.lease("other"), now: .seconds(100), time: Self.time) == .wait(holder: "other"))
        #expect(
            me.act(on: Self.lease("other"), now: .seconds(114), time: Self.time) == .wait(holder: "other"))
        let renewed = Self.lease("other", renewed: "2020-01-01T00:00:02.000000Z")
        #expect(me.act(on: renewed, now: .seconds(114), time: Self.time) == .wait(holder: "other"))
        #expect(me.act(on: renewed, now: .seconds(128), time: Self.time) == .wait(holder: "other"))
        guard case .update(let taken) = me.act(on: renewed, now: .seconds(129), time: Self.time) else {
            Issue.record("the lease was not taken")
            return
        }
        #expect(taken.metadata.resourceVersion == "4")
        #expect(taken.spec.holderIdentity == "me")
        #expect(taken.spec.leaseTransitions == 4)
        #expect(taken.spec.acquireTime == Timestamp("2026-01-01T00:00:00.000000Z"))
    }

    @Test("renews its own lease without a transition")
    func renews() {
        var me = candidate()
        guard case .update(let lease) = me.act(on: Self.lease("me"), now: .zero, time: Self.time) else {
            Issue.record("the lease was not renewed")
            return
        }
        #expect(lease.spec.leaseTransitions == 3)
        #expect(lease.spec.acquireTime == Timestamp("2019-01-01T00:00:00.000000Z"))
        #expect(lease.spec.renewTime == Timestamp("2026-01-01T00:00:00.000000Z"))
    }

    @Test("takes a released lease at once, and releases only its own")
    func releases() {
        var me = candidate()
        let released = candidate("other").released(Self.lease("other"), time: Self.time)
        #expect(released?.spec.holderIdentity == "")
        #expect(released?.spec.leaseDurationSeconds == 1)
        #expect(candidate("third").released(Self.lease("other"), time: Self.time) == nil)
        let action = me.act(on: released, now: .zero, time: Self.time)
        #expect({ if case .update = action { true } else { false } }())
    }

    @Test("bears a record with nonsense in it")
    func nonsense() {
        var me = candidate()
        var lease = Lease()
        lease.spec.holderIdentity = "x"
        lease.spec.leaseDurationSeconds = .max
        lease.spec.leaseTransitions = .max
        #expect(me.act(on: lease, now: .zero, time: Self.time) == .wait(holder: "x"))
        let action = me.act(on: lease, now: .seconds(3600), time: Self.time)
        #expect({ if case .update = action { true } else { false } }())
    }
}
