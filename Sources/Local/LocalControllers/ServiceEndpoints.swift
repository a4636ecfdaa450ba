// What stands behind a service: its pods that have an address and have not ended.

internal import KubernetesAPI

/// One pod behind a service.
struct ServiceEndpoint: Equatable, Sendable {
    /// The pod's address.
    var address: String
    var pod: Pod
    /// Whether connections may go there.
    var isReady: Bool
    /// Whether the pod is being deleted.
    var isTerminating: Bool { pod.metadata.isTerminating }
}

extension Service {
    /// The pods behind the service; none where it selects nothing, since somebody else writes its endpoints then.
    func endpoints(among pods: [Pod]) -> [ServiceEndpoint] {
        guard !spec.selector.isEmpty else { return [] }
        let selector = LabelSelector(matching: spec.selector)
        return pods.compactMap { pod in
            guard pod.metadata.namespace == metadata.namespace, selector.matches(pod.metadata.labels),
                let address = pod.status.podIP, !address.isEmpty, !pod.isTerminal
            else { return nil }
            let isReady =
                spec.publishNotReadyAddresses == true || pod.isReady && !pod.metadata.isTerminating
            return ServiceEndpoint(address: address, pod: pod, isReady: isReady)
        }
    }
}

extension ServicePort {
    /// The number of the pod's port that this port leads to; nil for a name that the pod does not have.
    func target(in pod: Pod) -> Int? {
        switch targetPort {
        case .int(let number)?: number
        case .string(let name)?:
            pod.spec.containers.flatMap(\.ports).first { $0.name == name }?.containerPort
        case nil: port
        }
    }
}
