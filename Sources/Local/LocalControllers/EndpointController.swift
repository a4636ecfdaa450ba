// Writes down what stands behind a service: an EndpointSlice and an Endpoints object with the addresses of its pods, ready or
// not (pkg/controller/endpointslice, pkg/controller/endpoint).

internal import Controller
internal import KubernetesAPI
internal import Observability
internal import SystemIO

/// Keeps endpoint slices and endpoints.
struct EndpointController: Sendable {
    let cluster: any ClusterAPI

    /// Looks at a service when it, one of its slices or a pod of its namespace changes. Which labels a pod had before is not
    /// known, so a pod's change is a matter of every service of its namespace.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<ObjectKey> {
        Controller(named: "endpoints", log: log, loop: loop) { key in
            try await reconcile(key)
            return .done
        }
        .watches(cluster.updates(of: Service.self)) { $0.objects.map(\.key) }
        .watches(cluster.updates(of: EndpointSlice.self)) { $0.objects.compactMap(Self.service) }
        .watches(cluster.updates(of: Pod.self)) { update in
            var keys: [ObjectKey] = []
            for namespace in Set(update.objects.map(\.metadata.namespace)) {
                let services = try? await cluster.list(Service.self, namespace: namespace)
                keys += (services ?? []).map(\.key)
            }
            return keys
        }
    }

    /// The service that a slice belongs to.
    private static func service(_ slice: EndpointSlice) -> ObjectKey? {
        slice.metadata.labels[EndpointSlice.serviceLabel].map {
            ObjectKey(namespace: slice.metadata.namespace, name: $0)
        }
    }

    /// Brings slice and endpoints of a service to what its pods are.
    func reconcile(_ key: ObjectKey) async throws(ClusterError) {
        let service: Service
        do throws(ClusterError) { service = try await cluster.get(Service.self, key) } catch {
            guard error.isNotFound else { throw error }
            return  // what belonged to it goes with it
        }
        guard !service.spec.selector.isEmpty, !service.metadata.isTerminating else { return }
        let pods = try await cluster.list(Pod.self, namespace: key.namespace)
        let endpoints = service.endpoints(among: pods)
        try await cluster.apply(Self.slice(of: service, endpoints))
        try await cluster.apply(Self.endpoints(of: service, endpoints))
    }

    /// The slice of a service.
    static func slice(of service: Service, _ endpoints: [ServiceEndpoint]) -> EndpointSlice {
        EndpointSlice(
            metadata(
                service.metadata.name + "-local", of: service,
                labels: [
                    EndpointSlice.serviceLabel: service.metadata.name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                ]),
            endpoints: endpoints.map { endpoint in
                Endpoint(
                    addresses: [endpoint.address],
                    conditions: EndpointConditions(
                        ready: endpoint.isReady, serving: endpoint.pod.isReady,
                        terminating: endpoint.isTerminating),
                    nodeName: endpoint.pod.spec.nodeName, targetRef: endpoint.pod.reference.withoutVersion)
            }, ports: ports(of: service, endpoints, namesAll: true))
    }

    /// The endpoints of a service, as clients of before EndpointSlices read them.
    static func endpoints(of service: Service, _ endpoints: [ServiceEndpoint]) -> Endpoints {
        func addresses(ready: Bool) -> [EndpointAddress] {
            endpoints.filter { $0.isReady == ready }.map {
                EndpointAddress(
                    ip: $0.address, nodeName: $0.pod.spec.nodeName, targetRef: $0.pod.reference.withoutVersion
                )
            }
        }
        let subset = EndpointSubset(
            addresses: addresses(ready: true), notReadyAddresses: addresses(ready: false),
            ports: ports(of: service, endpoints, namesAll: false))
        return Endpoints(
            metadata(service.metadata.name, of: service), subsets: endpoints.isEmpty ? [] : [subset])
    }

    private static func metadata(
        _ name: String, of service: Service, labels: [String: String] = [:]
    ) -> ObjectMetadata {
        ObjectMetadata(
            name: name, namespace: service.metadata.namespace, labels: labels,
            ownerReferences: [service.controllerReference])
    }

    /// - Parameter namesAll: whether a port without a name has the empty one, as in slices.
    private static func ports(
        of service: Service, _ endpoints: [ServiceEndpoint], namesAll: Bool
    ) -> [EndpointPort] {
        service.spec.ports.compactMap { port in
            var number = endpoints.lazy.compactMap { port.target(in: $0.pod) }.first
            if number == nil, case .int(let wanted)? = port.targetPort { number = wanted }
            guard let number else { return nil }
            return EndpointPort(
                name: port.name ?? (namesAll ? "" : nil), port: number, protocol: port.protocol ?? "TCP")
        }
    }
}

extension ObjectReference {
    /// As endpoints refer to pods.
    fileprivate var withoutVersion: ObjectReference {
        ObjectReference(kind: kind, namespace: namespace, name: name, uid: uid)
    }
}
