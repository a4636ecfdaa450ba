// The claims on storage that a pod uses. Most pods use none: then nothing of volumes is looked at for them.

package import KubernetesAPI

/// The claims that a pod uses.
package struct PodClaims: Hashable, Sendable {
    /// A claim, as a volume of the pod names it.
    struct Use: Hashable, Sendable {
        var key: ObjectKey
        /// Whether it is made for the pod, and goes with it.
        var isEphemeral: Bool
    }

    let uses: [Use]
    /// The pod, where claims are made for it: nobody else has them.
    let owner: String

    /// What a pod uses; nil where it uses no claim.
    package init?(_ pod: Pod) {
        let key = pod.key
        uses = pod.spec.claims(ofPod: key.name).map {
            Use(key: ObjectKey(namespace: key.namespace, name: $0.claim), isEphemeral: $0.isEphemeral)
        }
        guard !uses.isEmpty else { return nil }
        owner = uses.contains(where: \.isEphemeral) ? pod.metadata.uid : ""
    }
}
