// Rows of apimachinery's api/meta/conditions_test.go.

import JSON
import Testing

@testable import KubernetesAPI

@Suite("Conditions")
struct ConditionTests {
    private static let hourAgo = Timestamp(microseconds: 1_000_000)
    private static let now = Timestamp(microseconds: 3_601_000_000)

    private static func condition(
        _ type: String, _ status: ConditionStatus, at time: Timestamp? = nil, reason: String? = nil,
        message: String? = nil, generation: Int? = nil
    ) -> Condition {
        Condition(
            type: type, status: status, reason: reason, message: message, lastTransitionTime: time,
            observedGeneration: generation)
    }

    @Test("one that is new is added; without a time it gets one")
    func adds() {
        var conditions = [Self.condition("first", .false)]
        let isNew1 = conditions.set(
            Self.condition("second", .true, at: Self.hourAgo, reason: "r", message: "m"), now: Self.now)
        #expect(isNew1)
        let isNew2 = conditions.set(Self.condition("third", .true), now: Self.now)
        #expect(isNew2)
        #expect(conditions.map(\.type) == ["first", "second", "third"])
        #expect(conditions.map(\.lastTransitionTime) == [nil, Self.hourAgo, Self.now])
    }

    @Test("one whose status stays keeps its time, one whose status changes has a new one")
    func updates() {
        var conditions = [Self.condition("first", .false, at: Self.hourAgo), Self.condition("second", .true)]
        let isNew3 = conditions.set(
            Self.condition("first", .false, at: Self.now, reason: "r", generation: 3), now: Self.now)
        #expect(isNew3)
        #expect(
            conditions[0] == Self.condition("first", .false, at: Self.hourAgo, reason: "r", generation: 3))
        let isNew4 = conditions.set(Self.condition("first", .true, reason: "r"), now: Self.now)
        #expect(isNew4)
        #expect(conditions[0].lastTransitionTime == Self.now)
        let isNew5 = conditions.set(Self.condition("first", .unknown, at: Self.hourAgo), now: Self.now)
        #expect(isNew5)
        #expect(conditions[0].lastTransitionTime == Self.hourAgo)
        #expect(conditions.count == 2)
    }

    @Test("nothing new is no change")
    func same() {
        var conditions = [Self.condition("first", .true, at: Self.hourAgo, reason: "r", message: "m")]
        let before = conditions
        let isNew6 = conditions.set(Self.condition("first", .true, reason: "r", message: "m"), now: Self.now)
        #expect(!isNew6)
        #expect(conditions == before)
    }

    @Test("a list takes its times from the one before it, and no more")
    func merges() {
        let before = [
            Self.condition("a", .true, at: Self.hourAgo), Self.condition("gone", .true, at: Self.hourAgo),
        ]
        let merged = [Self.condition("b", .false), Self.condition("a", .true, reason: "r")].merged(
            with: before, now: Self.now)
        #expect(
            merged == [
                Self.condition("b", .false, at: Self.now),
                Self.condition("a", .true, at: Self.hourAgo, reason: "r"),
            ])
    }

    @Test("are found and removed by type")
    func finds() {
        var conditions = [Self.condition("first", .true), Self.condition("second", .false)]
        #expect(conditions.isTrue("first"))
        #expect(!conditions.isTrue("second") && !conditions.isTrue("third"))
        #expect(conditions["second"]?.status == .false)
        let wasThere = conditions.remove("first")
        let isStillThere = conditions.remove("first")
        #expect(wasThere && !isStillThere)
        #expect(conditions.map(\.type) == ["second"])
    }

    @Test("a status that nobody knows is unknown")
    func unknown() throws {
        let json: JSON = ["type": "a", "status": "Perhaps"]
        #expect(try json.decode(Condition.self).status == .unknown)
        #expect(ConditionStatus(nil) == .unknown)
        #expect(ConditionStatus(true) == .true)
    }
}
