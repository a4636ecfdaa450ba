// What a pod asks for. Rows of component-helpers' helpers_test.go, and the two on which copies of the rule once disagreed.

import Testing

@testable import KubernetesAPI

@Suite("What a pod asks for, KEP-753 and KEP-2837")
struct PodRequirementsTests {
    /// A container of a table: `main`, `init` or `sidecar`, and its CPU.
    enum Part: Sendable {
        case main(String)
        case initial(String)
        case sidecar(String)
    }

    static func spec(_ parts: [Part]) -> PodSpec {
        var spec = PodSpec()
        for (index, part) in parts.enumerated() {
            let cpu: String
            var container = Container(name: "c\(index)")
            switch part {
            case .main(let amount), .initial(let amount): cpu = amount
            case .sidecar(let amount):
                cpu = amount
                container.restartPolicy = .always
            }
            container.resources.requests["cpu"] = Quantity(cpu)
            if case .main = part {
                spec.containers.append(container)
            } else {
                spec.initContainers.append(container)
            }
        }
        return spec
    }

    @Test(
        "containers and sidecars together, or an init container beside the sidecars before it",
        arguments: [
            // Where an init container stands decides.
            ([.initial("5"), .sidecar("1"), .main("2")], "5"),
            ([.sidecar("1"), .initial("5"), .main("2")], "6"),
            ([.main("1"), .main("2")], "3"),
            ([.initial("3"), .main("1"), .main("1")], "3"),
            ([.initial("1"), .initial("3"), .main("1")], "3"),
            ([.sidecar("1"), .main("9")], "10"),
            ([.sidecar("1"), .sidecar("2"), .initial("7"), .main("1")], "10"),
            ([.initial("5"), .sidecar("2"), .initial("4"), .sidecar("3"), .main("1")], "6"),
            ([.initial("10"), .sidecar("2"), .main("1")], "10"),
            ([.main("2m"), .sidecar("4m"), .initial("8m")], "12m"),
            ([], "0"),
        ] as [([Part], String)])
    func table(parts: [Part], total: String) throws {
        let requirements = PodRequirements(Self.spec(parts))
        #expect(requirements.request("cpu") == Quantity(total))
        #expect(requirements.requests == (parts.isEmpty ? [:] : ["cpu": try #require(Quantity(total))]))
    }

    @Test("the pod's own request stands for the sum, but for resources that a pod cannot ask for as a whole")
    func podLevel() {
        var spec = Self.spec([.sidecar("4m"), .initial("8m"), .main("2m")])
        spec.containers[0].resources.requests["aws.amazon.com/neuroncore"] = 2
        spec.containers[0].resources.requests["hugepages-1Gi"] = Quantity("1Gi")
        spec.resources = ResourceRequirements(requests: [
            "cpu": Quantity(milli: 18), "memory": Quantity(15 << 20), "aws.amazon.com/neuroncore": 9,
            "hugepages-2Mi": Quantity(10 << 20),
        ])
        #expect(
            PodRequirements(spec).requests == [
                "cpu": Quantity(milli: 18), "memory": Quantity(15 << 20), "aws.amazon.com/neuroncore": 2,
                "hugepages-2Mi": Quantity(10 << 20), "hugepages-1Gi": Quantity(1 << 30),
            ])
    }

    @Test("overhead comes on top of requests, and of limits that there are")
    func overhead() {
        var spec = Self.spec([.main("1")])
        spec.containers[0].resources.limits["cpu"] = 2
        spec.overhead = ["cpu": Quantity(milli: 250), "memory": 100]
        let requirements = PodRequirements(spec)
        #expect(requirements.requests == ["cpu": Quantity(milli: 1_250), "memory": 100])
        #expect(requirements.limit("cpu") == Quantity(milli: 2_250))
        #expect(requirements.limit("memory") == 0)
    }

    @Test("a limit without a request is one")
    func limits() {
        var spec = PodSpec(containers: [Container(name: "a"), Container(name: "b")])
        spec.containers[0].resources.limits = ["aws.amazon.com/neuroncore": 4]
        spec.containers[1].resources = ResourceRequirements(
            requests: ["aws.amazon.com/neuroncore": 2], limits: ["aws.amazon.com/neuroncore": 2])
        #expect(PodRequirements(spec).request("aws.amazon.com/neuroncore") == 6)
    }

    @Test(
        "while a container is resized, the most of what it wants and has counts; if that cannot be, what it has"
    )
    func resized() {
        var pod = Pod(spec: Self.spec([.main("1"), .initial("3")]))
        var status = ContainerStatus(name: "c0")
        status.resources = ResourceRequirements(requests: ["cpu": 4])
        status.allocatedResources = ["cpu": 2]
        pod.status.containerStatuses = [status]
        var done = ContainerStatus(name: "c1")
        done.resources = ResourceRequirements(requests: ["cpu": 9])
        pod.status.initContainerStatuses = [done]
        #expect(PodRequirements(pod).request("cpu") == 4)
        pod.spec.containers[0].resources.requests["cpu"] = 7
        #expect(PodRequirements(pod).request("cpu") == 7)
        pod.status.conditions = [Condition(type: "PodResizePending", status: .true, reason: "Infeasible")]
        #expect(PodRequirements(pod).request("cpu") == 4)
    }

    @Test(
        "quality of service",
        arguments: [
            ([:], [:], .bestEffort), (["cpu": 1], [:], .burstable), (["cpu": 1], ["cpu": 1], .burstable),
            (["cpu": 1, "memory": 1], ["cpu": 1, "memory": 1], .guaranteed),
            ([:], ["cpu": 1, "memory": 1], .guaranteed),
            (["cpu": 1, "memory": 1], ["cpu": 2, "memory": 1], .burstable),
            (["a/b": 1], ["a/b": 1], .bestEffort), (["cpu": 0], [:], .bestEffort),
        ] as [([String: Quantity], [String: Quantity], QualityOfService)])
    func quality(requests: [String: Quantity], limits: [String: Quantity], expected: QualityOfService) {
        var spec = PodSpec(containers: [Container(name: "a")])
        spec.containers[0].resources = ResourceRequirements(requests: requests, limits: limits)
        #expect(spec.qualityOfService == expected)
        var whole = PodSpec(containers: [Container(name: "a")])
        whole.resources = ResourceRequirements(requests: requests, limits: limits)
        #expect(whole.qualityOfService == expected)
    }
}
