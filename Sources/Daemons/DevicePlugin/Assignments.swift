// Groups that the operator has chosen for pods of this node, as the node agent tells them. The kubelet does not say
// for which pod it asks, so a group is taken by its size, in the order in which the pods were bound: the kubelet admits
// in that order, and groups of one size are interchangeable. What is free is the kubelet's to say, not ours.

package import KubeletAPI
package import Placement

/// The groups that are assigned and may not have been taken yet.
package struct Assignments: Equatable, Sendable {
    /// An assigned group.
    package struct Group: Equatable, Sendable {
        /// Its cores.
        package var cores: CoreSet
        /// How many devices it is.
        package var size: Int
        /// `namespace/name/container`, for logs.
        package var holder: String
    }

    /// The most containers that are kept: more than a kubelet would run (110 pods by default).
    package static let maximum = 4_096

    /// In the order in which the pods were bound.
    package private(set) var groups: [Group] = []

    /// No assignments.
    package init() {}

    /// Takes all assignments of one resource; those that can never be honoured are told, the others are kept.
    ///
    /// - Parameter resource: assignments of other resources are left out without a word.
    package init(
        _ assignments: [NodePluginAPI.Assignment], resource: String, catalog: DeviceCatalog?,
        rejected: inout [NodePluginAPI.RejectedAssignment]
    ) {
        let ours = assignments.filter { $0.resource == resource }
            .sorted { ($0.boundAt, $0.podUID, $0.container) < ($1.boundAt, $1.podUID, $1.container) }
        for (index, assignment) in ours.enumerated() {
            func reject(_ reason: String) {
                rejected.append(
                    .init(podUID: assignment.podUID, container: assignment.container, reason: reason))
            }
            guard index < Self.maximum else {
                reject("there are more than \(Self.maximum) assignments")
                continue
            }
            guard let catalog else {
                reject("no devices are known yet")
                continue
            }
            let ids = Set(assignment.deviceIDs)
            guard !ids.isEmpty else {
                reject("it has no devices")
                continue
            }
            if let unknown = ids.sorted().first(where: { catalog.device($0) == nil }) {
                reject("there is no device \(unknown) of \(resource)")
                continue
            }
            groups.append(
                Group(
                    cores: catalog.cores(ids), size: ids.count,
                    holder: "\(assignment.podNamespace)/\(assignment.podName)/\(assignment.container)"))
        }
    }

    /// The first group of this many devices that is all available and holds what is required.
    package func group(size: Int, available: CoreSet, mustInclude: CoreSet) -> Group? {
        groups.first {
            $0.size == size && $0.cores.isSubset(of: available) && mustInclude.isSubset(of: $0.cores)
        }
    }

    /// The cores of groups that are still all available: somebody will come for them.
    package func outstanding(available: CoreSet) -> CoreSet {
        groups.reduce(CoreSet()) { $1.cores.isSubset(of: available) ? $0.union($1.cores) : $0 }
    }
}
