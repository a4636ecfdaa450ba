// Cores that can be held in two ways: as two resources, or as devices of two layouts, of which a running pod has the earlier
// (logical_nc_config has changed). The kubelet takes them for unrelated and would give one core twice, so the plugin keeps
// the books: what one resource has given away is unhealthy in the other's list, and Allocate refuses what the list could
// not yet tell. The truth is the kubelet's own account, PodResources; an Allocate counts until that account has had
// time to show it, for there is no word of a container's end.

internal import KubeletAPI
package import Placement
internal import SystemIO

/// Which resource holds which cores.
package struct CoreGuard: Equatable, Sendable {
    /// How long a core must be missing in the kubelet's account before it is free.
    ///
    /// A kubelet that has just started has not admitted its pods again and lists none of them.
    package static let release = Duration.seconds(15)

    /// How long after a registration the kubelet may be busy with pods of which its account does not tell yet.
    package static let settling = Duration.seconds(30)

    /// What cores count as that a pod holds as devices of another layout.
    package static func otherLayout(of resource: String) -> String {
        "\(resource) of another logical core size"
    }

    /// By resource and core: since when the kubelet's account lacks it; nil while it has it.
    private var held: [String: [Int: Duration?]] = [:]
    /// Whether the kubelet has been heard: before that, nothing is known to be free.
    package private(set) var isKnown = false

    /// Nobody holds anything, as far as is known.
    package init() {}

    /// The cores that other resources hold.
    package func heldByOthers(than resource: String) -> CoreSet {
        held.reduce(into: CoreSet()) { cores, entry in
            guard entry.key != resource else { return }
            for core in entry.value.keys { cores.insert(core) }
        }
    }

    /// The cores that are held as one resource.
    package func held(as resource: String) -> CoreSet { CoreSet((held[resource] ?? [:]).keys) }

    /// Whether the account lacks cores that are not free yet: read it again soon.
    package var isSettling: Bool { held.values.contains { $0.values.contains { $0 != nil } } }

    /// Cores are about to be given to a container.
    ///
    /// - Throws: `AllocationError.heldAs` when another resource has given one of them.
    package mutating func claim(_ cores: CoreSet, for resource: String) throws(AllocationError) {
        for (other, taken) in held.sorted(by: { $0.key < $1.key }) where other != resource {
            let both = CoreSet(taken.keys).intersection(cores)
            guard both.isEmpty else { throw .heldAs(other, both) }
        }
        for core in cores { held[resource, default: [:]].updateValue(nil, forKey: core) }
    }

    /// Takes the kubelet's account.
    ///
    /// - Parameters:
    ///   - listed: the cores that containers hold, by resource.
    ///   - isFirst: the first account of a connection: what it lacks is missing from now on.
    ///   - now: on any clock that does not jump.
    package mutating func receive(_ listed: [String: CoreSet], isFirst: Bool, now: Duration) {
        isKnown = true
        for (resource, cores) in listed {
            for core in cores { held[resource, default: [:]].updateValue(nil, forKey: core) }
        }
        for (resource, cores) in held {
            for (core, missing) in cores where listed[resource]?.contains(core) != true {
                if let missing, !isFirst {
                    if now - missing >= Self.release { held[resource]?.removeValue(forKey: core) }
                } else {
                    held[resource]?.updateValue(now, forKey: core)
                }
            }
        }
    }
}
