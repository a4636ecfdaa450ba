// A run of the suite: one case after the other, each in a namespace that is gone afterwards, whatever happened.

import GanglionAPI
import JSON
internal import KubernetesAPI
package import KubernetesClient
import SystemIO

/// Runs cases on a cluster.
package struct SuiteRun: Sendable {
    let client: KubernetesClient
    let settings: SuiteSettings
    let node: NodeFacts
    let proxies: Bool
    /// The label of all that this run makes.
    let identifier: String
    let say: @Sendable (String) -> Void

    /// A run, after a look at the cluster.
    ///
    /// - Throws: `NodeFacts.Unusable` or `KubernetesError` where there is nothing to test: one sentence.
    package init(
        _ client: KubernetesClient, _ settings: SuiteSettings, say: @escaping @Sendable (String) -> Void
    ) async throws {
        self.client = client
        self.settings = settings
        self.say = say
        node = try await NodeFacts.choose(settings.node, client)
        proxies = try await CaseContext.proxies(client)
        identifier = String(UInt32.random(in: 0 ... .max), radix: 36)
    }

    /// What is tested, in a line.
    package var subject: String {
        "node \(node.name), \(node.instanceType), \(node.coreCount) NeuronCores"
    }

    /// Runs the cases.
    ///
    /// The task may be cancelled: then the case that runs is ended, cleaned up and counted as failed, and no other begins.
    package func run(_ cases: [Case]) async -> [CaseResult] {
        var results: [CaseResult] = []
        for (index, item) in cases.enumerated() {
            guard !Task.isCancelled else { break }
            say("[\(index + 1)/\(cases.count)] \(item.name): \(item.sentence)")
            let result = await run(item)
            switch result.outcome {
            case .passed: say("passed in \(result.duration.seconds) s")
            case .skipped(let reason): say("left out: \(reason)")
            case .failed(let reason, let details):
                say("FAILED after \(result.duration.seconds) s: \(reason)")
                for detail in details { say("  " + detail) }
            }
            results.append(result)
        }
        return results
    }

    private func run(_ item: Case) async -> CaseResult {
        let start = ContinuousClock.now
        let namespace =
            "\(settings.namespacePrefix)-\(item.name.prefix(30))-\(identifier)"
        let context = CaseContext(
            client: client, settings: settings, node: node, namespace: namespace, say: say, proxies: proxies)
        var outcome: CaseResult.Outcome
        do {
            try await makeNamespace(namespace, item.name)
            let current = try await NodeFacts.read(node.name, client)
            try await item.run(
                CaseContext(
                    client: client, settings: settings, node: current, namespace: namespace, say: say,
                    proxies: proxies, undo: context.undo))
            outcome = .passed
        } catch let error as LeftOut {
            outcome = .skipped(error.description)
        } catch is CancellationError {
            outcome = .failed("the run was interrupted", details: [])
        } catch {
            let details = await Diagnosis(client: client, namespace: namespace).lines()
            outcome = .failed("\(error)", details: details)
        }
        // Not the cancelled task: what was begun is undone all the same.
        let isFailed = if case .failed = outcome { true } else { false }
        let keeps = isFailed && settings.keepsFailures
        let faults = await Task {
            var faults = await context.undo.all()
            if !keeps {
                do { try await clear(context) } catch { faults.append("\(error)") }
            }
            return faults
        }.value
        if keeps { say("namespace \(namespace) is left for you to look at") }
        if let first = faults.first {
            switch outcome {
            case .failed(let reason, let details): outcome = .failed(reason, details: details + faults)
            default:
                outcome = .failed("something is left behind: \(first)", details: Array(faults.dropFirst()))
            }
        }
        return CaseResult(item.name, item.sentence, outcome, took: ContinuousClock.now - start)
    }

    private func makeNamespace(_ name: String, _ item: String) async throws {
        try await client.create(
            .namespaces,
            [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": [
                    "name": .string(name),
                    "labels": [
                        "ganglion.dev/e2e-run": .string(identifier), "ganglion.dev/e2e-case": .string(item),
                        // A fault is written through a hostPath, which no stricter level lets.
                        "pod-security.kubernetes.io/enforce": "privileged",
                    ],
                ],
            ])
    }

    /// Deletes a case's namespace, and waits until its cores are free for the next.
    private func clear(_ context: CaseContext) async throws {
        let key = ObjectKey(name: context.namespace)
        try await context.eventually("namespace \(context.namespace) is deleted") {
            try await client.deleteIfPresent(.namespaces, key)
            return true
        }
        try await context.gone(.namespaces, key)
        // After the chart is uninstalled nobody keeps the inventory, if it is there at all.
        try await context.eventually("the cores of \(context.namespace) are free") {
            let key = ObjectKey(name: node.name)
            let now = NodeFacts(
                node: try await client.get(.nodes, key),
                neuronNode: try await client.getIfPresent(.neuronNodes, key) ?? .null)
            return now.allocatable == 0 || !now.allocations.contains { $0.namespace == context.namespace }
        }
    }
}

extension APIResource {
    /// Namespaces.
    static let namespaces = APIResource(
        version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
}

/// What the cluster says about a case that failed.
struct Diagnosis: Sendable {
    let client: KubernetesClient
    let namespace: String

    /// The state of its pods and servers, and the latest warnings.
    func lines() async -> [String] {
        var lines: [String] = []
        for pod in (try? await client.list(.pods, namespace: namespace))?.items?.array ?? [] {
            lines.append(CaseContext.summary(of: pod))
        }
        for server in (try? await client.list(.modelServers, namespace: namespace))?.items?.array ?? [] {
            let conditions = (server.status?.conditions?.array ?? []).map {
                "\($0.type?.string ?? "")=\($0.status?.string ?? "") \($0.message?.string ?? "")"
            }
            lines.append("ModelServer \(server.meta.name): " + conditions.joined(separator: "; "))
        }
        let events = (try? await client.list(.events, namespace: namespace))?.items?.array ?? []
        for event in events.filter({ $0.type == "Warning" }).suffix(10) {
            lines.append(
                "event \(event.reason?.string ?? "") on \(event.regarding?.name?.string ?? ""): "
                    + (event.note?.string ?? ""))
        }
        return lines
    }
}
