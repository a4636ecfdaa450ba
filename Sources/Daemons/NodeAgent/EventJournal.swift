// Which events to write: each change once. What was published before is where it starts, so that an agent that is
// started again does not tell old news.

internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// Turns what is known into notes about what is new.
struct EventJournal: Equatable, Sendable {
    private struct Remark: Hashable {
        var pod: String
        var text: String
    }

    /// Chips that were unhealthy when last looked at.
    private var unhealthy: Set<Int>
    /// What was wrong with them, as far as the plugin has said it to this agent.
    private var kinds: [Int: Set<NodePluginAPI.Fault.Kind>] = [:]
    /// What has been said of pods that are still there.
    private var remarks: Set<Remark> = []

    /// A journal that begins with what is published.
    init(published status: NeuronNodeStatus?) {
        unhealthy = Set((status?.chips ?? []).lazy.filter { $0.health == .unhealthy }.map(\.index))
    }

    /// Chips whose health has changed since the last time, as notes about the node.
    mutating func notes(on layout: NodeLayout, node: ObjectReference) -> [EventNote] {
        var notes: [EventNote] = []
        for chip in layout.chips {
            if let fault = chip.fault {
                let kinds = chip.faults.map(\.kind)
                let before = self.kinds.updateValue(Set(kinds), forKey: chip.index)
                // A count that goes on is no news, another kind of fault is: it may need another mend.
                guard unhealthy.insert(chip.index).inserted || (before.map { $0 != Set(kinds) } ?? false)
                else { continue }
                notes.append(
                    EventNote(
                        .warning, about: node,
                        reason: NodePluginAPI.Fault.Kind.foremost(kinds).eventReason, action: "CheckHealth",
                        note: "neuron\(chip.index) is unhealthy, its cores are no longer handed out: \(fault)"
                    )
                )
            } else if unhealthy.remove(chip.index) != nil {
                kinds[chip.index] = nil
                notes.append(
                    EventNote(
                        .normal, about: node, reason: "ChipHealthy", action: "CheckHealth",
                        note: "neuron\(chip.index) is healthy again"))
            }
        }
        return notes
    }

    /// Containers that hold other cores than were assigned, annotations that are no assignment, and containers that would use
    /// other cores than they hold.
    mutating func notes(
        on groups: AssignedGroups, holdings: [Holding], topology: CoreTopology?, pods: [BoundPod]
    ) -> [EventNote] {
        let alive = Set(pods.map(\.uid))
        remarks = remarks.filter { alive.contains($0.pod) }
        var notes: [EventNote] = []
        func note(_ type: EventType, _ pod: BoundPod, _ reason: String, _ text: String) {
            guard remarks.insert(Remark(pod: pod.uid, text: text)).inserted else { return }
            notes.append(
                EventNote(type, about: pod.pod.reference, reason: reason, action: "Allocate", note: text))
        }
        // The driver's numbers count from the chips that a container sees, and a privileged one sees all of the node.
        for pod in pods where !pod.pod.isTerminal {
            for container in pod.privilegedRequests {
                note(
                    .warning, pod, "PrivilegedSeesAllChips",
                    "container \(container) is privileged and sees all chips of the node, from the first on: its"
                        + " NEURON_RT_VISIBLE_CORES counts from the chips that it was given, and names cores of others;"
                        + " run it without privileged, or take the numbers of GANGLION_HOST_CORES")
            }
        }
        for fault in groups.faults { note(.warning, fault.pod, "AssignmentIgnored", fault.sentence) }
        for group in groups.groups where group.isTaken {
            guard
                let held = holdings.first(where: {
                    $0.pod == group.pod.key && $0.container == group.container
                })?.cores, held != group.cores
            else { continue }
            let text =
                "container \(group.container) has cores \(held.list), assigned were \(group.cores.list)"
            // Groups of one size are as good as each other; cores that the runtime cannot use together are not.
            if topology?.isUsableByRuntime(held) == false {
                note(
                    .warning, group.pod, "AllocationDiffers",
                    text + "; the Neuron runtime cannot use these as one group")
            } else {
                note(.normal, group.pod, "AllocationDiffers", text)
            }
        }
        return notes
    }
}
