// Says of a PodGroup whether it got its places. In Kubernetes the scheduler says it that places the group's pods (kube-scheduler,
// updatePodGroupCondition); for pods whose schedulerName is ours that is this operator, and nobody else would.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling
internal import SystemIO

/// What PodGroups are told.
final class PodGroupConditions: Sendable {
    /// Groups at a time.
    static let workers = 2

    /// Groups to be told: call `write`. For one reader.
    let due: AsyncStream<ObjectKey>

    private let continuation: AsyncStream<ObjectKey>.Continuation
    private let client: KubernetesClient
    private let groups: PodGroups
    /// What is not written yet.
    private let news = Lock<[ObjectKey: PodGroupNews]>([:])

    init(_ client: KubernetesClient, groups: PodGroups) {
        self.client = client
        self.groups = groups
        (due, continuation) = AsyncStream.makeStream()
    }

    /// A group is told this; what it was to be told before does not matter any more.
    func tell(_ key: ObjectKey, _ what: PodGroupNews) {
        news.withLock { $0[key] = what }
        continuation.yield(key)
    }

    /// Writes what a group is to be told.
    ///
    /// - Throws: where it has to be tried again.
    func write(_ key: ObjectKey) async throws(KubernetesError) {
        guard let what = news.withLock({ $0[key] }) else { return }
        if let group = groups.informer.store[key], let condition = Self.condition(what, of: group) {
            let status: JSON = (try? JSON(encoding: ["conditions": [condition]])) ?? [:]
            do throws(KubernetesError) {
                try await client.apply(
                    PodGroup.resource,
                    [
                        "apiVersion": .string(PodGroup.resource.apiVersion),
                        "kind": .string(PodGroup.resource.kind),
                        "metadata": [
                            "name": .string(key.name), "namespace": .string(key.namespace),
                            "uid": .string(group.metadata.uid),
                        ], "status": status,
                    ], manager: WellKnown.operatorManager, subresource: "status")
            } catch {
                // A group that is gone, or another of its name.
                guard error.isNotFound || error.isConflict else { throw error }
            }
        }
        news.withLock { if $0[key] == what { $0[key] = nil } }
    }

    /// The condition that a group does not have yet; nil where it says so already. True is never taken back.
    static func condition(_ news: PodGroupNews, of group: PodGroup) -> Condition? {
        let type = PodGroupStatus.initiallyScheduled
        var conditions = group.status?.conditions ?? []
        let generation = group.metadata.generation
        let condition: Condition
        switch news {
        case .scheduled:
            condition = Condition(
                type: type, status: .true, reason: "Scheduled", message: "", observedGeneration: generation)
        case .unschedulable(let message):
            guard !conditions.isTrue(type) else { return nil }
            condition = Condition(
                type: type, status: .false, reason: "Unschedulable", message: message,
                observedGeneration: generation)
        }
        return conditions.set(condition, now: .now) ? conditions[type] : nil
    }
}
