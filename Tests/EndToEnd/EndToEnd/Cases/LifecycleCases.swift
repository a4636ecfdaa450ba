// The chart comes and goes. What installs it is the user's to name: Helm, or whatever else.

import JSON
import KubernetesAPI
import KubernetesClient
import NeuronTools

extension Case {
    static let lifecycleCases = [
        Case("chart-upgrade", "pods keep their cores while the chart is upgraded, and new ones get theirs") {
            context in
            guard let command = context.settings.upgradeCommand else {
                throw LeftOut(
                    "the suite does not know how the chart was installed: name a command with --upgrade-command"
                )
            }
            let held = try await context.given(PodForm("held", cores: 2))
            try await shell(command)
            try await context.eventually("all cores are allocatable") {
                try await context.nodeNow().allocatable == context.node.allocatable
            }
            let pod = try await context.pod("held")
            try require(
                pod.status?.phase == "Running" && pod.status?.containerStatuses?[0]?.restartCount == 0,
                CaseContext.summary(of: pod))
            try await context.published("held", held)
            let after = try await context.givenAgain("after", cores: 2).cores
            try accept(Verdict.shared([("held", held), ("after", after)]), "after the upgrade")
        },
        Case(
            "chart-uninstall",
            "after the chart is uninstalled the node has no NeuronCore to give, and pods go on"
        ) {
            context in
            guard let command = context.settings.uninstallCommand else {
                throw LeftOut(
                    "the suite does not know how the chart was installed: name a command with --uninstall-command"
                )
            }
            try await context.given(PodForm("held", cores: 2))
            try await shell(command)
            try await context.eventually("no NeuronCore is allocatable") {
                let node = try await context.client.get(.nodes, ObjectKey(name: context.node.name))
                return NodeFacts(node: node, neuronNode: .null).allocatable == 0
            }
            let pod = try await context.pod("held")
            try require(pod.status?.phase == "Running", CaseContext.summary(of: pod))
        },
    ]
}
