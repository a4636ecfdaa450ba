// What a case works with: a namespace of its own, the node, and a way to wait that says what it waits for.

import Arguments
import JSON
import KubernetesClient
import Placement
import SystemIO

/// The surroundings of one case.
struct CaseContext: Sendable {
    let client: KubernetesClient
    let settings: SuiteSettings
    /// The node as it was when the case began.
    let node: NodeFacts
    /// The case's own.
    let namespace: String
    /// Says what is going on.
    let say: @Sendable (String) -> Void
    /// Whether the API server passes requests on to pods and services.
    let proxies: Bool
    /// What is to be undone however the case ends.
    var undo = Undo()

    /// What a look has found.
    enum Look<Value> {
        case found(Value)
        /// What is there instead, for the sentence of a failure.
        case notYet(String)
    }

    /// Looks again and again until something is found. The API has no event for most of what users see come true.
    ///
    /// - Throws: `CaseFailure` with what was seen last when the time is over; what `look` throws, unless it may pass.
    func eventually<Value>(
        _ what: String, within limit: Duration? = nil, every pause: Duration = .milliseconds(200),
        _ look: () async throws -> Look<Value>
    ) async throws -> Value {
        let limit = limit ?? settings.timeout
        let deadline = ContinuousClock.now + limit
        var last = "nothing was seen"
        var isSaid = false
        while true {
            do {
                switch try await look() {
                case .found(let value): return value
                case .notYet(let state): last = state
                }
            } catch let error as KubernetesError where error.isTransient {
                last = "\(error)"
            }
            if !isSaid {
                say("waiting: \(what)")
                isSaid = true
            }
            guard ContinuousClock.now < deadline else {
                throw CaseFailure("not within \(limit.argumentText): \(what); last seen: \(last)")
            }
            try await Task.sleep(for: pause)
        }
    }

    /// Waits until something is true.
    func eventually(
        _ what: String, within limit: Duration? = nil, _ isTrue: () async throws -> Bool
    ) async throws {
        try await eventually(what, within: limit) {
            try await isTrue() ? .found(()) : .notYet("it is not so")
        }
    }

    /// The node now.
    func nodeNow() async throws -> NodeFacts { try await NodeFacts.read(node.name, client) }

    /// Leaves the case out unless the whole node is free.
    func requireIdleNode() async throws {
        let now = try await nodeNow()
        guard now.freeCores == now.coreCount else {
            let holders = now.allocations.map { "\($0.namespace)/\($0.pod)" }
            throw LeftOut(
                "\(now.freeCores) of \(now.coreCount) cores of \(now.name) are free, held by "
                    + "\(holders.isEmpty ? "nobody: a chip is unhealthy" : holders.joined(separator: ", "))")
        }
    }

    /// The group sizes among `wanted` that this node's family takes and that fit on it.
    func validSizes(_ wanted: [Int]) -> [Int] {
        let valid = Set(node.topology.validCoreCounts)
        return wanted.filter { valid.contains($0) && $0 <= node.allocatable }
    }
}

/// What has to be undone, the latest first.
final class Undo: Sendable {
    private let steps = Lock<[@Sendable () async throws -> Void]>([])

    func later(_ step: @escaping @Sendable () async throws -> Void) { steps.withLock { $0.append(step) } }

    /// Undoes everything that is still to be undone.
    ///
    /// - Returns: what could not be undone, in sentences.
    func all() async -> [String] {
        var faults: [String] = []
        while let step = steps.withLock({ $0.popLast() }) {
            do { try await step() } catch { faults.append("\(error)") }
        }
        return faults
    }
}
