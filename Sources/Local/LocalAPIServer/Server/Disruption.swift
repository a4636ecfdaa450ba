// Disruption budgets: what an eviction may take away (pkg/controller/disruption, pkg/registry/core/pod/rest/eviction.go). The
// real server's controller writes the counts down and an eviction reads them there; here they are worked out when they are
// needed, so that no eviction meets old ones.

internal import APIMachinery
internal import JSON
internal import KubernetesAPI

/// A budget and the pods that it is about.
struct DisruptionBudget: Sendable {
    /// Healthy pods now.
    var currentHealthy: Int
    /// Healthy pods that there have to be.
    var desiredHealthy: Int
    /// All pods that there should be.
    var expectedPods: Int
    /// Why nothing may be disrupted, whatever the counts; nil where they tell.
    var fault: String?

    /// Pods that may be taken away now.
    var disruptionsAllowed: Int {
        fault == nil && expectedPods > 0 ? max(0, currentHealthy - desiredHealthy) : 0
    }

    /// - Parameters:
    ///   - pods: those that the budget selects.
    ///   - replicas: how many pods a controller wants; nil where it cannot say.
    init(_ spec: JSON, pods: [JSON], replicas: (JSON) -> Int?) {
        currentHealthy = pods.count { $0.storedConditions.isTrue("Ready") && !$0.isTerminatingPod }
        if let minimum = spec.minAvailable, let count = minimum.int {
            expectedPods = pods.count
            desiredHealthy = count
            return
        }
        guard let amount = spec.minAvailable ?? spec.maxUnavailable else {
            (expectedPods, desiredHealthy) = (pods.count, 0)
            return
        }
        (expectedPods, fault) = Self.expected(pods, replicas)
        let part = Self.part(amount, of: expectedPods)
        desiredHealthy = spec.minAvailable != nil ? part : max(0, expectedPods - part)
    }

    /// What the pods' controllers want in all. A share of pods that nobody replaces cannot be told.
    private static func expected(_ pods: [JSON], _ replicas: (JSON) -> Int?) -> (Int, String?) {
        var controllers: [String: Int] = [:]
        for pod in pods {
            let name = pod.metadata?.name?.string ?? ""
            let owner = (pod.metadata?.ownerReferences?.array ?? []).first { $0.controller == true }
            guard let owner, let uid = owner.uid?.string else {
                return (0, "found no controller ref for pod \"\(name)\"")
            }
            if controllers[uid] != nil { continue }
            guard let count = replicas(owner) else {
                return (0, "found no scale of the controller of pod \"\(name)\"")
            }
            controllers[uid] = count
        }
        return (controllers.values.reduce(0, +), nil)
    }

    /// A count, or a percentage rounded up.
    private static func part(_ amount: JSON, of total: Int) -> Int {
        if let number = amount.int { return number }
        guard let text = amount.string, text.hasSuffix("%"), let percent = Int(text.dropLast()) else {
            return 0
        }
        return (min(max(percent, 0), 100) * total + 99) / 100
    }

    /// The status as it is to be, of what it was.
    func status(_ old: JSON, generation: JSON?, now: Timestamp) -> JSON {
        var object: JSON = ["status": old]
        object.status?.currentHealthy = JSON(currentHealthy)
        object.status?.desiredHealthy = JSON(desiredHealthy)
        object.status?.expectedPods = JSON(expectedPods)
        object.status?.disruptionsAllowed = JSON(disruptionsAllowed)
        object.status?.observedGeneration = generation
        let reason =
            fault != nil ? "SyncFailed" : disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods"
        object.setCondition(
            [
                "type": "DisruptionAllowed", "status": disruptionsAllowed > 0 ? "True" : "False",
                "reason": .string(reason), "message": .string(fault ?? ""),
                "observedGeneration": generation ?? 0,
            ], now: now)
        return object.status ?? old
    }
}

extension APIServer {
    private static let budgets = GroupResource("policy", "poddisruptionbudgets")
    private static let pods = GroupResource("", "pods")

    /// A budget with its counts as they are now.
    private func counts(_ budget: JSON, namespace: String) -> DisruptionBudget {
        let selector = Self.selector(of: budget)
        let selected = state.list(Self.pods, namespace: namespace).map(\.1.json).filter {
            selector?.matches($0.metadata?.labels?.strings ?? [:]) ?? false
        }
        return DisruptionBudget(budget.spec ?? [:], pods: selected) { replicas(of: $0, in: namespace) }
    }

    /// nil for a budget that selects nothing; an empty selector selects everything (policy/v1).
    private static func selector(of budget: JSON) -> LabelSelector? {
        budget.spec?.selector.flatMap { try? $0.decode(LabelSelector.self) }
    }

    /// What a controller's scale says.
    private func replicas(of owner: JSON, in namespace: String) -> Int? {
        let parts = (owner.apiVersion?.string ?? "").split(separator: "/").map(String.init)
        guard parts.count == 2, let kind = owner.kind?.string,
            let type = catalog.types[parts[0]]?[parts[1]]?.values.first(where: { $0.kind == kind }),
            let definition = catalog.definitions[type.resource.qualified],
            let paths = ScalePaths(definition, version: type.version),
            let object = state[type.storage, ObjectName(namespace, owner.name?.string ?? "")]?.json
        else { return nil }
        return object[path: paths.specReplicas]?.int ?? 0
    }

    /// Refuses to take a pod away where a budget needs it.
    func checkBudgets(_ pod: JSON, namespace: String) throws(APIError) {
        // What does not run, or runs no more, nobody needs.
        if pod.isTerminatingPod
            || ["Succeeded", "Failed", "Pending"].contains(pod.status?.phase?.string ?? "")
        {
            return
        }
        let labels = pod.metadata?.labels?.strings ?? [:]
        let budgets = state.list(Self.budgets, namespace: namespace).map(\.1.json)
            .filter { Self.selector(of: $0)?.matches(labels) ?? false }
        guard let budget = budgets.first else { return }
        guard budgets.count == 1 else {
            throw APIError(
                500, "InternalError",
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            )
        }
        let counts = counts(budget, namespace: namespace)
        if !pod.storedConditions.isTrue("Ready") {
            if budget.spec?.unhealthyPodEvictionPolicy == "AlwaysAllow" { return }
            // IfHealthyBudget: it is not among those that are counted.
            if counts.currentHealthy >= counts.desiredHealthy, counts.desiredHealthy > 0 { return }
        }
        guard counts.disruptionsAllowed == 0 else { return }
        let name = budget.metadata?.name?.string ?? ""
        throw APIError(
            429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
            details: [
                "causes": [
                    [
                        "reason": "DisruptionBudget",
                        "message": .string(
                            "The disruption budget \(name) needs \(counts.desiredHealthy) healthy pods and has"
                                + " \(counts.currentHealthy) currently"),
                    ]
                ]
            ])
    }

    /// Writes down what budgets count, after a change that may have changed it.
    func settleBudgets() {
        guard state.count(Self.budgets) > 0 else { return }
        let now = Timestamp.now
        for (place, stored) in state.list(Self.budgets) {
            var budget = stored.json
            let old = budget.status ?? [:]
            budget.status = counts(budget, namespace: place.namespace)
                .status(old, generation: budget.metadata?.generation, now: now)
            if budget.status != old { state.put(Self.budgets, place, budget) }
        }
    }
}

extension JSON {
    /// Whether this is a pod that is being deleted.
    fileprivate var isTerminatingPod: Bool { self["metadata"]?.deletionTimestamp?.string != nil }
}
