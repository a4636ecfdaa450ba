// What the kubelet checks of a pod beside its devices, in the order and the words of `GeneralPredicates`.

internal import KubernetesAPI

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
    /// Memory in octets.
    var memory: Int64
    var pods: Int
    var labels: [String: String]
    /// The node's name, which node affinity may ask for.
    var name = ""
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
        func used(_ resource: String) -> Quantity {
            others.reduce(.zero) { $0 + PodRequirements($1).request(resource) }
        }
        let wanted = PodRequirements(pod)
        try fit(
            "cpu", requested: wanted.request("cpu").milliValue, used: used("cpu").milliValue, capacity: cpu)
        try fit(
            "memory", requested: wanted.request("memory").value, used: used("memory").value, capacity: memory)
        guard pod.spec.selects(nodeLabels: labels, name: name) else {
            throw AdmissionRejection(
                reason: "NodeAffinity",
                message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
        }
    }

    private func fit(
        _ resource: String, requested: Int64, used: Int64, capacity: Int64
    ) throws(AdmissionRejection) {
        let (sum, overflow) = requested.addingReportingOverflow(used)
        guard requested > 0, overflow || sum > capacity else { return }
        throw AdmissionRejection(
            reason: "OutOf" + resource,
            message: "Node didn't have enough resource: \(resource), requested: \(requested), used: \(used), "
                + "capacity: \(capacity)")
    }
}
