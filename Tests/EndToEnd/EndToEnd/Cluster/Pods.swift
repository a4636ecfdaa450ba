// Pods as a user handles them: made, watched, read, deleted.

import JSON
import KubernetesAPI
import KubernetesClient
import NeuronTools

extension CaseContext {
    /// Makes a pod on the node under test.
    func create(_ form: PodForm) async throws {
        let object = form.json(namespace: namespace, node: node.name, image: settings.image)
        // A new namespace gets its service account a moment later, and takes no pod before.
        try await eventually("the namespace takes pods", within: .seconds(30)) { () -> Look<Void> in
            do {
                try await client.create(.pods, object)
                return .found(())
            } catch let error as KubernetesError
                where error.code == 403 && "\(error)".contains("serviceaccount")
            {
                return .notYet("\(error)")
            } catch let error as KubernetesError where error.isAlreadyExists {
                return .found(())  // an answer that was lost
            }
        }
    }

    func pod(_ name: String) async throws -> JSON {
        try await client.get(.pods, ObjectKey(namespace: namespace, name: name))
    }

    /// Waits until every container that stays is running.
    ///
    /// - Throws: `PodEnded` when the pod has ended instead.
    @discardableResult
    func running(_ name: String, within limit: Duration? = nil) async throws -> JSON {
        try await eventually("pod \(name) runs", within: limit) {
            let pod = try await pod(name)
            switch pod.status?.phase?.string {
            case "Failed", "Succeeded": throw PodEnded(pod)
            case "Running":
                let statuses = pod.status?.containerStatuses?.array ?? []
                return !statuses.isEmpty && statuses.allSatisfy { $0.state?.running != nil }
                    ? .found(pod) : .notYet(Self.summary(of: pod))
            default: return .notYet(Self.summary(of: pod))
            }
        }
    }

    /// The report in a container's log.
    func report(_ pod: String, _ container: String = "main") async throws -> ContainerReport {
        try await eventually("\(pod)/\(container) has reported", within: .seconds(30)) {
            let log: String
            do {
                log = try await client.log(
                    of: ObjectKey(namespace: namespace, name: pod), container: container)
            } catch let error as KubernetesError where error.code == 400 || error.isNotFound {
                return .notYet("\(error)")
            }
            guard let line = log.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
                return .notYet(log.isEmpty ? "the log is empty" : log)
            }
            return .found(try ContainerReport(JSON(parsing: String(line))))
        }
    }

    /// Makes a pod of one container, waits for it, and judges what it was given.
    ///
    /// - Returns: the node's numbers of its cores.
    @discardableResult
    func given(_ form: PodForm) async throws -> [Int] {
        try await create(form)
        try await running(form.name)
        return try await judged(form.name, form.containers[0])
    }

    /// As `given`, for a node that promises for some seconds cores that the kubelet cannot give, and refuses pods: its plugin has
    /// just been restarted, or what was given as chips is not yet told to be free as cores. Whoever makes pods makes others
    /// then, and so does this.
    ///
    /// - Returns: the pod that the node took, and the node's numbers of its cores.
    func givenAgain(_ name: String, cores: Int) async throws -> (pod: String, cores: [Int]) {
        var attempt = 0
        return try await eventually("the node takes pods again") {
            attempt += 1
            let form = PodForm("\(name)-\(attempt)", cores: cores)
            do {
                return .found((form.name, try await given(form)))
            } catch let error as PodEnded where error.isRefusal {
                try await remove(form.name)
                return .notYet(error.description)
            }
        }
    }

    /// Judges what a running container was given: NeuronCores, as many as it asked for, that it can use.
    ///
    /// - Returns: the node's numbers of its cores.
    @discardableResult
    func judged(_ pod: String, _ container: ContainerForm) async throws -> [Int] {
        let report = try await report(pod, container.name)
        let isChips = container.resource == NodeFacts.chipResource
        let count = container.amount * (isChips ? node.coresPerChip : 1)
        try accept(
            Verdict.usable(report, cores: count, topology: node.topology, instanceType: node.instanceType),
            "\(pod)/\(container.name)")
        return report.cores(ContainerReport.hostCores) ?? []
    }

    /// Waits until the node's inventory says of a container what the container says.
    func published(_ pod: String, _ cores: [Int], in container: String = "main") async throws {
        try await eventually("NeuronNode \(node.name) has the cores of \(pod)") { () -> Look<Void> in
            let now = try await nodeNow()
            let entry = now.allocations.first {
                $0.namespace == namespace && $0.pod == pod && $0.container == container
            }
            guard let entry else { return .notYet("there is no entry of \(pod)/\(container)") }
            return entry.cores == cores ? .found(()) : .notYet("\(pod)/\(container) has \(entry.cores)")
        }
    }

    /// Deletes a pod and waits until it is gone.
    func remove(_ name: String) async throws {
        let key = ObjectKey(namespace: namespace, name: name)
        try await client.deleteIfPresent(.pods, key)
        try await gone(.pods, key)
    }

    /// Waits until an object is gone.
    func gone(_ resource: APIResource, _ key: ObjectKey) async throws {
        try await eventually("\(resource.kind) \(key.name) is gone") { () -> Look<Void> in
            guard let object = try await client.getIfPresent(resource, key) else { return .found(()) }
            return .notYet(object.meta.isTerminating ? "it is being deleted" : "it is there")
        }
    }

    /// Waits until a pod has been told why it has no node.
    func unschedulable(_ name: String) async throws -> String {
        try await eventually("pod \(name) is told why it cannot run") {
            let pod = try await pod(name)
            try require(
                pod.spec?.nodeName == nil, "pod \(name) has a node, \(pod.spec?.nodeName?.string ?? "")")
            let condition = pod.status?.conditions?.array?.first { $0.type == "PodScheduled" }
            guard condition?.status == "False", condition?.reason == "Unschedulable",
                let message = condition?.message?.string, !message.isEmpty
            else { return .notYet(Self.summary(of: pod)) }
            return .found(message)
        }
    }

    /// A pod's state in a line: the phase, what holds it up, and how containers ended.
    static func summary(of pod: JSON) -> String {
        var parts = ["pod \(pod.meta.name) is \(pod.status?.phase?.string ?? "without a phase")"]
        if let reason = pod.status?.reason?.string {
            parts.append("\(reason): \(pod.status?.message?.string ?? "")")
        }
        for condition in pod.status?.conditions?.array ?? []
        where condition.type == "PodScheduled" && condition.status == "False" {
            parts.append("not scheduled: \(condition.message?.string ?? "")")
        }
        for list in ["initContainerStatuses", "containerStatuses"] {
            for status in pod.status?[list]?.array ?? [] {
                let name = status.name?.string ?? ""
                if let waiting = status.state?.waiting {
                    let message = waiting.message?.string.map { ": " + $0 } ?? ""
                    parts.append("\(name) waits, \(waiting.reason?.string ?? "")\(message)")
                }
                if let ended = status.state?.terminated {
                    parts.append(
                        "\(name) ended with \(ended.exitCode?.int ?? -1), \(ended.reason?.string ?? "")")
                }
            }
        }
        return parts.joined(separator: "; ")
    }
}

/// A pod that was to stay has ended.
struct PodEnded: Error, CustomStringConvertible {
    let pod: JSON

    init(_ pod: JSON) { self.pod = pod }

    var description: String { CaseContext.summary(of: pod) }

    /// Whether the node refused it for want of devices: what happens to a pod that was bound before the node could know.
    var isRefusal: Bool {
        let reason = pod.status?.reason?.string ?? ""
        return reason == "UnexpectedAdmissionError" || reason.hasPrefix("OutOf")
    }

    /// Whether the kubelet would have given it a device of another pod, which the plugin did not let it: a fault of kubelets
    /// before 1.38.
    var isGivenTwice: Bool {
        isRefusal && pod.status?.message?.string?.contains("kubernetes #137534") == true
    }
}

extension KubernetesClient {
    /// Reads an object; nil where it does not exist.
    func getIfPresent(_ resource: APIResource, _ key: ObjectKey) async throws(KubernetesError) -> JSON? {
        do throws(KubernetesError) {
            return try await get(resource, key)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Deletes an object; one that does not exist is no error.
    func deleteIfPresent(_ resource: APIResource, _ key: ObjectKey) async throws(KubernetesError) {
        do throws(KubernetesError) {
            try await delete(resource, key)
        } catch {
            guard error.isNotFound else { throw error }
        }
    }
}
