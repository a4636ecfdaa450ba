// From the annotations of bound pods to what the plugin is told. The annotation is the pod's; the kubelet asks for each
// container. Containers that stay take their cores one after the other; an init container that ends hands its own on.

internal import KubeletAPI
internal import KubernetesAPI
internal import KubernetesClient
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
    /// - Parameter holdings: what the kubelet says, nil while it has not spoken.
    init(_ pods: [BoundPod], on layout: NodeLayout, holdings: [Holding]?) {
        var held: [ObjectKey: Set<String>] = [:]
        for holding in holdings ?? [] { held[holding.pod, default: []].insert(holding.container) }
        for pod in pods.sorted(by: { $0.key < $1.key }) where !pod.isTerminal {
            guard let text = pod.assigned else { continue }
            do throws(Unfit) {
                guard pod.scheduler == AgentNames.scheduler else {
                    throw Unfit(
                        sentence: "the annotation \(AgentNames.coresAnnotation) is ignored: only"
                            + " \(AgentNames.scheduler) assigns cores, and the pod's schedulerName is"
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
            throw Unfit(sentence: "the annotation \(AgentNames.coresAnnotation) is ignored: \(error)")
        }
        let size = layout.coresPerDevice(pod.resource)
        let lasting = pod.containers.filter { $0.role != .initializer }
        let sum = needed(pod.containers, size: size)
        guard sum == cores.count else {
            let asked = sum.map { String($0) } ?? "more than \(CoreSet.capacity)"
            throw Unfit(
                sentence: "the annotation \(AgentNames.coresAnnotation) is ignored: it has \(cores.count)"
                    + " cores and the pod's containers ask for \(asked)")
        }
        var start: [String: Int] = [:]
        var next = 0
        for container in lasting {
            start[container.name] = next
            next += container.count * size
        }
        return try pod.containers.map { container throws(Unfit) in
            // An init container begins behind the sidecars: what they hold stays theirs.
            let first = start[container.name] ?? sidecars(pod.containers, size: size)
            let part = CoreSet(cores[first..<first + container.count * size])
            guard let devices = layout.devices(part, resource: pod.resource) else {
                throw Unfit(
                    sentence:
                        "the annotation \(AgentNames.coresAnnotation) is ignored: cores \(part.list) are"
                        + " no whole devices of \(pod.resource)")
            }
            return (container.name, part, devices)
        }
    }

    private static func sidecars(_ containers: [BoundPod.Container], size: Int) -> Int {
        containers.reduce(0) { $1.role == .sidecar ? $0 + $1.count * size : $0 }
    }

    /// Cores that the pod takes: those that stay together, or a larger init container beside the sidecars. Counts come
    /// from a pod, so they are bounded before they are added; nil where one is larger than any node.
    private static func needed(_ containers: [BoundPod.Container], size: Int) -> Int? {
        guard containers.allSatisfy({ $0.count <= CoreSet.capacity }) else { return nil }
        let lasting = containers.reduce(0) { $1.role == .initializer ? $0 : $0 + $1.count * size }
        let beside = sidecars(containers, size: size)
        let largest = containers.filter { $0.role == .initializer }.map { $0.count * size }.max() ?? 0
        return max(lasting, beside + largest)
    }
}
