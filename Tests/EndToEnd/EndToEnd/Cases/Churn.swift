// Pods of mixed sizes come and go, as many at a time as are asked for. Each says what it was given; no core may have two
// holders between the report of a pod and its deletion, nor in any state that the node's inventory shows.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import NeuronTools
import SystemIO

/// A number of pods, one after the other in each of several places.
struct Churn: Sendable {
    let context: CaseContext
    /// The NeuronCores of the pods, in turn.
    let sizes: [Int]
    /// Pods at a time.
    let width: Int
    /// The beginning of the pods' names.
    let name: String
    /// Whether the node may refuse pods that it had been given: while a component is down it must.
    let allowsRefusals: Bool

    private struct State {
        var next = 0
        var refused = 0
        var unusable = 0
        var givenTwice = 0
        var isStopped = false
        /// Pods that have begun and do not run yet.
        var waiting: Set<Int> = []
        var holdings: [String: [Int]] = [:]
    }
    private let state = Lock(State())

    init(
        _ context: CaseContext, sizes: [Int], width: Int, name: String = "churn", allowsRefusals: Bool = false
    ) {
        self.context = context
        self.sizes = sizes
        self.width = width
        self.name = name
        self.allowsRefusals = allowsRefusals
    }

    /// No further pod begins.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Pods that have begun.
    var begun: Int { state.withLock { $0.next } }

    /// Pods that the node refused.
    var refusals: Int { state.withLock { $0.refused } }

    /// Pods that were given cores that the runtime cannot use as one group.
    var unusable: Int { state.withLock { $0.unusable } }

    /// Pods for which the kubelet had devices of others, which the plugin refused.
    var givenTwice: Int { state.withLock { $0.givenTwice } }

    /// Runs `count` pods, or as many as begin before `stop`.
    func run(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask {
                    while let number = try await begin(below: count) { try await pod(number) }
                }
            }
            // Not waitForAll: the first failure ends the others.
            while try await group.next() != nil {}
        }
    }

    /// The number of the next pod; nil when there is none.
    ///
    /// Schedulers keep no room for a large pod while small ones find theirs: no pod begins before those of long ago run.
    private func begin(below count: Int) async throws -> Int? {
        while true {
            let number: Int? = state.withLock { state in
                guard !state.isStopped, state.next < count else { return -1 }
                if let oldest = state.waiting.min(), oldest + 2 * width < state.next { return nil }
                state.waiting.insert(state.next)
                state.next += 1
                return state.next - 1
            }
            if let number { return number < 0 ? nil : number }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func pod(_ number: Int) async throws {
        let form = PodForm("\(name)-\(number)", cores: sizes[number % sizes.count])
        do {
            defer { state.withLock { _ = $0.waiting.remove(number) } }
            try await context.create(form)
            try await context.running(form.name)
        } catch let error as PodEnded where allowsRefusals && error.isRefusal {
            state.withLock { $0.refused += 1 }
            return try await context.remove(form.name)
        } catch let error as PodEnded where error.isGivenTwice {
            // That no core is in two pods is what is tested here. The pod is made again, as a controller would do.
            context.say("\(form.name): \(error)")
            state.withLock { $0.givenTwice += 1 }
            try await context.remove(form.name)
            return try await pod(number)
        }
        let cores = try await cores(of: form)
        // A pod that shares a core is found by whichever of the two says so last.
        let fault = state.withLock { state in
            let fault = Verdict.shared(state.holdings.map { ($0.key, $0.value) } + [(form.name, cores)])
            state.holdings[form.name] = cores
            return fault
        }
        try accept(fault, "after \(number) pods")
        state.withLock { $0.holdings[form.name] = nil }
        try await context.remove(form.name)
        if (number + 1).isMultiple(of: 50) { context.say("\(number + 1) pods") }
    }

    /// The node's numbers of a pod's cores, as many as it asked for.
    ///
    /// While pods come and go, the kubelet may ask for one pod's devices before anybody has told the plugin whose turn it
    /// is. Then groups are swapped, and now and then what is left is no run. The pod must be told so.
    private func cores(of form: PodForm) async throws -> [Int] {
        let report = try await context.report(form.name)
        let cores = report.cores(ContainerReport.hostCores) ?? []
        let amount = form.containers[0].amount
        try require(cores.count == amount, "\(form.name) has cores \(cores), and asked for \(amount)")
        let node = context.node
        let fault = Verdict.usable(
            report, cores: amount, topology: node.topology, instanceType: node.instanceType)
        if let fault {
            context.say("\(form.name): \(fault)")
            state.withLock { $0.unusable += 1 }
            try await context.warned(form.name, "AllocationDiffers")
        }
        return cores
    }
}

extension Case {
    static let churn = Case("churn", "no core is in two pods while many pods of mixed sizes come and go") {
        context in
        let sizes = context.validSizes([1, 2, 4, 1, 8, 2, 1, 4, 2, 1])
        try require(node: !sizes.isEmpty, "the node has no NeuronCore to give")
        let churn = Churn(context, sizes: sizes, width: context.settings.churnWidth)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { churn.stop() }
                try await churn.run(context.settings.churnPods)
            }
            group.addTask { try await context.watchAllocations { churn.isOver } }
            // Not waitForAll: the first failure ends the others.
            while try await group.next() != nil {}
        }
        let (begun, unusable) = (churn.begun, churn.unusable)
        context.say("\(unusable) of \(begun) pods were given cores that the runtime cannot use as one group")
        let givenTwice = churn.givenTwice
        context.say("\(givenTwice) of \(begun) pods were to be given another's devices, and refused")
        try require(givenTwice * 10 <= begun, "\(givenTwice) of \(begun) pods were refused on the node")
        try require(unusable * 10 <= begun, "\(unusable) of \(begun) pods were given cores that are no group")
        let now = try await context.nodeNow()
        try require(
            now.allocatable == context.node.allocatable, "\(now.allocatable) cores are allocatable afterwards"
        )
    }
}

extension Churn {
    /// Whether it was stopped or has come to its end.
    var isOver: Bool { state.withLock { $0.isStopped } }
}

extension CaseContext {
    /// Waits until a pod has a warning with this reason: what `kubectl describe pod` shows.
    fileprivate func warned(_ pod: String, _ reason: String) async throws {
        try await eventually("pod \(pod) has the warning \(reason)", within: .seconds(30)) {
            let events = try await client.list(.events, namespace: namespace).items?.array ?? []
            return events.contains {
                $0.regarding?.name?.string == pod && $0.reason?.string == reason && $0.type == "Warning"
            }
        }
    }

    /// Reads the node's inventory again and again: no state of it may show a core twice.
    func watchAllocations(until isOver: @Sendable () -> Bool) async throws {
        while !isOver() {
            do {
                let inventory = try await client.get(.neuronNodes, ObjectKey(name: node.name))
                let holdings = NodeFacts(node: .null, neuronNode: inventory).allocations.map {
                    (holder: "\($0.namespace)/\($0.pod)/\($0.container)", cores: $0.cores)
                }
                try accept(Verdict.shared(holdings), "NeuronNode \(node.name)")
            } catch let error as KubernetesError where error.isTransient {}
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
