// The API server in the test's own process, without HTTP, and what tests of controllers ask of it.

import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import SystemIO

@testable import LocalControllers

/// An API server without controllers.
struct TestCluster {
    /// The server as a user of the cluster sees it.
    let api: any ClusterAPI
    private let server: APIServer

    /// - Parameter serviceNetwork: the second number of the services' addresses.
    init(serviceNetwork: UInt8 = 96) {
        var options = APIServerOptions(tokens: [:])
        options.serviceNetwork = serviceNetwork
        server = APIServer(options: options)
        api = InProcessClient(server, program: "test")
    }

    /// The server as a controller of this name sees it.
    func client(_ program: String) -> any ClusterAPI { InProcessClient(server, program: program) }

    /// A recorder of the events of a component.
    func events(_ component: String) -> CoreEventRecorder {
        CoreEventRecorder(client(component), component: component)
    }

    /// The objects of a kind once they satisfy a condition.
    @discardableResult
    func wait<Object: Resource>(
        _ type: Object.Type, until isDone: ([Object]) -> Bool
    ) async throws -> [Object] {
        for await _ in api.updates(of: type) {
            let objects = try await api.list(type)
            if isDone(objects) { return objects }
        }
        return []
    }

    /// The event of a reason, once it is there.
    func event(_ reason: String) async throws -> CoreEvent? {
        try await wait(CoreEvent.self) { $0.contains { $0.reason == reason } }.first { $0.reason == reason }
    }

    /// Makes a pod, and gives it a status if it has one.
    @discardableResult
    func create(_ pod: Pod) async throws -> Pod {
        let made = try await api.create(pod)
        guard pod.status != PodStatus() else { return made }
        return try await setStatus(of: pod.key) { $0 = pod.status }
    }

    /// Changes a pod's status as its kubelet does.
    @discardableResult
    func setStatus(of key: ObjectKey, _ change: (inout PodStatus) -> Void) async throws -> Pod {
        struct Patch: Encodable, Sendable { var status: PodStatus }
        var status = try await api.get(Pod.self, key).status
        change(&status)
        return try await api.patch(
            Pod.self, key, Patch(status: status), kind: .strategic, subresource: "status")
    }
}

/// Objects of tests.
enum Make {
    static let cores = "aws.amazon.com/neuroncore"

    static func node(
        _ name: String, cpu: Quantity = 2, cores: Int = 0, labels: [String: String] = [:],
        spec: NodeSpec = NodeSpec()
    ) -> Node {
        var node = Node(ObjectMetadata(name: name, labels: labels), spec: spec)
        node.status.allocatable = ["cpu": cpu, "pods": 10, Make.cores: Quantity(cores)]
        node.status.conditions = [Condition(type: "Ready", status: .true)]
        return node
    }

    static func pod(
        _ name: String, cores: Int = 0, labels: [String: String] = [:], on node: String? = nil,
        _ change: (inout PodSpec) -> Void = { _ in }
    ) -> Pod {
        let container = Container(
            name: "main", image: "image", ports: [ContainerPort(8080, name: "http")],
            resources: ResourceRequirements(
                requests: cores == 0 ? [:] : [Make.cores: Quantity(cores)],
                limits: cores == 0 ? [:] : [Make.cores: Quantity(cores)]))
        var spec = PodSpec(containers: [container])
        spec.nodeName = node
        change(&spec)
        return Pod(ObjectMetadata(name: name, namespace: "default", labels: labels), spec: spec)
    }

    /// A pod that runs, with an address.
    static func running(
        _ name: String, at address: String, labels: [String: String], on node: String = "n1",
        isReady: Bool = true, _ change: (inout PodSpec) -> Void = { _ in }
    ) -> Pod {
        var pod = pod(name, labels: labels, on: node, change)
        pod.status.phase = .running
        pod.status.podIP = address
        pod.status.conditions = [Condition(type: "Ready", status: ConditionStatus(isReady))]
        return pod
    }

    static func service(
        _ name: String, selector: [String: String], ports: [ServicePort],
        _ change: (inout ServiceSpec) -> Void = { _ in }
    ) -> Service {
        var spec = ServiceSpec(selector: selector, ports: ports)
        change(&spec)
        return Service(ObjectMetadata(name: name, namespace: "default"), spec: spec)
    }
}
