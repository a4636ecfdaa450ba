// What stands behind a service: an EndpointSlice and an Endpoints object with the addresses of its pods, ready or not.

internal import APIMachinery
internal import JSON
internal import LocalAPIServer
internal import SystemIO

/// Keeps endpoint slices and endpoints.
struct EndpointController: Sendable {
    let server: APIServer
    private static let user = "endpointslice-controller"

    static let resources: Set<GroupResource> = [
        GroupResource("", "pods"), GroupResource("", "services"),
        GroupResource("discovery.k8s.io", "endpointslices"),
    ]

    func reconcile() async {
        let pods = await server.objects(GroupResource("", "pods"))
        for service in await server.objects(GroupResource("", "services")) {
            let selector = service.spec?.selector?.strings ?? [:]
            guard !selector.isEmpty, service.metadata?.deletionTimestamp?.string == nil else { continue }
            await write(service, Self.endpoints(of: service, selector, pods))
        }
    }

    /// One address behind a service.
    struct Endpoint: Equatable {
        var address: String
        var pod: JSON
        var isReady: Bool
        var isTerminating: Bool
    }

    static func endpoints(of service: JSON, _ selector: [String: String], _ pods: [JSON]) -> [Endpoint] {
        let labels = LabelSelector(matching: selector)
        let publishesAll = service.spec?.publishNotReadyAddresses?.bool == true
        return pods.compactMap { pod in
            guard pod.metadata?.namespace == service.metadata?.namespace,
                labels.matches(pod.metadata?.labels?.strings ?? [:]),
                let address = pod.status?.podIP?.string, !address.isEmpty,
                !["Succeeded", "Failed"].contains(pod.status?.phase?.string ?? "")
            else { return nil }
            let leaving = pod.metadata?.deletionTimestamp?.string != nil
            return Endpoint(
                address: address, pod: pod, isReady: publishesAll || (pod.isReadyPod && !leaving),
                isTerminating: leaving)
        }
    }

    /// The port of a pod that a service's port leads to; nil for a name the pod does not have.
    static func target(of port: JSON, in pod: JSON) -> Int? {
        if let number = port.targetPort?.int { return number }
        guard let name = port.targetPort?.string else { return port.port?.int }
        for container in pod.spec?.containers?.array ?? [] {
            for own in container.ports?.array ?? [] where own.name?.string == name {
                return own.containerPort?.int
            }
        }
        return nil
    }

    private func write(_ service: JSON, _ endpoints: [Endpoint]) async {
        let name = service.metadata?.name?.string ?? ""
        let namespace = service.metadata?.namespace?.string ?? ""
        let owner: JSON = [
            "apiVersion": "v1", "kind": "Service", "name": .string(name), "uid": service.metadata?.uid ?? "",
            "controller": true, "blockOwnerDeletion": true,
        ]
        func ports(_ slice: Bool) -> JSON {
            .array(
                (service.spec?.ports?.array ?? []).compactMap { port in
                    guard
                        let number = endpoints.compactMap({ Self.target(of: port, in: $0.pod) }).first
                            ?? port.targetPort?.int
                    else { return nil }
                    var entry: JSON = ["port": JSON(number), "protocol": port["protocol"] ?? "TCP"]
                    if slice || port.name != nil { entry.name = port.name ?? "" }
                    return entry
                })
        }
        func reference(_ endpoint: Endpoint) -> JSON {
            [
                "kind": "Pod", "namespace": .string(namespace), "name": endpoint.pod.metadata?.name ?? "",
                "uid": endpoint.pod.metadata?.uid ?? "",
            ]
        }
        let slice: JSON = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "name": .string(name + "-local"), "namespace": .string(namespace),
                "labels": [
                    "kubernetes.io/service-name": .string(name),
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                ],
                "ownerReferences": [owner],
            ],
            "addressType": "IPv4",
            "endpoints": .array(
                endpoints.map {
                    [
                        "addresses": [.string($0.address)],
                        "conditions": [
                            "ready": .bool($0.isReady), "serving": .bool($0.pod.isReadyPod),
                            "terminating": .bool($0.isTerminating),
                        ],
                        "nodeName": $0.pod.spec?.nodeName ?? "", "targetRef": reference($0),
                    ]
                }),
            "ports": ports(true),
        ]
        await apply(
            "/apis/discovery.k8s.io/v1/namespaces/\(namespace)/endpointslices", name + "-local", slice)
        func addresses(_ ready: Bool) -> JSON {
            .array(
                endpoints.filter { $0.isReady == ready }.map {
                    [
                        "ip": .string($0.address), "nodeName": $0.pod.spec?.nodeName ?? "",
                        "targetRef": reference($0),
                    ]
                })
        }
        var subset: JSON = ["ports": ports(false)]
        if endpoints.contains(where: \.isReady) { subset.addresses = addresses(true) }
        if endpoints.contains(where: { !$0.isReady }) { subset.notReadyAddresses = addresses(false) }
        let object: JSON = [
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "ownerReferences": [owner]],
            "subsets": endpoints.isEmpty ? .array([]) : [subset],
        ]
        await apply("/api/v1/namespaces/\(namespace)/endpoints", name, object)
    }

    private func apply(_ collection: String, _ name: String, _ object: JSON) async {
        _ = await server.perform(
            "PATCH", "\(collection)/\(name)?fieldManager=\(Self.user)&force=true", object,
            type: APIServer.applyType,
            user: Self.user)
    }
}
