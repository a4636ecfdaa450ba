// What kube-scheduler and an extender say to each other (k8s.io/kube-scheduler/extender/v1). Those Go types have no names for
// JSON, so their fields go by their Go names.

internal import JSON

/// `ExtenderArgs`: a pod and the nodes that are left for it, as objects or, with `nodeCacheCapable`, by name.
struct ExtenderArguments: Codable, Equatable, Sendable {
    /// The pod, as the API has it.
    var pod: JSON
    /// A NodeList; nil or null with `nodeCacheCapable`.
    var nodes: JSON?
    /// nil without `nodeCacheCapable`.
    var nodeNames: [String]?

    private enum CodingKeys: String, CodingKey {
        case pod = "Pod"
        case nodes = "Nodes"
        case nodeNames = "NodeNames"
    }
}

/// `ExtenderFilterResult`.
struct ExtenderFilterResult: Codable, Equatable, Sendable {
    /// The nodes that are left, as they came; nil where names came.
    var nodes: JSON?
    /// The names of the nodes that are left; nil where objects came.
    var nodeNames: [String]?
    /// Why others cannot take the pod now, by node.
    var failedNodes: [String: String] = [:]
    /// Why others can never take it, whatever goes from them.
    var failedAndUnresolvableNodes: [String: String] = [:]
    /// Why nothing can be said; empty for nothing.
    var error = ""

    private enum CodingKeys: String, CodingKey {
        case nodes = "Nodes"
        case nodeNames = "NodeNames"
        case failedNodes = "FailedNodes"
        case failedAndUnresolvableNodes = "FailedAndUnresolvableNodes"
        case error = "Error"
    }
}

/// `HostPriority`.
struct HostPriority: Codable, Equatable, Sendable {
    /// The node.
    var host: String
    /// 0 to `maximum`.
    var score: Int

    /// The best score (MaxExtenderPriority).
    static let maximum = 10

    private enum CodingKeys: String, CodingKey {
        case host = "Host"
        case score = "Score"
    }
}

/// `ExtenderBindingArgs`.
struct ExtenderBindingArguments: Codable, Equatable, Sendable {
    /// The pod's name.
    var podName: String
    /// The pod's namespace.
    var podNamespace: String
    /// Of this pod and no later one of the name.
    var podUID: String
    /// Where the scheduler wants the pod.
    var node: String

    private enum CodingKeys: String, CodingKey {
        case podName = "PodName"
        case podNamespace = "PodNamespace"
        case podUID = "PodUID"
        case node = "Node"
    }
}

/// `ExtenderBindingResult`.
struct ExtenderBindingResult: Codable, Equatable, Sendable {
    /// Why the pod is not bound; empty where it is.
    var error = ""

    private enum CodingKeys: String, CodingKey { case error = "Error" }
}

/// `ExtenderPreemptionArgs`: what may go from which nodes, as objects or, with `nodeCacheCapable`, by uid.
struct ExtenderPreemptionArguments: Codable, Equatable, Sendable {
    /// `Victims`.
    struct Victims: Codable, Equatable, Sendable {
        /// Go writes null for none, as where nothing has to go from a node.
        var pods: [JSON]?
        /// How many of them a budget does not let go.
        var violations: Int

        private enum CodingKeys: String, CodingKey {
            case pods = "Pods"
            case violations = "NumPDBViolations"
        }
    }

    /// The pod for which others may go.
    var pod: JSON
    /// By node; nil with `nodeCacheCapable`.
    var victims: [String: Victims]?
    /// By node; nil without `nodeCacheCapable`.
    var metaVictims: [String: MetaVictims]?

    private enum CodingKeys: String, CodingKey {
        case pod = "Pod"
        case victims = "NodeNameToVictims"
        case metaVictims = "NodeNameToMetaVictims"
    }
}

/// `MetaVictims`.
struct MetaVictims: Codable, Equatable, Sendable {
    /// `MetaPod`.
    struct MetaPod: Codable, Equatable, Sendable {
        /// The pod's.
        var uid: String

        private enum CodingKeys: String, CodingKey { case uid = "UID" }
    }

    /// Go writes null for none.
    var pods: [MetaPod]?
    /// How many of them a budget does not let go.
    var violations: Int

    private enum CodingKeys: String, CodingKey {
        case pods = "Pods"
        case violations = "NumPDBViolations"
    }
}

/// `ExtenderPreemptionResult`: always by uid.
struct ExtenderPreemptionResult: Codable, Equatable, Sendable {
    /// By node.
    var metaVictims: [String: MetaVictims] = [:]

    private enum CodingKeys: String, CodingKey { case metaVictims = "NodeNameToMetaVictims" }
}
