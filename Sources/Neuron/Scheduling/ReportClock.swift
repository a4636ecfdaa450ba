// Whether the agents that have written reports are still there. Clocks of machines differ, so nobody's time is compared with
// another's: as with client-go's leases, a report is current while its time changes, seen by the observer's own clock.

internal import GanglionAPI
package import KubernetesAPI

/// When the time of each node's report was last seen to change.
package struct ReportClock: Sendable {
    /// None has been seen.
    package init() {}

    private var seen: [String: (time: Timestamp, since: Duration)] = [:]

    /// Whether a node's report is current.
    ///
    /// - Parameters:
    ///   - time: what stands in the report; nil, which agents wrote that renewed nothing, is never current.
    ///   - now: on any clock that does not jump.
    package mutating func isCurrent(_ node: String, time: Timestamp?, now: Duration) -> Bool {
        guard let time else {
            seen[node] = nil
            return false
        }
        guard let known = seen[node], known.time == time else {
            seen[node] = (time, now)
            return true
        }
        return now - known.since < NeuronNodeStatus.validity
    }

    /// Forgets all nodes but these.
    package mutating func keep(_ nodes: Set<String>) { seen = seen.filter { nodes.contains($0.key) } }
}
