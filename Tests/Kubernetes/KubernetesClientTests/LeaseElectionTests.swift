// Who leads, by the record and the own clock alone.

import JSON
import KubernetesAPI
import TestSupport
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

    @Test(
        "a leader's time runs from the moment at which it has sent what the server acknowledged",
        arguments: [
            // sent, answered, and until when it leads: 10 s after it was sent, however long the answer took
            (0, 0, 10), (0, 4, 10), (0, 11, 10), (7, 9, 17),
        ])
    func term(sentAt: Int, now: Int, until: Int) {
        var me = candidate()
        #expect(me.leadsUntil == nil)
        #expect(me.renewal(time: Self.time) == nil)
        #expect(me.limit(now: .seconds(now)) == .seconds(now + 10))
        me.acknowledged(Self.lease("me"), sentAt: .seconds(sentAt), now: .seconds(now))
        #expect(me.leadsUntil == .seconds(until))
        #expect(me.limit(now: .seconds(now)) == .seconds(until))
        let renewal = me.renewal(time: Self.time)
        #expect(renewal?.metadata.resourceVersion == "4")
        #expect(renewal?.spec.renewTime == Self.time)
        #expect(renewal?.spec.acquireTime == Timestamp("2019-01-01T00:00:00.000000Z"))
        #expect(renewal?.spec.leaseTransitions == 3)
        me.resign()
        #expect(me.leadsUntil == nil)
    }

    @Test("does not lead by an answer that names another, and stops when it reads of one")
    func another() {
        var me = candidate()
        me.acknowledged(Self.lease("other"), sentAt: .zero, now: .zero)
        #expect(me.leadsUntil == nil)
        me.acknowledged(Self.lease("me"), sentAt: .zero, now: .zero)
        #expect(me.act(on: Self.lease("other"), now: .seconds(1), time: Self.time) == .wait(holder: "other"))
        #expect(me.leadsUntil == nil)
        #expect(me.renewal(time: Self.time) == nil)
    }

    @Test(
        "of two candidates at most one leads at any moment, whatever becomes of their requests",
        arguments: 0..<200)
    func neverTwo(seed: Int) {
        var world = ElectionWorld(seed: seed)
        for _ in 0..<2000 {
            world.step()
            #expect(world.leaders <= 1)
        }
        #expect(world.terms > 1)
    }
}

/// A server with one lease, and two candidates whose requests and answers take their time or are lost.
private struct ElectionWorld {
    private enum Message {
        case read(Int)
        case readAnswer(Int, Lease?)
        case write(Int, Lease, sentAt: Duration)
        case writeAnswer(Int, Lease?, sentAt: Duration)
        case wake(Int)
    }

    private var candidates: [LeaseElection]
    private var messages: [(at: Duration, message: Message)] = []
    private var lease: Lease?
    private var now = Duration.zero
    private var random: SeededGenerator
    private var version = 0
    /// How often somebody became the leader who was not before.
    private(set) var terms = 0

    init(seed: Int) {
        random = SeededGenerator(seed: seed)
        candidates = ["a", "b"].map { LeaseElection(key: ObjectKey(namespace: "n", name: "l"), identity: $0) }
        messages = [(.zero, .wake(0)), (.zero, .wake(1))]
    }

    var leaders: Int { candidates.count { ($0.leadsUntil ?? .zero) > now } }

    /// Mostly quick, at times slower than any limit.
    private mutating func delay() -> Duration {
        .milliseconds(
            Int.random(in: 0..<10, using: &random) == 0
                ? Int.random(in: 0...20_000, using: &random) : Int.random(in: 0...300, using: &random))
    }

    private mutating func send(_ message: Message) {
        guard Int.random(in: 0..<8, using: &random) > 0 else { return }
        messages.append((now + delay(), message))
    }

    mutating func step() {
        guard let index = messages.indices.min(by: { messages[$0].at < messages[$1].at }) else { return }
        let (at, message) = messages.remove(at: index)
        now = at
        switch message {
        case .wake(let who):
            // What is under way stays under way: an answer that nobody waits for any more may still come.
            messages.append((now + .seconds(2), .wake(who)))
            if let until = candidates[who].leadsUntil, until <= now { candidates[who].resign() }
            if let renewal = candidates[who].renewal(time: stamp) {
                send(.write(who, renewal, sentAt: now))
            } else {
                send(.read(who))
            }
        case .read(let who): send(.readAnswer(who, lease))
        case .readAnswer(let who, let lease):
            switch candidates[who].act(on: lease, now: now, time: stamp) {
            case .create(let lease), .update(let lease): send(.write(who, lease, sentAt: now))
            case .wait: break
            }
        case .write(let who, var update, let sentAt):
            guard update.metadata.resourceVersion == lease?.metadata.resourceVersion ?? "" else {
                return send(.writeAnswer(who, nil, sentAt: sentAt))
            }
            version += 1
            update.metadata.resourceVersion = String(version)
            lease = update
            send(.writeAnswer(who, update, sentAt: sentAt))
        case .writeAnswer(let who, let lease, let sentAt):
            guard let lease else { return send(.read(who)) }
            // An elector drops an answer that has come after its limit.
            guard now - sentAt < candidates[who].timing.renewDeadline else { return }
            if candidates[who].leadsUntil == nil { terms += 1 }
            candidates[who].acknowledged(lease, sentAt: sentAt, now: now)
        }
    }

    private var stamp: Timestamp { Timestamp(microseconds: Int64(now.components.seconds) * 1_000_000) }
}
