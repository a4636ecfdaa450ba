// Binding where the API server is slow, silent or unwilling: one pod's trouble is no other pod's.

import GanglionAPI
import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Observability
import Scheduling
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

/// Holds requests back until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}

@Suite("Binder against an API server", .timeLimit(.minutes(5)))
struct BinderTests {
    private func createPod(_ name: String, cores: Int, in cluster: LiveCluster) async throws {
        try await cluster.client.create(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": "default"],
                "spec": [
                    "schedulerName": "ganglion-operator",
                    "containers": [
                        [
                            "name": "c", "image": "ganglion.dev/shell",
                            "resources": ["limits": [WellKnown.neuronCore: .string(String(cores))]],
                        ]
                    ],
                ],
            ])
    }

    /// Follows the pods until one of this name has a node.
    @discardableResult
    private func bound(_ names: String..., in cluster: LiveCluster) async -> [JSON] {
        await cluster.wait(.pods) { pods in
            names.allSatisfy { name in
                pods.contains { $0.meta.name == name && $0["spec"]?["nodeName"] != nil }
            }
        }
    }

    private func condition(_ pod: JSON?) -> JSON? {
        pod?["status"]?["conditions"]?.array?.first { $0["type"] == "PodScheduled" }
    }

    /// trials.md, section E4.
    @Test("pods that fit nowhere hold up no binding, however slowly their status is taken")
    func slowStatus() async throws {
        let gate = Gate()
        let held = Lock<Set<String>>([])
        let cluster = try await LiveCluster.start { request, api in
            if request.method == "PATCH", request.path.contains("/pods/big-"),
                request.path.hasSuffix("/status")
            {
                held.withLock { _ = $0.insert(request.path) }
                await gate.pass()
            }
            return await api.handle(request)
        }
        for number in 0..<20 { try await createPod("big-\(number)", cores: 64, in: cluster) }
        let worker = Operator(cluster.client)
        await worker.start()
        try await createPod("fits", cores: 2, in: cluster)
        await bound("fits", in: cluster)
        #expect(held.withLock { $0.count } <= PodRefusals.workers)
        // Whatever was under way, the newest is what stays.
        try await cluster.client.patch(
            .nodes, ObjectKey(name: "a"), ["spec": ["unschedulable": true]])
        await gate.open()
        let sentence = "0/1 nodes can hold a group of 64 NeuronCores: a is cordoned"
        let pods = await cluster.wait(.pods) { pods in
            pods.filter { $0.meta.name.hasPrefix("big-") }.allSatisfy {
                condition($0)?["message"]?.string == sentence
            }
        }
        #expect(pods.count == 21)
        await worker.stop()
        await cluster.stop()
    }

    @Test("a binding that hangs holds up none of the others, and its cores stay taken")
    func hangingBinding() async throws {
        let gate = Gate()
        let cluster = try await LiveCluster.start { request, api in
            if request.path.hasSuffix("/pods/first/binding") { await gate.pass() }
            return await api.handle(request)
        }
        try await createPod("first", cores: 4, in: cluster)
        let worker = Operator(cluster.client)
        await worker.start()
        try await createPod("second", cores: 4, in: cluster)
        await bound("second", in: cluster)
        await gate.open()
        let pods = await bound("first", "second", in: cluster)
        let cores = pods.map { $0.meta.annotations[WellKnown.coresAnnotation] ?? "" }
        #expect(Set(cores) == ["0,1,2,3", "4,5,6,7"])
        await worker.stop()
        await cluster.stop()
    }

    @Test("a binding that is refused is told in the pod's condition, frees its cores, and is tried again")
    func refusedBinding() async throws {
        let refuses = Lock(true)
        let denial = "pods \"first\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no"
        let cluster = try await LiveCluster.start(nodes: ["a": "inf2.xlarge"]) { request, api in
            if request.path.hasSuffix("/pods/first/binding"), refuses.withLock({ $0 }) {
                return .text(403, denial)
            }
            return await api.handle(request)
        }
        try await createPod("first", cores: 1, in: cluster)
        let worker = Operator(cluster.client)
        await worker.start()
        let pods = await cluster.wait(.pods) { condition($0.first)?["status"] == "False" }
        #expect(
            condition(pods.first)?["message"]?.string
                == "the binding was refused: the API server answered 403: \(denial)")
        refuses.withLock { $0 = false }
        let first = await bound("first", in: cluster)
        #expect(condition(first.first)?["status"] == "True")
        await worker.stop()
        await cluster.stop()
    }

    @Test("what a pod is told when it has got a node already is not written over it")
    func lateRefusal() async throws {
        let cluster = try await LiveCluster.start()
        let observed = ObservedCluster(
            cluster.client, names: PlacementNames(), registry: nil, log: .silent, loop: .shared)
        let refusals = PodRefusals(
            cluster.client, cluster: observed,
            events: EventRecorder(
                cluster.client, controller: "test", instance: "test", log: .silent, loop: .shared))
        try await createPod("p", cores: 2, in: cluster)
        await observed.pods.start()
        await observed.pods.store.synced()
        let pod = try #require(observed.pods.store.list().first.map { PodInfo($0) })
        refusals.tell(pod, "no room")
        // Another binds it before this is written; the copy does not know yet.
        await observed.pods.stop()
        try await cluster.client.bind(pod: pod.key, uid: pod.uid, node: "a", annotations: [:])
        let error = await #expect(throws: KubernetesError.self) { try await refusals.write(pod.uid) }
        #expect(error?.isConflict == true)
        let found = try await cluster.client.get(.pods, pod.key)
        #expect(condition(found)?["status"] == "True")
        refusals.withdraw(pod.uid)
        try await refusals.write(pod.uid)
        await cluster.stop()
    }

    @Test("pauses between tries grow, and a pod that is gone is forgotten")
    func setbacks() {
        var setbacks = BindingSetbacks()
        for _ in 0..<3 { setbacks.add("p", message: "no", now: .zero) }
        setbacks.add("q", message: "never", now: .zero)
        #expect(setbacks.postponed(now: .seconds(1)) == ["p"])
        #expect(setbacks.messages(now: .zero) == ["p": "no", "q": "never"])
        #expect(setbacks.next(now: .seconds(1)) == .seconds(3))
        #expect(setbacks.next(now: .seconds(4)) == nil)
        setbacks.keep { $0 == "q" }
        #expect(setbacks.postponed(now: .zero) == ["q"])
    }
}
