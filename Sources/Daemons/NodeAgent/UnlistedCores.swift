// What the kubelet has given out and does not list. Devices of an init container belong to its pod until the pod ends: the
// containers after it take of them what they ask for, and nobody gets the rest (devicemanager podDevices). PodResources has
// app containers and sidecars only (kubelet apis/podresources getPodResources).

internal import KubernetesAPI
internal import Placement

/// Cores that init containers have left with their pods.
struct UnlistedCores: Equatable, Sendable {
    /// Those that are known: what the binding assigned and no list has.
    private(set) var holdings: [Holding] = []
    /// How many there are beside them.
    private(set) var others = 0

    /// None.
    init() {}

    /// What the admitted ones of `pods` hold beside their listed cores.
    init(_ pods: [BoundPod], on layout: NodeLayout, listed: [Holding]) {
        let byPod = Dictionary(grouping: listed, by: \.pod)
        for pod in pods.sorted(by: { $0.key < $1.key }) where pod.isAdmitted && !pod.pod.hasStopped {
            guard let initializer = pod.requests.first(where: { $0.role == .initializer }),
                pod.count <= CoreSet.capacity
            else { continue }
            let held = (byPod[pod.key] ?? []).reduce(CoreSet()) { $0.union($1.cores) }
            let asked = pod.count * layout.coresPerDevice(pod.resource)
            guard held.count < asked else { continue }
            if let assigned = pod.assigned.flatMap({ try? CoreSet(parsing: $0) }), assigned.count == asked,
                held.isSubset(of: assigned)
            {
                holdings.append(
                    Holding(
                        pod: pod.key, container: initializer.name, cores: assigned.subtracting(held),
                        uid: pod.uid))
            } else {
                others += asked - held.count
            }
        }
    }
}
