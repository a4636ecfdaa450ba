// Which events to write: each change once. What was published before is where it starts, so that an agent that is
// started again does not tell old news.

internal import GanglionAPI
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
                guard unhealthy.insert(chip.index).inserted else { continue }
                notes.append(
                    EventNote(
                        .warning, about: node, reason: chip.eventReason, action: "CheckHealth",
                        note: "neuron\(chip.index) is unhealthy, its cores are no longer handed out: \(fault)"
                    )
                )
            } else if unhealthy.remove(chip.index) != nil {
                notes.append(
                    EventNote(
                        .normal, about: node, reason: "ChipHealthy", action: "CheckHealth",
                        note: "neuron\(chip.index) is healthy again"))
            }
        }
        return notes
    }

    /// Containers that hold other cores than were assigned, and annotations that are no assignment.
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

extension NodeLayout.Chip {
    /// Why an event about the chip is written: one word for each kind of fault, such as `ChipMemoryRepairable`; of several
    /// faults the first counts.
    fileprivate var eventReason: String {
        guard let kind = faults.first?.kind, kind != .unknown else { return "ChipUnhealthy" }
        return "Chip\(kind.rawValue)"
    }
}
