// What the kubelet checks of a pod beside its devices, in the order and the words of `GeneralPredicates`.

internal import JSON

/// A pod that is refused.
struct AdmissionRejection: Error, Equatable {
    var reason: String
    var message: String

    /// The devices cannot be had.
    static func devices(_ error: DeviceAllocationError) -> AdmissionRejection {
        AdmissionRejection(
            reason: "UnexpectedAdmissionError",
            message: "Allocate failed due to \(error.description), which is unexpected")
    }
}

/// The node as admission sees it.
struct NodeRoom: Equatable, Sendable {
    /// Thousandths of a CPU.
    var cpu: Int64
    /// Bytes.
    var memory: Int64
    var pods: Int
    var labels: [String: String]
    /// Whether the node was told to run nothing (`ganglion` has no such switch yet; a test may).
    var isReady = true

    /// Checks a pod against what the others leave.
    ///
    /// - Throws: `AdmissionRejection` with the reasons OutOfpods, OutOfcpu, OutOfmemory, NodeAffinity.
    func admit(_ pod: Pod, others: [Pod]) throws(AdmissionRejection) {
        guard isReady else {
            throw AdmissionRejection(reason: "NodeNotReady", message: "the node is not ready to run pods")
        }
        try fit("pods", requested: 1, used: Int64(others.count), capacity: Int64(pods))
        let used = { (resource: String) in others.map { $0.request(resource) }.reduce(0, saturatingSum) }
        try fit("cpu", requested: pod.request("cpu"), used: used("cpu"), capacity: cpu)
        let bytes = { (thousandths: Int64) in thousandths / 1000 }
        try fit(
            "memory", requested: bytes(pod.request("memory")), used: bytes(used("memory")), capacity: memory)
        for (key, value) in pod.spec.nodeSelector?.strings ?? [:] where labels[key] != value {
            throw AdmissionRejection(
                reason: "NodeAffinity",
                message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
        }
    }

    private func fit(
        _ resource: String, requested: Int64, used: Int64, capacity: Int64
    ) throws(AdmissionRejection) {
        guard requested > 0, saturatingSum(requested, used) > capacity else { return }
        throw AdmissionRejection(
            reason: "OutOf" + resource,
            message: "Node didn't have enough resource: \(resource), requested: \(requested), used: \(used), "
                + "capacity: \(capacity)")
    }

    private func saturatingSum(_ first: Int64, _ second: Int64) -> Int64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }
}
