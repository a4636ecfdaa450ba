// Pods with claims, from the watch to the binding: who binds volumes on a real cluster is played by the tests.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Observability
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Pods with claims against an API server", .timeLimit(.minutes(5)))
struct LiveVolumeTests {
    private static let zone = "topology.kubernetes.io/zone"

    private func operate(
        nodes: [String: String] = ["a": "inf2.48xlarge"], timeLimit: Duration = .seconds(600)
    ) async throws -> (LiveCluster, Operator) {
        let cluster = try await LiveCluster.start(nodes: nodes)
        for (index, name) in nodes.keys.sorted().enumerated() {
            try await cluster.client.patch(
                .nodes, ObjectKey(name: name),
                [
                    "metadata": [
                        "labels": [
                            "kubernetes.io/hostname": .string(name), Self.zone: .string("z\(index + 1)"),
                        ]
                    ]
                ])
        }
        try await cluster.client.create(
            StorageClass(
                ObjectMetadata(name: "wait"), provisioner: "p.example.com",
                volumeBindingMode: "WaitForFirstConsumer"))
        var settings = OperatorSettings()
        settings.volumeTimeLimit = timeLimit
        let worker = Operator(cluster.client, settings: settings)
        await worker.start()
        return (cluster, worker)
    }

    private func create(
        _ name: String, claim: String, priority: Int = 0, in cluster: LiveCluster
    ) async throws {
        try await cluster.client.create(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": "default"],
                "spec": [
                    "schedulerName": "ganglion-operator", "priority": JSON(priority),
                    "containers": [
                        [
                            "name": "c", "image": "ganglion.dev/shell",
                            "resources": ["limits": [WellKnown.neuronCore: "2"]],
                        ]
                    ],
                    "volumes": [
                        ["name": "models", "persistentVolumeClaim": ["claimName": .string(claim)]]
                    ],
                ],
            ])
    }

    private func claim(
        _ name: String, className: String = "wait", modes: [VolumeAccessMode] = [.readWriteOnce],
        in cluster: LiveCluster
    ) async throws {
        try await cluster.client.create(
            PersistentVolumeClaim(
                ObjectMetadata(name: name, namespace: "default"),
                spec: PersistentVolumeClaimSpec(1, storageClassName: className, accessModes: modes)))
    }

    private func volume(
        _ name: String, labels: [String: String] = [:], className: String = "wait",
        mode: VolumeAccessMode = .readWriteOnce, csi: String? = nil, in cluster: LiveCluster
    ) async throws {
        var volume = PersistentVolume(ObjectMetadata(name: name, labels: labels))
        volume.spec.capacity["storage"] = 1
        volume.spec.accessModes = [mode]
        volume.spec.storageClassName = className
        volume.spec.csi = csi.map { CSIVolume(driver: $0, volumeHandle: name) }
        volume.spec.hostPath = csi == nil ? HostPathVolume(path: "/models") : nil
        try await cluster.client.create(volume)
        try await cluster.client.patch(
            .persistentVolumes, ObjectKey(name: name), ["status": ["phase": "Available"]],
            subresource: "status")
    }

    /// What the controller of volumes does with a claim and its volume.
    private func bind(_ claim: String, to volume: String, in cluster: LiveCluster) async throws {
        let key = ObjectKey(namespace: "default", name: claim)
        let uid = try await cluster.client.get(.persistentVolumeClaims, key).meta.uid
        try await cluster.client.patch(
            .persistentVolumes, ObjectKey(name: volume),
            [
                "spec": [
                    "claimRef": [
                        "kind": "PersistentVolumeClaim", "namespace": "default", "name": .string(claim),
                        "uid": .string(uid),
                    ]
                ]
            ])
        try await cluster.client.patch(
            .persistentVolumeClaims, key,
            [
                "metadata": ["annotations": [PersistentVolumeClaim.bindCompletedAnnotation: "yes"]],
                "spec": ["volumeName": .string(volume)],
            ])
    }

    private func selectedNode(_ claims: [JSON]) -> String? {
        claims.first?.meta.annotations[PersistentVolumeClaim.selectedNodeAnnotation]
    }

    private func node(of name: String, in pods: [JSON]) -> String? {
        pods.first { $0.meta.name == name }?["spec"]?["nodeName"]?.string
    }

    /// Waits until a pod is told something.
    private func told(_ name: String, _ words: String, in cluster: LiveCluster) async {
        await cluster.wait(.pods) { pods in
            let pod = pods.first { $0.meta.name == name }
            let condition = pod?["status"]?["conditions"]?.array?.first { $0["type"] == "PodScheduled" }
            return condition?["message"]?.string?.contains(words) == true
        }
    }

    private func end(_ cluster: LiveCluster, _ worker: Operator) async {
        await worker.stop()
        await cluster.stop()
    }

    @Test("a claim that waits for its first consumer gets the node, and the pod goes when it is bound")
    func firstConsumer() async throws {
        let (cluster, worker) = try await operate()
        try await claim("c", in: cluster)
        try await create("p", claim: "c", in: cluster)
        await cluster.wait(.persistentVolumeClaims) { selectedNode($0) == "a" }
        // Nothing binds the pod before the claim is bound.
        let pods = try await cluster.client.list(.pods)
        #expect(pods["items"]?.array?.allSatisfy { $0["spec"]?["nodeName"] == nil } == true)
        try await volume("v", in: cluster)
        try await bind("c", to: "v", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "a" }
        await end(cluster, worker)
    }

    @Test("a claim that comes after its pod is told of before, and found without any other event")
    func claimAfterPod() async throws {
        let (cluster, worker) = try await operate()
        try await create("p", claim: "c", in: cluster)
        await told("p", "persistentvolumeclaim \"c\" not found", in: cluster)
        try await volume("v", className: "", in: cluster)
        try await claim("c", className: "", in: cluster)
        await told("p", "pod has unbound immediate PersistentVolumeClaims", in: cluster)
        try await bind("c", to: "v", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "a" }
        await end(cluster, worker)
    }

    @Test("a volume of a zone draws its pod into the zone")
    func zone() async throws {
        let (cluster, worker) = try await operate(nodes: ["a": "inf2.48xlarge", "b": "inf2.48xlarge"])
        try await claim("c", in: cluster)
        try await volume("v", labels: [Self.zone: "z2"], in: cluster)
        try await bind("c", to: "v", in: cluster)
        try await create("p", claim: "c", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "b" }
        try await claim("d", in: cluster)
        try await volume("w", labels: [Self.zone: "z9"], in: cluster)
        try await bind("d", to: "w", in: cluster)
        try await create("q", claim: "d", in: cluster)
        await told("q", "had no available volume zone (w)", in: cluster)
        await end(cluster, worker)
    }

    @Test("a ReadWriteOncePod claim is given to the next pod when the first has gone")
    func oncePod() async throws {
        let (cluster, worker) = try await operate()
        try await claim("c", modes: [.readWriteOncePod], in: cluster)
        try await volume("v", mode: .readWriteOncePod, in: cluster)
        try await bind("c", to: "v", in: cluster)
        try await create("p", claim: "c", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "a" }
        try await create("q", claim: "c", in: cluster)
        await told("q", "ReadWriteOncePod access mode already in-use by another pod (c)", in: cluster)
        try await cluster.client.delete(
            .pods, ObjectKey(namespace: "default", name: "p"), gracePeriod: 0)
        await cluster.wait(.pods) { node(of: "q", in: $0) == "a" }
        // One of higher priority has the first go for it.
        try await create("r", claim: "c", priority: 10, in: cluster)
        await cluster.wait(.pods) { pods in
            pods.contains { $0.meta.name == "q" && $0.meta.isTerminating }
        }
        await end(cluster, worker)
    }

    @Test("a provisioner that takes the node away has the pod decided about again")
    func provisioningFails() async throws {
        let (cluster, worker) = try await operate()
        try await claim("c", in: cluster)
        try await create("p", claim: "c", in: cluster)
        await cluster.wait(.persistentVolumeClaims) { selectedNode($0) == "a" }
        let key = ObjectKey(namespace: "default", name: "c")
        try await cluster.client.patch(
            .persistentVolumeClaims, key,
            ["metadata": ["annotations": [PersistentVolumeClaim.selectedNodeAnnotation: .null]]])
        await told("p", "binding volumes: provisioning failed for PVC \"c\"", in: cluster)
        await cluster.wait(.persistentVolumeClaims) { selectedNode($0) == "a" }
        try await volume("v", in: cluster)
        try await bind("c", to: "v", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "a" }
        await end(cluster, worker)
    }

    @Test("a volume that there is is kept for its claim, by name, uid and annotation")
    func staticVolume() async throws {
        let (cluster, worker) = try await operate()
        try await volume("v", in: cluster)
        try await claim("c", in: cluster)
        try await create("p", claim: "c", in: cluster)
        let kept = await cluster.wait(.persistentVolumes) { $0.first?["spec"]?["claimRef"]?["uid"] != nil }
        let claims = try await cluster.client.list(.persistentVolumeClaims)
        #expect(kept.first?["spec"]?["claimRef"]?["uid"] == claims["items"]?[0]?["metadata"]?["uid"])
        #expect(
            kept.first?.meta.annotations[PersistentVolumeClaim.boundByControllerAnnotation] == "yes")
        #expect(selectedNode(claims["items"]?.array ?? []) == nil)
        try await bind("c", to: "v", in: cluster)
        await cluster.wait(.pods) { node(of: "p", in: $0) == "a" }
        await end(cluster, worker)
    }

    @Test("pods that share a new claim go to one node, and are both bound when it is")
    func shared() async throws {
        let (cluster, worker) = try await operate(nodes: ["a": "inf2.48xlarge", "b": "inf2.48xlarge"])
        try await create("p", claim: "c", in: cluster)
        try await create("q", claim: "c", in: cluster)
        await told("q", "persistentvolumeclaim \"c\" not found", in: cluster)
        try await claim("c", modes: [.readWriteMany], in: cluster)
        await cluster.wait(.persistentVolumeClaims) { selectedNode($0) != nil }
        try await volume("v", mode: .readWriteMany, in: cluster)
        try await bind("c", to: "v", in: cluster)
        let pods = await cluster.wait(.pods) { $0.allSatisfy { $0["spec"]?["nodeName"] != nil } }
        let claims = try await cluster.client.list(.persistentVolumeClaims)
        let selected = try #require(selectedNode(claims["items"]?.array ?? []))
        #expect(pods.map { $0["spec"]?["nodeName"]?.string } == [selected, selected])
        await end(cluster, worker)
    }

    @Test("a new operator goes on with a claim for which the one before has chosen a node")
    func restart() async throws {
        let (cluster, first) = try await operate(nodes: ["a": "inf2.48xlarge", "b": "inf2.48xlarge"])
        try await claim("c", in: cluster)
        try await create("p", claim: "c", in: cluster)
        let claims = await cluster.wait(.persistentVolumeClaims) { selectedNode($0) != nil }
        await first.stop()
        try await volume("v", in: cluster)
        let second = Operator(cluster.client)
        await second.start()
        try await bind("c", to: "v", in: cluster)
        let pods = await cluster.wait(.pods) { node(of: "p", in: $0) != nil }
        #expect(node(of: "p", in: pods) == selectedNode(claims))
        await end(cluster, second)
    }

    @Test("a node takes as many volumes as its CSINode says, and more when that says more")
    func limits() async throws {
        let (cluster, worker) = try await operate()
        func node(takes count: Int) -> JSON {
            [
                "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": ["name": "a"],
                "spec": [
                    "drivers": [
                        [
                            "name": "ebs.csi.aws.com", "nodeID": "i-1", "topologyKeys": [],
                            "allocatable": ["count": JSON(count)],
                        ]
                    ]
                ],
            ]
        }
        try await cluster.client.create(.csiNodes, node(takes: 1))
        for name in ["c", "d"] {
            try await claim(name, in: cluster)
            try await volume("v-\(name)", csi: "ebs.csi.aws.com", in: cluster)
            try await bind(name, to: "v-\(name)", in: cluster)
        }
        try await create("p", claim: "c", in: cluster)
        await cluster.wait(.pods) { self.node(of: "p", in: $0) == "a" }
        try await create("q", claim: "d", in: cluster)
        await told("q", "would exceed max volume count (ebs.csi.aws.com)", in: cluster)
        try await cluster.client.patch(
            .csiNodes, ObjectKey(name: "a"), ["spec": node(takes: 2)["spec"] ?? [:]])
        await cluster.wait(.pods) { self.node(of: "q", in: $0) == "a" }
        await end(cluster, worker)
    }

    @Test("claims that are not bound in time, and pods that go meanwhile, hold nothing")
    func timeLimit() async throws {
        let (cluster, worker) = try await operate(timeLimit: .milliseconds(200))
        try await claim("c", in: cluster)
        try await create("p", claim: "c", in: cluster)
        await told("p", "binding volumes: c not bound within ", in: cluster)
        try await cluster.client.delete(.pods, ObjectKey(namespace: "default", name: "p"))
        // All cores of the node: nothing is kept for the one that is gone.
        try await cluster.create("m", spec: Make.spec(replicas: 1, cores: 24, degree: 2))
        await cluster.boundPods(1)
        await end(cluster, worker)
    }
}
