// Between the decision about a pod with claims and its binding: kube-scheduler's bindAPIUpdate and checkBindings.

import KubernetesAPI
import Testing

@testable import Scheduling

@Suite("Binding the volumes of a pod")
struct VolumeBindingTests {
    private let labels = ["kubernetes.io/hostname": "a"]

    private func step(
        _ binding: inout VolumeBinding, _ claim: PersistentVolumeClaim?, _ volume: PersistentVolume?,
        labels: [String: String]? = ["kubernetes.io/hostname": "a"]
    ) -> VolumeBinding.Step {
        binding.next(labels: labels, claim: { _ in claim }, volume: { _ in volume })
    }

    private func selected(_ node: String?, version: String = "11") -> PersistentVolumeClaim {
        Storage.claim("c") {
            $0.metadata.annotations[PersistentVolumeClaim.selectedNodeAnnotation] = node
            $0.metadata.resourceVersion = version
        }
    }

    @Test("a claim gets its node, is waited for, and the pod goes when it is bound")
    func provision() {
        let claim = Storage.claim("c")
        var binding = VolumeBinding(VolumePlan(node: "a", matches: [], provisions: [claim]))
        let write = VolumeBinding.Write.select(claim, node: "a")
        #expect(step(&binding, claim, nil) == .write([write]))
        binding.wrote(write.id, version: "11")
        #expect(step(&binding, claim, nil) == .wait, "what was written is not seen yet")
        #expect(step(&binding, selected("a"), nil) == .wait)
        let bound = Storage.claim("c", volume: "v")
        #expect(step(&binding, bound, nil) == .wait, "the volume is not seen yet")
        #expect(step(&binding, bound, Storage.volume("v", on: "a")) == .bound)
        #expect(
            step(&binding, bound, Storage.volume("v", on: "b"))
                == .failed("binding volumes: pv \"v\" node affinity doesn't match node \"a\""))
    }

    @Test(
        "a provisioner that takes the node away, another node, and what is gone end it",
        arguments: [
            (nil, "provisioning failed for PVC \"c\""), ("b", "provisioning failed for PVC \"c\""),
        ] as [(String?, String)])
    func failures(node: String?, words: String) {
        var binding = VolumeBinding(VolumePlan(node: "a", matches: [], provisions: [selected("a")]))
        #expect(step(&binding, selected("a"), nil) == .wait, "an operator before this one has written it")
        #expect(step(&binding, selected(node, version: "12"), nil) == .failed("binding volumes: \(words)"))
        #expect(
            step(&binding, nil, nil) == .failed("binding volumes: persistentvolumeclaim \"c\" not found"))
        #expect(
            step(&binding, selected("a"), nil, labels: nil)
                == .failed("binding volumes: node \"a\" not found"))
        // A later one of the same name is another.
        var other = selected("a")
        other.metadata.uid = "later"
        #expect(
            step(&binding, other, nil) == .failed("binding volumes: persistentvolumeclaim \"c\" not found"))
    }

    @Test("a volume is kept for its claim once, and lost when somebody takes it")
    func match() {
        let (claim, volume) = (Storage.claim("c"), Storage.volume("v", on: "a"))
        var binding = VolumeBinding(
            VolumePlan(node: "a", matches: [.init(claim: claim, volume: volume)], provisions: []))
        let write = VolumeBinding.Write.keep(volume, for: claim)
        #expect(step(&binding, claim, volume) == .write([write]))
        let stolen = Storage.volume("v", on: "a") { $0.spec.claimRef = Storage.claim("d").reference }
        var late = binding
        #expect(
            step(&late, claim, stolen)
                == .failed("binding volumes: pv \"v\" is bound to another claim"))
        binding.wrote(write.id, version: "21")
        #expect(step(&binding, claim, volume) == .wait)
        let kept = Storage.volume("v", on: "a") {
            $0.spec.claimRef = claim.reference
            $0.metadata.resourceVersion = "21"
        }
        #expect(step(&binding, claim, kept) == .wait)
        #expect(step(&binding, Storage.claim("c", volume: "v"), kept) == .bound)
        let reset = Storage.volume("v", on: "a") { $0.metadata.resourceVersion = "100" }
        #expect(
            step(&binding, claim, reset) == .failed("binding volumes: ClaimRef got reset for pv \"v\""))
        #expect(
            step(&binding, claim, nil) == .failed("binding volumes: persistentvolume \"v\" not found"))
    }

    @Test("with two claims, both are written and both are waited for")
    func two() {
        let (first, second) = (Storage.claim("c"), Storage.claim("d"))
        let volume = Storage.volume("v")
        var binding = VolumeBinding(
            VolumePlan(node: "a", matches: [.init(claim: first, volume: volume)], provisions: [second]))
        var claims = ["c": first, "d": second]
        func next() -> VolumeBinding.Step {
            binding.next(labels: labels, claim: { claims[$0.name] }, volume: { _ in volume })
        }
        #expect(next() == .write([.keep(volume, for: first), .select(second, node: "a")]))
        #expect(Set(binding.claims.map(\.name)) == ["c", "d"])
        claims["d"] = Storage.claim("d", volume: "v")
        #expect(next() == .write([.keep(volume, for: first)]))
    }
}
