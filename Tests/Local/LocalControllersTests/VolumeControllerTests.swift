// Claims and volumes of a local cluster, as kind has them: a class that waits for the first consumer, volumes that are
// directories, and nothing that goes while it is used.

import KubernetesAPI
import KubernetesClient
import Observability
import SystemIO
import TestSupport
import Testing

@testable import LocalControllers

@Suite("Claims and volumes of a local cluster", .timeLimit(.minutes(2)))
struct VolumeControllerTests {
    private let cluster = TestCluster()
    private let scratch: TemporaryDirectory
    private let volumes: VolumeController
    private let scheduler: Scheduler

    init() throws {
        scratch = try TemporaryDirectory()
        volumes = VolumeController(
            cluster: cluster.client(VolumeController.name), events: cluster.events(VolumeController.name),
            storage: LocalStorage(path: scratch.path + "/volumes"), log: .silent)
        scheduler = Scheduler(
            cluster: cluster.client("kube-scheduler"), events: cluster.events(Scheduler.name))
    }

    private func node(_ name: String) async throws {
        let made = Make.node(name, labels: ["kubernetes.io/hostname": name])
        try await cluster.api.create(made)
    }

    private func make(
        claim name: String, className: String? = nil, modes: [VolumeAccessMode] = [.readWriteOnce]
    ) async throws -> PersistentVolumeClaim {
        try await cluster.api.create(
            PersistentVolumeClaim(
                ObjectMetadata(name: name, namespace: "default"),
                spec: PersistentVolumeClaimSpec(1, storageClassName: className, accessModes: modes)))
    }

    private func pod(_ name: String, _ claim: String) async throws {
        try await cluster.create(
            Make.pod(name) {
                $0.volumes = [
                    Volume(name: "v", source: .persistentVolumeClaim(ClaimVolume(claimName: claim)))
                ]
            })
    }

    /// As often as somebody finds something to do.
    private func settle() async throws {
        for _ in 0..<6 {
            try await scheduler.reconcile()
            try await volumes.reconcile()
        }
    }

    private func claim(_ name: String) async throws -> PersistentVolumeClaim {
        try await cluster.api.get(
            PersistentVolumeClaim.self, ObjectKey(namespace: "default", name: name))
    }

    private func pod(_ name: String) async throws -> Pod {
        try await cluster.api.get(Pod.self, ObjectKey(namespace: "default", name: name))
    }

    @Test("a claim without a class waits for its pod, gets a directory on its node, and goes with it")
    func provisioned() async throws {
        try await node("n1")
        try await cluster.api.create(LocalStorage.standardClass)
        let made = try await make(claim: "c")
        #expect(made.spec.storageClassName == "standard")
        #expect(made.metadata.finalizers == [PersistentVolumeClaim.protectionFinalizer])
        try await settle()
        #expect(try await claim("c").status.phase == "Pending")
        #expect(try await cluster.event("WaitForFirstConsumer") != nil)

        try await pod("p", "c")
        try await settle()
        let bound = try await claim("c")
        #expect(bound.isFullyBound && bound.status.phase == "Bound" && bound.selectedNode == "n1")
        #expect(bound.status.capacity == ["storage": 1])
        #expect(try await pod("p").spec.nodeName == "n1")
        let volume = try #require(try await cluster.api.list(PersistentVolume.self).first)
        #expect(volume.status.phase == "Bound" && volume.spec.claimRef?.uid == made.metadata.uid)
        #expect(volume.isReachable(from: ["kubernetes.io/hostname": "n1"]))
        #expect(!volume.isReachable(from: ["kubernetes.io/hostname": "n2"]))
        let path = try #require(volume.spec.hostPath?.path)
        try Files.write(path + "/model", [1])

        // A claim that is deleted stays for as long as a pod on a node uses it.
        try await cluster.api.delete(PersistentVolumeClaim.self, made.key, DeleteOptions())
        try await settle()
        #expect(try await claim("c").metadata.isTerminating)
        try await cluster.api.delete(
            Pod.self, ObjectKey(namespace: "default", name: "p"), DeleteOptions(gracePeriodSeconds: 0))
        try await settle()
        #expect(try await cluster.api.list(PersistentVolumeClaim.self).isEmpty)
        #expect(try await cluster.api.list(PersistentVolume.self).isEmpty)
        #expect(!Files.exists(path))
    }

    @Test("a volume that there is is bound at once where its class does not wait, and kept afterwards")
    func existing() async throws {
        for (name, size) in [("large", 5), ("small", 1)] as [(String, Quantity)] {
            var volume = PersistentVolume(ObjectMetadata(name: name))
            volume.spec.capacity["storage"] = size
            volume.spec.accessModes = [.readWriteOnce]
            volume.spec.hostPath = HostPathVolume(path: scratch.path)
            try await cluster.api.create(volume)
        }
        try await settle()
        let made = try await make(claim: "c", className: "")
        try await settle()
        #expect(try await claim("c").spec.volumeName == "small")
        try await cluster.api.delete(PersistentVolumeClaim.self, made.key, DeleteOptions())
        try await settle()
        let phases = try await cluster.api.list(PersistentVolume.self).map(\.status.phase)
        #expect(phases == ["Available", "Released"])
        #expect(Files.exists(scratch.path))
    }

    @Test("an ephemeral volume gets a claim that the pod owns, and that goes with it")
    func ephemeral() async throws {
        try await node("n1")
        try await cluster.api.create(LocalStorage.standardClass)
        try await cluster.create(
            Make.pod("p") {
                $0.volumes = [
                    Volume(
                        name: "v",
                        source: .ephemeral(
                            EphemeralVolume(volumeClaimTemplate: .init(spec: PersistentVolumeClaimSpec(1)))))
                ]
            })
        try await settle()
        let made = try await claim("p-v")
        #expect(made.metadata.controller?.name == "p")
        #expect(try await pod("p").spec.nodeName == "n1")
        try await cluster.api.delete(
            Pod.self, ObjectKey(namespace: "default", name: "p"), DeleteOptions(gracePeriodSeconds: 0))
        try await settle()
        #expect(try await cluster.api.list(PersistentVolumeClaim.self).isEmpty)
        #expect(try await cluster.api.list(PersistentVolume.self).isEmpty)
    }

    @Test("the default scheduler says of claims what kube-scheduler says")
    func words() async throws {
        try await node("n1")
        func message(_ name: String) async throws -> String? {
            try await settle()
            return try await pod(name).status.conditions["PodScheduled"]?.message
        }
        try await pod("p", "missing")
        #expect(
            try await message("p") == "0/1 nodes are available: persistentvolumeclaim \"missing\" not found.")
        _ = try await make(claim: "unbound", className: "")
        try await pod("q", "unbound")
        #expect(
            try await message("q")
                == "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
        try await cluster.api.create(
            StorageClass(
                ObjectMetadata(name: "none"), provisioner: StorageClass.noProvisioner,
                volumeBindingMode: "WaitForFirstConsumer"))
        _ = try await make(claim: "nothing", className: "none")
        try await pod("r", "nothing")
        #expect(
            try await message("r")
                == "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.")
    }

    @Test("a claim whose node is gone is given back to the scheduler, and a volume in use is protected")
    func nodeGone() async throws {
        try await node("n1")
        try await cluster.api.create(LocalStorage.standardClass)
        _ = try await make(claim: "c")
        struct Patch: Encodable, Sendable {
            struct Metadata: Encodable, Sendable { var annotations: [String: String] }
            var metadata: Metadata
        }
        try await cluster.api.patch(
            PersistentVolumeClaim.self, ObjectKey(namespace: "default", name: "c"),
            Patch(metadata: .init(annotations: [PersistentVolumeClaim.selectedNodeAnnotation: "gone"])),
            kind: .merge, subresource: nil)
        try await volumes.reconcile()
        #expect(try await claim("c").selectedNode == nil)
        try await pod("p", "c")
        try await settle()
        let volume = try #require(try await claim("c").spec.volumeName)
        try await cluster.api.delete(PersistentVolume.self, ObjectKey(name: volume), DeleteOptions())
        try await settle()
        #expect(
            try await cluster.api.get(PersistentVolume.self, ObjectKey(name: volume)).metadata.isTerminating)
        #expect(try await claim("c").status.phase == "Bound", "a volume in use is protected")
    }
}
