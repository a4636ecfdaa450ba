// The volumes of claims on a node: nothing of a pod starts before they are there.

import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("Claims on a node", .timeLimit(.minutes(2)))
struct ClaimTests {
    private let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    private func claim(isBound: Bool) -> PersistentVolumeClaim {
        var claim = PersistentVolumeClaim(ObjectMetadata(name: "c", namespace: "default"))
        claim.metadata.uid = "claim"
        guard isBound else { return claim }
        claim.spec.volumeName = "v"
        claim.metadata.annotations[PersistentVolumeClaim.bindCompletedAnnotation] = "yes"
        claim.status.phase = "Bound"
        return claim
    }

    @Test("a container waits until the claim is bound, and writes into its volume")
    func waits() async throws {
        let node = try await KubeletNode(scratch)
        let pod = shellPod(
            "p", "cat $GANGLION_ROOT/models/weights > $GANGLION_ROOT/models/copy", restartPolicy: "Never",
            container: ["volumeMounts": [["name": "models", "mountPath": "/models"]]],
            spec: ["volumes": [["name": "models", "persistentVolumeClaim": ["claimName": "c"]]]])
        node.begin(pod)
        await node.backend.until { $0.events().contains("FailedMount") }
        _ = try await node.backend.create(claim(isBound: false))
        await node.backend.until { backend in
            backend.requests.contains { $0.body.text().contains("PVC is not bound") }
        }
        let waiting = node.backend.statuses("p")
        #expect(waiting.allSatisfy { $0.firstState.waiting?.reason == "ContainerCreating" })
        let path = scratch.path + "/claims/v"
        try Files.makeDirectory(scratch.path + "/claims")
        try Files.makeDirectory(path)
        try Files.write(path + "/weights", Array("tensor".utf8))
        var volume = PersistentVolume(ObjectMetadata(name: "v"))
        volume.spec.claimRef = claim(isBound: true).reference
        volume.spec.hostPath = HostPathVolume(path: path, type: "DirectoryOrCreate")
        _ = try await node.backend.create(volume)
        _ = try await node.backend.create(claim(isBound: true))
        await node.backend.status("p") { $0.phase?.string == "Succeeded" }
        #expect(try Files.readText(path + "/copy") == "tensor")
        await node.delete(pod, grace: 0)
        #expect(Files.exists(path + "/weights"), "a volume outlives its pods")
    }

    @Test("a volume of a kind that is not mounted here is named, and the pod can be deleted")
    func otherKinds() async throws {
        let node = try await KubeletNode(scratch)
        var volume = PersistentVolume(ObjectMetadata(name: "v"))
        volume.spec.claimRef = claim(isBound: true).reference
        volume.spec.csi = CSIVolume(driver: "ebs.csi.aws.com", volumeHandle: "vol-1")
        _ = try await node.backend.create(volume)
        _ = try await node.backend.create(claim(isBound: true))
        let pod = shellPod(
            "p", "exit 0",
            spec: ["volumes": [["name": "models", "persistentVolumeClaim": ["claimName": "c"]]]])
        node.begin(pod)
        await node.backend.until { backend in
            backend.requests.contains {
                $0.body.text().contains("neither a hostPath nor local, which are what this kubelet mounts")
            }
        }
        await node.delete(pod, grace: 0)
    }
}
