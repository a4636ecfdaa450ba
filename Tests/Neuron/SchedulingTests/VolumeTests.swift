// Pods with claims: kube-scheduler's VolumeBinding, VolumeZone, VolumeRestrictions and NodeVolumeLimits, each rule with both
// answers. The sentences are kube-scheduler's (pkg/scheduler/framework/plugins).

import KubernetesAPI
import Testing

@testable import Scheduling

@Suite("Pods with claims")
struct VolumeTests {
    private static let nowhere = "p: 0/2 nodes can take the pod: "

    @Test(
        "what is wrong with a claim wherever the pod goes is said once, in kube-scheduler's words",
        arguments: [
            (nil, "persistentvolumeclaim \"c\" not found"),
            (
                Storage.claim("c", className: "now"), "pod has unbound immediate PersistentVolumeClaims"
            ),
            (Storage.claim("c", className: ""), "pod has unbound immediate PersistentVolumeClaims"),
            (Storage.claim("c", className: "unknown"), "pod has unbound immediate PersistentVolumeClaims"),
            // Somebody has chosen a volume for it, and nobody has bound it yet.
            (
                Storage.claim("c") { $0.spec.volumeName = "v" },
                "pod has unbound immediate PersistentVolumeClaims"
            ),
            (
                Storage.claim("c", volume: "v") { $0.status.phase = "Lost" },
                "persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"v\""
            ),
            (
                Storage.claim("c", volume: "v") {
                    $0.metadata.deletionTimestamp = Timestamp(microseconds: 0)
                },
                "persistentvolumeclaim \"c\" is being deleted"
            ),
            (Storage.claim("c", volume: "gone"), "persistentvolume \"gone\" not found"),
        ] as [(PersistentVolumeClaim?, String)])
    func faults(claim: PersistentVolumeClaim?, words: String) {
        var storage = Storage()
        storage.scheduler.observe(Storage.storageClass())
        storage.scheduler.observe(Storage.storageClass("now", waits: false))
        storage.scheduler.observe(Storage.volume("v"))
        if let claim { storage.scheduler.observe(claim) }
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        #expect(storage.decide() == [Self.nowhere + words])
        #expect(storage.decide().isEmpty, "it is told once")
        // The claim comes, or comes to be bound: no more than that is needed.
        storage.scheduler.observe(Storage.claim("c", volume: "v"))
        #expect(storage.decide() == ["p -> a"])
        #expect(storage.plan("p") == nil)
    }

    @Test("the claim of an ephemeral volume is waited for, and must be the pod's own")
    func ephemeral() {
        var storage = Storage()
        storage.scheduler.observe(Storage.storageClass())
        storage.scheduler.observe(Storage.pod("p", [], ephemeral: ["e"]))
        #expect(
            storage.decide() == [
                Self.nowhere
                    + "waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-e\""
            ])
        storage.scheduler.observe(Storage.claim("p-e"))
        #expect(
            storage.decide() == [Self.nowhere + "PVC n/p-e was not created for pod n/p (pod is not owner)"])
        storage.scheduler.observe(
            Storage.claim("p-e") { claim in
                claim.metadata.ownerReferences = [Storage.pod("p", []).pod.controllerReference]
            })
        #expect(storage.decide() == ["p -> a"])
        #expect(storage.plan("p") == ["p-e"])
    }

    @Test("a bound volume draws the pod to the node that can have it")
    func affinity() {
        var storage = Storage()
        storage.scheduler.observe(Storage.volume("v", on: "b"))
        storage.scheduler.observe(Storage.claim("c", volume: "v"))
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        #expect(storage.decide() == ["p -> b"])
        storage.scheduler.observe(Storage.volume("w", on: "elsewhere"))
        storage.scheduler.observe(Storage.claim("d", volume: "w"))
        storage.scheduler.observe(Storage.pod("q", ["d"]))
        #expect(
            storage.decide() == [
                "q: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each didn't match PersistentVolume's node affinity (w)"
            ])
    }

    @Test(
        "the zone in a volume's labels is the node's, by its label of today or of before",
        arguments: [
            (["topology.kubernetes.io/zone": "z2"], "p -> b"),
            (["failure-domain.beta.kubernetes.io/zone": "z2"], "p -> b"),
            (["topology.kubernetes.io/zone": "z9__z2"], "p -> b"),
            (["topology.kubernetes.io/zone": "z9"], nil),
            // A node with a zone and no region is in no region.
            (["topology.kubernetes.io/region": "r"], nil),
            (["other": "z9"], "p -> a"),
        ] as [([String: String], String?)])
    func zones(labels: [String: String], expected: String?) {
        var storage = Storage()
        storage.scheduler.observe(Storage.volume("v") { $0.metadata.labels = labels })
        storage.scheduler.observe(Storage.claim("c", volume: "v"))
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        let words =
            "p: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each had no available volume zone (v)"
        #expect(storage.decide() == [expected ?? words])
        // Where nodes have no zones there is one.
        var plain = Storage(nodes: ["a": [:]])
        plain.scheduler.observe(Storage.volume("v") { $0.metadata.labels = labels })
        plain.scheduler.observe(Storage.claim("c", volume: "v"))
        plain.scheduler.observe(Storage.pod("p", ["c"]))
        #expect(plain.decide() == ["p -> a"])
    }

    @Test("of the volumes that there are a claim gets the smallest that does, and one alone")
    func matching() {
        var storage = Storage()
        storage.scheduler.observe(Storage.storageClass(provisioner: StorageClass.noProvisioner))
        for (name, size) in [("large", 9), ("small", 1), ("fits", 5), ("also", 5)] as [(String, Quantity)] {
            storage.scheduler.observe(Storage.volume(name, size, on: "b"))
        }
        storage.scheduler.observe(Storage.volume("taken", 4) { $0.status.phase = "Bound" })
        storage.scheduler.observe(Storage.volume("other", 4, className: "other"))
        for name in ["c", "d"] { storage.scheduler.observe(Storage.claim(name, 4)) }
        storage.scheduler.observe(Storage.pod("p", ["c", "d"]))
        storage.scheduler.observe(Storage.claim("e", 4))
        storage.scheduler.observe(Storage.claim("f", 4))
        storage.scheduler.observe(Storage.pod("q", ["e"]))
        storage.scheduler.observe(Storage.pod("r", ["f"]))
        #expect(
            storage.decide() == [
                "p -> b", "q -> b",
                "r: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each didn't find available persistent volumes to bind (f)",
            ])
        #expect(storage.plan("p") == ["also for c", "fits for d"])
        #expect(storage.plan("q") == ["large for e"])
        // What comes to nothing is free again.
        storage.scheduler.unassume("uid-q")
        storage.scheduler.forget(pod: "uid-q")
        #expect(storage.decide() == ["r -> b"])
        #expect(storage.plan("r") == ["large for f"])
    }

    @Test("a volume is passed over that is not of the kind that is asked for")
    func kinds() {
        func plan(_ change: (inout PersistentVolume) -> Void) -> [String]? {
            var storage = Storage(nodes: ["a": [:]])
            storage.scheduler.observe(Storage.storageClass(provisioner: StorageClass.noProvisioner))
            storage.scheduler.observe(
                Storage.volume("v", on: "a") {
                    $0.metadata.labels = ["disk": "ssd"]
                    change(&$0)
                })
            storage.scheduler.observe(
                Storage.claim("c") { $0.spec.selector = LabelSelector(matching: ["disk": "ssd"]) })
            storage.scheduler.observe(Storage.pod("p", ["c"]))
            #expect((storage.decide() == ["p -> a"]) == (storage.plan("p") != nil))
            return storage.plan("p")
        }
        #expect(plan { _ in } == ["v for c"])
        #expect(plan { $0.spec.accessModes = [.readOnlyMany] } == nil)
        #expect(plan { $0.spec.volumeMode = "Block" } == nil)
        #expect(plan { $0.spec.capacity["storage"] = 0 } == nil)
        #expect(plan { $0.metadata.labels = ["disk": "hdd"] } == nil)
        #expect(plan { $0.metadata.deletionTimestamp = Timestamp(microseconds: 0) } == nil)
        #expect(plan { $0.spec.claimRef = Storage.claim("another").reference } == nil)
        #expect(plan { $0.spec.volumeAttributesClassName = "gold" } == nil)
        // Kept for the claim by name: then it need not have its labels, nor be free.
        #expect(
            plan {
                $0.spec.claimRef = ObjectReference(kind: "PersistentVolumeClaim", namespace: "n", name: "c")
                $0.status.phase = "Pending"
                $0.metadata.labels = [:]
            } == ["v for c"])
    }

    @Test("a volume is made where the class allows it, and where somebody makes it at all")
    func provisioning() {
        var storage = Storage()
        let zone = TopologySelectorTerm([.init("topology.kubernetes.io/zone", ["z2", "z3"])])
        storage.scheduler.observe(Storage.storageClass(topologies: [zone]))
        storage.scheduler.observe(Storage.storageClass("none", provisioner: StorageClass.noProvisioner))
        storage.scheduler.observe(Storage.claim("c"))
        storage.scheduler.observe(Storage.claim("d", className: "none"))
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        storage.scheduler.observe(Storage.pod("q", ["d"]))
        #expect(
            storage.decide() == [
                "p -> b",
                "q: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each didn't find available persistent volumes to bind (d)",
            ])
        #expect(storage.plan("p") == ["c"])
    }

    @Test("a claim whose node is chosen takes its pods there, and another node when it is chosen no more")
    func selectedNode() {
        var storage = Storage()
        storage.scheduler.observe(Storage.storageClass())
        func claim(_ node: String?) -> PersistentVolumeClaim {
            Storage.claim("c") {
                $0.metadata.annotations[PersistentVolumeClaim.selectedNodeAnnotation] = node
            }
        }
        storage.scheduler.observe(claim("b"))
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        #expect(storage.decide() == ["p -> b"])
        // The provisioner cannot make it there: the binding comes to nothing, and any node will do.
        storage.scheduler.observe(claim(nil))
        storage.scheduler.unassume("uid-p")
        #expect(storage.decide() == ["p -> a"])
        // One that shares it goes where the first was decided to go, before any watch shows it.
        storage.scheduler.observe(Storage.pod("q", ["c"]))
        #expect(storage.decide() == ["q -> a"])
        storage.scheduler.observe(Storage.pod("x", ["c"], cores: 22))
        #expect(
            storage.decide().first?.contains("didn't find available persistent volumes to bind (c)") == true)
    }

    @Test("a ReadWriteOncePod claim is one pod's at a time, whoever has placed it")
    func oncePod() {
        var storage = Storage()
        storage.scheduler.observe(Storage.volume("v"))
        storage.scheduler.observe(Storage.claim("c", volume: "v", modes: [.readWriteOncePod]))
        let first = Storage.pod("first", ["c"], node: "a", scheduler: "default-scheduler")
        storage.scheduler.observe(PodInfo(first.pod))
        storage.scheduler.observe(Storage.pod("p", ["c"]))
        let words =
            "p: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each is unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod (c)"
        #expect(storage.decide() == [words])
        // One that shares it and waits, too, gets it no earlier.
        storage.scheduler.forget(pod: "uid-first")
        storage.scheduler.observe(Storage.pod("q", ["c"]))
        let decisions = storage.decide()
        #expect(decisions.first == "p -> a")
        #expect(decisions.dropFirst().first?.contains("already in-use by another pod (c)") == true)
        storage.scheduler.unassume("uid-p")
        storage.scheduler.forget(pod: "uid-p")
        #expect(storage.decide() == ["q -> a"])
    }

    @Test(
        "a pod of lower priority goes for its ReadWriteOncePod claim, on its node; for other faults nobody goes"
    )
    func preemption() {
        var storage = Storage()
        storage.scheduler.observe(Storage.volume("v"))
        storage.scheduler.observe(Storage.claim("c", volume: "v", modes: [.readWriteOncePod]))
        storage.scheduler.observe(Storage.pod("first", ["c"], node: "b"))
        storage.scheduler.observe(Storage.pod("p", ["c"], priority: 10))
        storage.scheduler.observe(Storage.pod("r", ["missing"], priority: 10))
        let decisions = storage.decide()
        #expect(decisions.contains("p on b for first"))
        #expect(decisions.filter { $0.contains(" for ") } == ["p on b for first"])
        storage.scheduler.forget(pod: "uid-first")
        #expect(storage.decide().contains("p -> a"))
    }

    @Test("a node takes as many volumes of a CSI driver as its CSINode says, each counted once")
    func limits() {
        var storage = Storage(nodes: ["a": [:]])
        for index in 0..<4 {
            storage.scheduler.observe(Storage.volume("v\(index)", csi: "ebs"))
            storage.scheduler.observe(Storage.claim("c\(index)", volume: "v\(index)"))
        }
        storage.scheduler.observe(volumeLimits: ["ebs": 2, "efs": 0], of: "a")
        storage.scheduler.observe(Storage.pod("bound", ["c0"], node: "a"))
        storage.scheduler.observe(Storage.pod("p", ["c0", "c1"]))
        storage.scheduler.observe(Storage.pod("q", ["c0", "c2"]))
        let words =
            "q: 0/1 nodes can hold a group of 2 NeuronCores: a would exceed max volume count (ebs)"
        #expect(storage.decide() == ["p -> a", words])
        storage.scheduler.observe(volumeLimits: ["ebs": 3], of: "a")
        #expect(storage.decide() == ["q -> a"])
        // Volumes that are still to be made count by their class, where its provisioner has a limit.
        storage.scheduler.observe(Storage.storageClass(provisioner: "ebs"))
        storage.scheduler.observe(Storage.claim("new"))
        storage.scheduler.observe(Storage.pod("r", ["new"]))
        #expect(storage.decide().first?.hasSuffix("would exceed max volume count (ebs)") == true)
        storage.scheduler.observe(volumeLimits: [:], of: "a")
        #expect(storage.decide() == ["r -> a"])
    }

    @Test("a gang is placed with its volumes or not at all, and what it gave up is free")
    func gangs() {
        var storage = Storage()
        storage.scheduler.observe(Storage.storageClass(provisioner: StorageClass.noProvisioner))
        storage.scheduler.observe(Storage.volume("v", on: "a"))
        for name in ["c", "d", "e"] { storage.scheduler.observe(Storage.claim(name)) }
        storage.scheduler.observe(Storage.pod("g0", ["c"], gang: 2))
        storage.scheduler.observe(Storage.pod("g1", ["d"], gang: 2))
        let told = storage.decide()
        #expect(told.allSatisfy { $0.contains("its gang g of 2 pods cannot be placed as a whole: g1: ") })
        #expect(told.count == 2)
        storage.scheduler.observe(Storage.volume("w", on: "b"))
        #expect(storage.decide() == ["g0 -> a", "g1 -> b"])
    }
}
