// What a pod asks for (component-helpers resource.PodRequests). Containers and sidecars run together; init containers run one
// after the other before them, each beside the sidecars that were started by then (KEP-753). What the pod as a whole asks for
// stands above that sum (KEP-2837), and running it costs something besides.

/// What a pod asks for and may use at most, by resource.
///
/// The request is read from the spec and, where containers are resized, from what they have by now (KEP-1287).
public struct PodRequirements: Sendable {
    private let containers: [Container]
    private let initContainers: [Container]
    private let whole: ResourceRequirements?
    private let overhead: [String: Quantity]
    private let statuses: [ContainerStatus]
    private let isResizeInfeasible: Bool

    /// The requirements of a pod.
    public init(_ pod: Pod) { self.init(pod.spec, pod.status) }

    /// The requirements of a pod that is to be made from a spec.
    public init(_ spec: PodSpec, _ status: PodStatus = PodStatus()) {
        containers = spec.containers
        initContainers = spec.initContainers
        whole = spec.resources
        overhead = spec.overhead
        statuses = (status.containerStatuses + status.initContainerStatuses).filter { $0.resources != nil }
        isResizeInfeasible = status.conditions["PodResizePending"]?.reason == "Infeasible"
    }

    /// What it asks for of one resource.
    public func request(_ resource: String) -> Quantity {
        total(resource, pod: whole?.requests) { request(of: $0, resource) }
            + (overhead[resource] ?? .zero)
    }

    /// What it may use of one resource; nothing means no limit.
    public func limit(_ resource: String) -> Quantity {
        let limit = total(resource, pod: whole?.limits) { $0.resources.limits[resource] ?? .zero }
        return limit.isZero ? limit : limit + (overhead[resource] ?? .zero)
    }

    /// All that it asks for.
    public var requests: [String: Quantity] {
        var names = Set(overhead.keys)
        for container in containers + initContainers {
            names.formUnion(container.resources.requests.keys)
            names.formUnion(container.resources.limits.keys)
        }
        for status in statuses { names.formUnion((status.resources?.requests ?? [:]).keys) }
        names.formUnion((whole?.requests ?? [:]).keys.filter(Self.isPodLevel))
        return Dictionary(uniqueKeysWithValues: names.map { ($0, request($0)) })
    }

    /// Resources that can be asked for by a pod as a whole.
    public static func isPodLevel(_ resource: String) -> Bool {
        resource == "cpu" || resource == "memory" || resource.hasPrefix("hugepages-")
    }

    private func total(
        _ resource: String, pod: [String: Quantity]?, _ amount: (Container) -> Quantity
    ) -> Quantity {
        if let amount = pod?[resource], Self.isPodLevel(resource) { return amount }
        var sidecars = Quantity.zero
        var largest = Quantity.zero
        for container in initContainers {
            let own = amount(container)
            if container.isSidecar { sidecars = sidecars + own }
            largest = max(largest, container.isSidecar ? sidecars : sidecars + own)
        }
        return max(containers.reduce(sidecars) { $0 + amount($1) }, largest)
    }

    /// What a container asks for: a limit without a request is one (core/v1 defaults); while it is resized, the most of what
    /// it is to have, has been promised and has.
    private func request(of container: Container, _ resource: String) -> Quantity {
        let wanted = container.resources.request(resource)
        guard !statuses.isEmpty,
            container.isSidecar || containers.contains(where: { $0.name == container.name }),
            let status = statuses.first(where: { $0.name == container.name }), let actual = status.resources
        else { return wanted }
        let present = max(actual.requests[resource] ?? .zero, status.allocatedResources[resource] ?? .zero)
        return isResizeInfeasible ? present : max(wanted, present)
    }
}

extension ResourceRequirements {
    /// What is asked for of a resource; a limit without a request is one (core/v1 defaults).
    public func request(_ resource: String) -> Quantity { requests[resource] ?? limits[resource] ?? .zero }
}

/// How well a pod is treated when a node is short of something.
public enum QualityOfService: String, Sendable {
    /// It gets all that it may use: CPU and memory are limited, and asked for as limited.
    case guaranteed = "Guaranteed"
    /// It asks for something.
    case burstable = "Burstable"
    /// It asks for nothing.
    case bestEffort = "BestEffort"
}

extension PodSpec {
    /// The pod's class (qos.ComputePodQOS): only CPU and memory count.
    public var qualityOfService: QualityOfService {
        let podLevel = resources.flatMap { whole in
            [whole.requests, whole.limits].contains { $0.keys.contains(where: PodRequirements.isPodLevel) }
                ? whole : nil
        }
        let parts = podLevel.map { [$0] } ?? (containers + initContainers).map(\.resources)
        var asks = false
        var isGuaranteed = true
        for resource in ["cpu", "memory"] {
            for part in parts {
                let limit = part.limits[resource] ?? .zero
                let request = part.request(resource)
                if limit > .zero || request > .zero { asks = true }
                if limit.isZero || limit != request { isGuaranteed = false }
            }
        }
        return asks ? (isGuaranteed ? .guaranteed : .burstable) : .bestEffort
    }
}
