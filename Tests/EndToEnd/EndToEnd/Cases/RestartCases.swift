// Components end while pods run and come and go. What runs stays as it was, and the node takes pods afterwards.

import JSON
import KubernetesAPI
import KubernetesClient
import NeuronTools

/// What can be restarted.
private enum Component: String, CaseIterable {
    case plugin = "device-plugin"
    case agent = "node-agent"
    case scheduler = "operator"
    case kubelet

    /// The label of the pods that it is part of, where it is part of pods.
    var podLabel: String? {
        switch self {
        case .plugin, .agent: "app.kubernetes.io/name=ganglion-node"
        case .scheduler: "app.kubernetes.io/name=ganglion-operator"
        case .kubelet: nil
        }
    }
}

extension Case {
    static let restartCases = Component.allCases.map { component in
        Case(
            "restart-\(component.rawValue)",
            "when the \(component.rawValue) is restarted under load, pods keep their cores and new ones get theirs"
        ) { context in
            let sizes = context.validSizes([4, 2, 1])
            let needed = sizes.reduce(0, +)
            try require(node: context.node.allocatable >= needed + 2, "the node has too few NeuronCores")
            let restart = try await context.restart(of: component)
            var held: [String: Holder] = [:]
            for size in sizes {
                let form = PodForm("held-\(size)", cores: size)
                _ = try await context.given(form)
                held[form.name] = try await context.holder(form.name)
            }
            let load = Churn(
                context, sizes: context.validSizes([1, 2]), width: 3, name: "load", allowsRefusals: true)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await load.run(.max) }
                group.addTask {
                    defer { load.stop() }
                    try await context.eventually("pods come and go") { load.begun > 3 }
                    try await restart()
                    // Pods have begun and ended since.
                    let mark = load.begun + 6
                    try await context.eventually("pods come and go again") { load.begun >= mark }
                }
                while try await group.next() != nil {}
            }
            context.say("\(load.begun) pods came and went, the node refused \(load.refusals)")
            for (name, before) in held.sorted(by: { $0.key < $1.key }) {
                let after = try await context.holder(name)
                try require(before == after, "\(name) was \(before), and is \(after)")
                try await context.published(name, before.report.cores(ContainerReport.hostCores) ?? [])
            }
            try await context.eventually("all cores are allocatable") { () -> CaseContext.Look<Void> in
                let now = try await context.nodeNow()
                return now.allocatable == context.node.allocatable
                    ? .found(()) : .notYet("\(now.allocatable) are allocatable")
            }
            let cores = try await context.givenAgain("after", cores: sizes.last ?? 1).cores
            let others = held.map { ($0.key, $0.value.report.cores(ContainerReport.hostCores) ?? []) }
            try accept(Verdict.shared(others + [("after", cores)]), "after the restart")
        }
    }
}

/// A pod that must not change: its container, how often it was started, and what it was given.
private struct Holder: Equatable, CustomStringConvertible {
    var container: String
    var restarts: Int
    var report: ContainerReport

    var description: String {
        "\(container), restarted \(restarts) times, with cores \(report.environment[ContainerReport.hostCores] ?? "-")"
    }
}

extension CaseContext {
    fileprivate func holder(_ name: String) async throws -> Holder {
        let status = try await pod(name).status?.containerStatuses?[0]
        return Holder(
            container: status?.containerID?.string ?? "", restarts: status?.restartCount?.int ?? -1,
            report: try await report(name))
    }

    /// How a component is restarted here.
    ///
    /// - Throws: `LeftOut` where it cannot be.
    fileprivate func restart(of component: Component) async throws -> @Sendable () async throws -> Void {
        guard let label = component.podLabel else {
            guard let command = settings.kubeletRestartCommand else {
                throw LeftOut("no API restarts a kubelet: name a command with --kubelet-restart-command")
            }
            return { try await shell(command) }
        }
        let pods =
            try await client.list(
                .pods, namespace: settings.systemNamespace, query: ["labelSelector": label]
            ).items?.array ?? []
        let own = component == .scheduler ? pods : pods.filter { $0.spec?.nodeName?.string == node.name }
        guard !own.isEmpty else {
            guard let command = settings.restartCommand else {
                throw LeftOut(
                    "namespace \(settings.systemNamespace) has no pod with \(label): name it with --system-namespace, or a "
                        + "command with --restart-command")
            }
            return { try await shell(command, component.rawValue) }
        }
        guard component != .agent else {
            throw LeftOut("the node agent is in the device plugin's pod: restart-device-plugin restarts both")
        }
        return {
            for pod in own { try await client.delete(.pods, pod.objectKey, uid: pod.meta.uid) }
            try await replaced(own, label: label)
        }
    }

    /// Waits until others have taken the place of pods.
    private func replaced(_ old: [JSON], label: String) async throws {
        let uids = Set(old.map(\.meta.uid))
        try await eventually("pods with \(label) are ready again") { () -> Look<Void> in
            let pods =
                try await client.list(
                    .pods, namespace: settings.systemNamespace, query: ["labelSelector": label]
                ).items?.array ?? []
            let ready = pods.filter { pod in
                !uids.contains(pod.meta.uid)
                    && pod.status?.conditions?.array?.contains { $0.type == "Ready" && $0.status == "True" }
                        == true
            }
            return ready.count >= old.count
                ? .found(()) : .notYet(pods.map(Self.summary).joined(separator: "; "))
        }
    }
}
