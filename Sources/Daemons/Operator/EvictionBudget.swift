// The PodDisruptionBudget of a ModelServer: how many of its pods a drain may take away at a time. There is one only where the
// user wants it, for pods of two budgets cannot be evicted at all.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient

/// The PodDisruptionBudgets that the operator makes, as JSON: it reads next to nothing of them.
enum EvictionBudget {
    /// The budget that a server shall have; nil where it shall have none.
    static func of(_ server: ResolvedServer) -> JSON? {
        guard let budget = server.spec.disruptionBudget else { return nil }
        let meta = server.server.metadata
        let metadata = ObjectMetadata(
            name: meta.name, namespace: meta.namespace,
            labels: server.selector.merging([WellKnown.managedByLabel: WellKnown.operatorManager]) {
                first, _ in first
            }, ownerReferences: [server.server.controllerReference])
        return [
            "apiVersion": .string(PodDisruptionBudget.resource.apiVersion),
            "kind": .string(PodDisruptionBudget.resource.kind),
            "metadata": (try? JSON(encoding: metadata)) ?? [:],
            "spec": [
                "maxUnavailable": JSON(budget.maxUnavailable),
                "selector": ["matchLabels": .object(server.selector.mapValues { .string($0) })],
                // A pod that does not serve is no reason to keep a node.
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            ],
        ]
    }

    /// Whether a budget has all that this operator says of it, whatever else the API server or others have added.
    static func covers(_ observed: JSON, _ desired: JSON) -> Bool {
        let labels = observed.meta.labels
        return desired.meta.labels.allSatisfy { labels[$0.key] == $0.value }
            && ["maxUnavailable", "selector", "unhealthyPodEvictionPolicy"].allSatisfy {
                observed["spec"]?[$0] == desired["spec"]?[$0]
            }
    }
}

extension ModelServerState {
    /// Adds what has to be done about the budget.
    ///
    /// - Returns: a sentence when the name belongs to somebody else.
    func planBudget(_ resolved: ResolvedServer, _ plan: inout ModelServerPlan) -> String? {
        let desired = EvictionBudget.of(resolved)
        let isOurs = budget?.objectController?.uid == server.metadata.uid
        if let budget, !isOurs {
            guard desired != nil else { return nil }
            return
                "the PodDisruptionBudget \(budget.meta.name) exists and belongs to somebody else: remove spec.disruptionBudget or delete it"
        }
        if let desired {
            if budget.map({ EvictionBudget.covers($0, desired) }) != true {
                plan.actions.append(.applyBudget(desired))
            }
        } else if let budget {
            plan.actions.append(.deleteBudget(budget.objectKey, uid: budget.objectUID))
        }
        return nil
    }
}
