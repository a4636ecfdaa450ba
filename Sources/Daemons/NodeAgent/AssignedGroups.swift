// From the annotations of bound pods to what the plugin is told. The annotation is the pod's; the kubelet asks for each
// container. Containers that stay take their cores one after the other; an init container that ends hands its own on.

internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
internal import Placement

/// The groups that the operator has assigned to containers of this node.
struct AssignedGroups: Equatable, Sendable {
    /// The group of one container.
    struct Group: Equatable, Sendable {
        var pod: BoundPod
        var container: String
        var cores: CoreSet
        var devices: [String]
        /// Whether the kubelet has chosen the container's devices already, these or others.
        var isTaken: Bool
    }

    /// An assignment that cannot be read.
    struct Fault: Equatable, Sendable {
        var pod: BoundPod
        /// One sentence.
        var sentence: String
    }

    /// In the order of the pods' keys.
    private(set) var groups: [Group] = []
    /// Annotations that cannot be honoured.
    private(set) var faults: [Fault] = []

    /// The groups of these pods.
    ///
    /// - Parameters:
    ///   - holdings: what the kubelet says, nil while it has not spoken.
    ///   - extenderSchedulers: the `schedulerName`s, besides the operator's, of pods whose bindings bring cores.
    init(
        _ pods: [BoundPod], on layout: NodeLayout, holdings: [Holding]?, extenderSchedulers: Set<String> = []
    ) {
        var held: [ObjectKey: Set<String>] = [:]
        for holding in holdings ?? [] { held[holding.pod, default: []].insert(holding.container) }
        for pod in pods.sorted(by: { $0.key < $1.key }) where !pod.pod.isTerminal {
            guard let text = pod.assigned else { continue }
            do throws(Unfit) {
                guard pod.scheduler == WellKnown.scheduler || extenderSchedulers.contains(pod.scheduler)
                else {
                    throw Unfit(
                        sentence: "the annotation \(WellKnown.coresAnnotation) is ignored: only"
                            + " \(WellKnown.scheduler) assigns cores, and the pod's schedulerName is"
                            + " \(pod.scheduler)")
                }
                for (container, cores, devices) in try Self.split(text, among: pod, on: layout) {
                    // The kubelet knows names only: until this very pod is admitted, an entry may be an earlier pod's.
                    let isTaken = pod.isAdmitted && held[pod.key]?.contains(container) == true
                    groups.append(
                        Group(
                            pod: pod, container: container, cores: cores, devices: devices, isTaken: isTaken))
                }
            } catch {
                faults.append(Fault(pod: pod, sentence: error.sentence))
            }
        }
    }

    /// What the plugin is told: groups that nobody has taken yet. One that was taken is settled, whatever it became; to
    /// tell it again would keep its cores from others once they are free.
    var assignments: [NodePluginAPI.Assignment] {
        groups.lazy.filter { !$0.isTaken }.map { group in
            NodePluginAPI.Assignment(
                podNamespace: group.pod.key.namespace, podName: group.pod.key.name, podUID: group.pod.uid,
                container: group.container, resource: group.pod.resource, deviceIDs: group.devices,
                boundAt: group.pod.boundAt)
        }
    }

    private struct Unfit: Error {
        var sentence: String
    }

    private static func split(
        _ text: String, among pod: BoundPod, on layout: NodeLayout
    ) throws(Unfit) -> [(container: String, cores: CoreSet, devices: [String])] {
        let cores: [Int]
        do throws(CoreListError) {
            cores = Array(try CoreSet(parsing: text))
        } catch {
            throw Unfit(sentence: "the annotation \(WellKnown.coresAnnotation) is ignored: \(error)")
        }
        let size = layout.coresPerDevice(pod.resource)
        // The count comes from a pod, so it is bounded before it is multiplied.
        guard pod.count <= CoreSet.capacity, pod.count * size == cores.count else {
            let asked =
                pod.count <= CoreSet.capacity ? "\(pod.count * size)" : "more than \(CoreSet.capacity)"
            throw Unfit(
                sentence: "the annotation \(WellKnown.coresAnnotation) is ignored: it has \(cores.count)"
                    + " cores and the pod's containers ask for \(asked)")
        }
        // Where the next container that stays begins.
        var next = 0
        return try pod.requests.map { container throws(Unfit) in
            // An init container begins behind the sidecars that were started before it: what they hold stays theirs. It
            // ends before the others come, which take over what it had.
            guard container.count <= CoreSet.capacity, next + container.count * size <= cores.count else {
                throw Unfit(
                    sentence:
                        "the annotation \(WellKnown.coresAnnotation) is ignored: container \(container.name)"
                        + " asks for more than its pod")
            }
            let part = CoreSet(cores[next..<next + container.count * size])
            if container.role != .initializer { next += container.count * size }
            guard let devices = layout.devices(part, resource: pod.resource) else {
                throw Unfit(
                    sentence:
                        "the annotation \(WellKnown.coresAnnotation) is ignored: cores \(part.list) are"
                        + " no whole devices of \(pod.resource)")
            }
            return (container.name, part, devices)
        }
    }
}
