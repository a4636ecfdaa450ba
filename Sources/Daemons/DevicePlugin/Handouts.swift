// Has the kubelet given a device twice? Until 1.38 it can: whoever reads PodResources has it count anew what is in use, by
// the pods whose devices it has recorded, and an Allocate that is under way at that moment is not among them (kubernetes
// #137534). A second pod is then given the same ids moments later. From here the two look like two containers of one pod,
// where the second takes over what an init container had, and like a pod that was refused after Allocate and the one that
// came in its place. What tells them apart is the kubelet's account, in which the first container stands as soon as
// its Allocate is through, and init containers never do.

internal import KubeletAPI

/// The devices of one resource that were handed out a moment ago.
struct Handouts: Sendable {
    /// How long a device is worth a question when it is asked for again. The kubelet's fault lasts for as long as one
    /// Allocate takes; a kubelet under load may be slow to record it.
    static let moment = Duration.seconds(10)
    /// When the kubelet is asked: at once, and again for as long as it may take to record an answer.
    static let looks = [Duration.zero, .milliseconds(50), .milliseconds(100)]

    private var handedOut: [String: Duration] = [:]

    /// Notes that devices are handed out.
    ///
    /// - Parameter now: on any clock that does not jump.
    /// - Returns: those that were handed out a moment ago already.
    mutating func handOut(_ ids: some Sequence<String>, now: Duration) -> Set<String> {
        handedOut = handedOut.filter { now - $0.value < Self.moment }
        var again: Set<String> = []
        for id in ids where handedOut.updateValue(now, forKey: id) != nil { again.insert(id) }
        return again
    }

    /// Who holds one of these devices by the kubelet's account: the first by id; nil when nobody does.
    static func holder(
        of ids: Set<String>, resource: String, in pods: [PodResourcesAPI.PodResources]
    ) -> (id: String, container: String)? {
        var holders: [String: String] = [:]
        for pod in pods {
            for container in pod.containers {
                for entry in container.devices where entry.resourceName == resource {
                    for id in entry.deviceIDs where ids.contains(id) {
                        holders[id] = "\(pod.namespace)/\(pod.name)/\(container.name)"
                    }
                }
            }
        }
        return holders.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
