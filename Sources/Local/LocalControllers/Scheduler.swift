// The default scheduler: places pods with schedulerName default-scheduler by resources, node selector, affinity, taints and
// volumes, and says why it cannot.

internal import Controller
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import Scheduling
internal import SystemIO

/// Binds pending pods.
struct Scheduler: Sendable {
    /// Pods with this schedulerName are its own; the API server's default.
    static let name = "default-scheduler"

    let cluster: any ClusterAPI
    let events: CoreEventRecorder

    /// Looks at all pods whenever one of them or a node changes: what one gets another lacks.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<Everything> {
        Controller(named: "scheduler", log: log, loop: loop) { _ in
            try await reconcile()
            return .requeue(after: .seconds(30))
        }
        .looks(at: Pod.self, of: cluster)
        .looks(at: Node.self, of: cluster)
        .looks(at: PersistentVolumeClaim.self, of: cluster)
        .looks(at: PersistentVolume.self, of: cluster)
        .looks(at: StorageClass.self, of: cluster)
    }

    /// One pass over all pending pods, oldest first.
    func reconcile() async throws(ClusterError) {
        let pods = try await cluster.list(Pod.self)
        let pending = pods.filter(Self.isPending).sorted { Self.age($0) < Self.age($1) }
        guard !pending.isEmpty else { return }
        var snapshot = SchedulerSnapshot(nodes: try await cluster.list(Node.self), pods: pods)
        var volumes = try await volumes(used: pods)
        for pod in pending {
            var rules: VolumeRules?
            if let claims = PodClaims(pod) {
                do throws(VolumeFault) { rules = try VolumeRules(PodInfo(pod), claims, volumes) } catch {
                    try await refuse(pod, "0/\(snapshot.count) nodes are available: \(error.words).")
                    continue
                }
            }
            let decision = snapshot.decide(pod) { node in
                rules?.refusal(by: VolumeRules.Place(node: CandidateNode(node, neuronNode: nil)))?.plural
            }
            switch decision {
            case .node(let node):
                snapshot.place(pod, on: node)
                if let rules, let place = snapshot.node(node) {
                    let plan = rules.plan(on: CandidateNode(place, neuronNode: nil))
                    volumes.assume(plan, of: pod.metadata.uid)
                    // Bound claims are a change, which is looked at again.
                    guard plan.isEmpty else {
                        try await prepare(plan)
                        continue
                    }
                }
                if let claims = PodClaims(pod) { volumes.count(pod.metadata.uid, claims, 1) }
                try await bind(pod, to: node)
            case .unschedulable(let why): try await refuse(pod, why)
            }
        }
    }

    private func volumes(used pods: [Pod]) async throws(ClusterError) -> VolumeState {
        var volumes = VolumeState()
        for object in try await cluster.list(StorageClass.self) { volumes.observe(object) }
        for object in try await cluster.list(PersistentVolume.self) { volumes.observe(object) }
        for object in try await cluster.list(PersistentVolumeClaim.self) { volumes.observe(object) }
        for pod in pods where pod.isBound && !pod.isTerminal {
            if let claims = PodClaims(pod) { volumes.count(pod.metadata.uid, claims, 1) }
        }
        return volumes
    }

    /// Has a pod's claims bound.
    private func prepare(_ plan: VolumePlan) async throws(ClusterError) {
        for match in plan.matches where match.volume.spec.claimRef?.uid != match.claim.metadata.uid {
            let patch: JSON = [
                "metadata": ["resourceVersion": .string(match.volume.metadata.resourceVersion)],
                "spec": [
                    "claimRef": [
                        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                        "namespace": .string(match.claim.metadata.namespace),
                        "name": .string(match.claim.metadata.name), "uid": .string(match.claim.metadata.uid),
                    ]
                ],
            ]
            try await change(PersistentVolume.self, match.volume.key, patch)
        }
        for claim in plan.provisions where claim.selectedNode != plan.node {
            let patch: JSON = [
                "metadata": [
                    "resourceVersion": .string(claim.metadata.resourceVersion),
                    "annotations": [PersistentVolumeClaim.selectedNodeAnnotation: .string(plan.node)],
                ]
            ]
            try await change(PersistentVolumeClaim.self, claim.key, patch)
        }
    }

    private func change<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: JSON
    ) async throws(ClusterError) {
        do throws(ClusterError) {
            try await cluster.patch(type, key, patch, kind: .merge, subresource: nil)
        } catch {
            // Somebody was faster, of which a watch tells.
            if error.isWorthRetrying { throw error }
        }
    }

    private static func isPending(_ pod: Pod) -> Bool {
        pod.spec.schedulerName == name && !pod.isBound && !pod.isTerminal && !pod.metadata.isTerminating
            && pod.spec.schedulingGates.isEmpty
    }

    private static func age(_ pod: Pod) -> (Int64, String) {
        (pod.metadata.creationTimestamp?.microseconds ?? 0, pod.metadata.name)
    }

    private func bind(_ pod: Pod, to node: String) async throws(ClusterError) {
        do throws(ClusterError) {
            try await cluster.bind(Binding(pod: pod.key, uid: pod.metadata.uid, node: node))
        } catch {
            // Somebody was faster: deleted it, or bound it.
            guard error.isWorthRetrying else { return }
            throw error
        }
        events.record(
            EventNote(
                .normal, about: pod.reference, reason: "Scheduled", action: "Binding",
                note: "Successfully assigned \(pod.key) to \(node)"))
    }

    private func refuse(_ pod: Pod, _ why: String) async throws(ClusterError) {
        guard pod.status.conditions["PodScheduled"]?.message != why else { return }
        let condition = Condition(
            type: "PodScheduled", status: .false, reason: "Unschedulable", message: why,
            lastTransitionTime: .now)
        do throws(ClusterError) {
            try await cluster.setConditions(Pod.self, pod.key, [condition])
        } catch {
            guard error.isWorthRetrying else { return }  // it is gone
            throw error
        }
        events.record(
            EventNote(
                .warning, about: pod.reference, reason: "FailedScheduling", action: "Scheduling", note: why))
    }
}
