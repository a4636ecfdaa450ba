import KubernetesAPI
import Testing

@testable import LocalControllers

@Suite("What stands behind a service")
struct EndpointControllerTests {
    let cluster = TestCluster()
    private let key = ObjectKey(namespace: "default", name: "web")

    private var controller: EndpointController {
        EndpointController(cluster: cluster.client("endpointslice-controller"))
    }

    private func slice() async throws -> EndpointSlice {
        try await cluster.api.get(EndpointSlice.self, ObjectKey(namespace: "default", name: "web-local"))
    }

    private func service(_ change: (inout ServiceSpec) -> Void = { _ in }) -> Service {
        Make.service(
            "web", selector: ["app": "web"], ports: [ServicePort(port: 80, targetPort: "http")], change)
    }

    @Test("is written down as a slice and as endpoints, ready pods apart from others")
    func writes() async throws {
        let made = try await cluster.api.create(service())
        try await cluster.create(Make.running("a", at: "127.88.0.1", labels: ["app": "web"]))
        try await cluster.create(Make.running("b", at: "127.88.0.2", labels: ["app": "web"], isReady: false))
        try await cluster.create(Make.running("c", at: "127.88.0.3", labels: ["app": "other"]))
        try await cluster.create(Make.pod("unborn", labels: ["app": "web"]))
        var ended = Make.running("ended", at: "127.88.0.4", labels: ["app": "web"])
        ended.status.phase = .failed
        try await cluster.create(ended)
        try await controller.reconcile(key)

        let slice = try await slice()
        #expect(slice.endpoints.map(\.addresses) == [["127.88.0.1"], ["127.88.0.2"]])
        #expect(slice.endpoints.map(\.conditions?.ready) == [true, false])
        #expect(slice.endpoints.map(\.targetRef?.name) == ["a", "b"])
        #expect(slice.endpoints.map(\.nodeName) == ["n1", "n1"])
        #expect(slice.ports == [EndpointPort(name: "", port: 8080, protocol: "TCP")])
        #expect(slice.addressType == "IPv4")
        #expect(slice.metadata.labels[EndpointSlice.serviceLabel] == "web")
        #expect(slice.metadata.ownerReferences == [made.controllerReference])

        let endpoints = try await cluster.api.get(Endpoints.self, key)
        #expect(endpoints.subsets.count == 1)
        #expect(endpoints.subsets.first?.addresses.map(\.ip) == ["127.88.0.1"])
        #expect(endpoints.subsets.first?.notReadyAddresses.map(\.ip) == ["127.88.0.2"])
        #expect(endpoints.subsets.first?.ports == [EndpointPort(port: 8080, protocol: "TCP")])
    }

    @Test("pods that are not ready count where the service says so")
    func notReadyAddresses() async throws {
        try await cluster.api.create(service { $0.publishNotReadyAddresses = true })
        try await cluster.create(Make.running("a", at: "127.88.0.1", labels: ["app": "web"], isReady: false))
        try await controller.reconcile(key)
        let endpoint = try #require(try await slice().endpoints.first)
        #expect(endpoint.conditions?.ready == true)
        #expect(endpoint.conditions?.serving == false)
    }

    @Test("a pod that is being deleted is no longer ready")
    func terminating() async throws {
        try await cluster.api.create(service())
        let pod = try await cluster.create(Make.running("a", at: "127.88.0.1", labels: ["app": "web"]))
        try await cluster.api.delete(Pod.self, pod.key, DeleteOptions())
        try await controller.reconcile(key)
        let conditions = try #require(try await slice().endpoints.first?.conditions)
        #expect(conditions == EndpointConditions(ready: false, serving: true, terminating: true))
    }

    @Test("addresses go with their pods")
    func empties() async throws {
        try await cluster.api.create(service())
        let pod = try await cluster.create(Make.running("a", at: "127.88.0.1", labels: ["app": "web"]))
        let controller = controller
        try await controller.reconcile(key)
        try await cluster.api.delete(Pod.self, pod.key, DeleteOptions(gracePeriodSeconds: 0))
        try await controller.reconcile(key)
        #expect(try await slice().endpoints.isEmpty)
        #expect(try await cluster.api.get(Endpoints.self, key).subsets.isEmpty)
    }

    @Test("a service without a selector is left to others, and one that is gone is no fault")
    func selectorless() async throws {
        try await cluster.api.create(service { $0.selector = [:] })
        try await controller.reconcile(key)
        #expect(try await cluster.api.list(EndpointSlice.self).isEmpty)
        try await controller.reconcile(ObjectKey(namespace: "default", name: "absent"))
    }

    @Test(
        "a port leads to a number, to a name of the pod's, or to its own number",
        arguments: [
            (ServicePort(port: 80, targetPort: 9000), 9000),
            (ServicePort(port: 80, targetPort: "http"), 8080),
            (ServicePort(port: 80, targetPort: "none"), nil), (ServicePort(port: 80), 80),
        ] as [(ServicePort, Int?)])
    func ports(port: ServicePort, number: Int?) { #expect(port.target(in: Make.pod("p")) == number) }

    @Test("follows pods, services, and slices that somebody else has deleted")
    func follows() async throws {
        // Without its node the pod would be collected as garbage.
        try await cluster.api.create(Make.node("n1"))
        let controllers = Controllers { cluster.client($0) }
        await controllers.start()
        try await cluster.api.create(service())
        try await cluster.create(Make.running("a", at: "127.88.0.1", labels: ["app": "web"]))
        let slices = try await cluster.wait(EndpointSlice.self) {
            $0.first?.endpoints.first?.conditions?.ready == true
        }
        let old = try #require(slices.first)
        try await cluster.api.delete(EndpointSlice.self, old.key, DeleteOptions())
        try await cluster.wait(EndpointSlice.self) {
            $0.contains { $0.metadata.uid != old.metadata.uid && $0.endpoints.count == 1 }
        }
        await controllers.stop()
    }
}
