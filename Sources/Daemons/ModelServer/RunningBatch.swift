// Requests that are computed together. Vectors come pass by pass, in the order of the texts; a request is answered when its
// last one is there, and not when that of the whole batch is.

internal import SystemIO

/// A batch on its group.
final class RunningBatch: Sendable {
    /// What one pass gave.
    struct Part: Sendable {
        let embeddings: [[Float]]
        let tokens: [Int]
        /// By vector, whether all its numbers are some.
        let finite: [Bool]

        /// Looks at every number: done where the vectors are computed.
        init(embeddings: [[Float]], tokens: [Int]) {
            self.embeddings = embeddings
            self.tokens = tokens
            finite = embeddings.map { $0.allSatisfy(\.isFinite) }
        }
    }

    /// The whole of one request.
    struct JobResult: Sendable {
        let identifier: Int
        var embeddings: [[Float]] = []
        var tokens: [Int] = []
        var isFinite = true
    }

    private struct State {
        /// Those that are not complete, in the order of their texts.
        var entries: ArraySlice<RequestQueue.Entry>
        var current: JobResult
        /// Those that are, and have not been taken.
        var complete: [JobResult] = []
        /// Requests that somebody still waits for.
        var wanted: Set<Int>
    }

    private let state: Lock<State>

    /// A batch of at least one request, of which nothing is computed yet.
    init(_ entries: [RequestQueue.Entry]) {
        state = Lock(
            State(
                entries: entries[...], current: JobResult(identifier: entries[0].identifier),
                wanted: Set(entries.map(\.identifier))))
    }

    /// Whether somebody still waits for any of it. Asked by the group between two passes.
    var isWanted: Bool { state.withLock { !$0.wanted.isEmpty } }

    /// Nobody waits for this request any more. It is answered all the same where the others' are computed.
    func leave(_ identifier: Int) { state.withLock { _ = $0.wanted.remove(identifier) } }

    /// Requests that have become complete, each once.
    func takeComplete() -> [JobResult] {
        state.withLock { state in
            defer { state.complete = [] }
            return state.complete
        }
    }

    /// Takes what a pass gave.
    func receive(_ part: Part) {
        state.withLock { state in
            for (index, (embedding, tokens)) in zip(part.embeddings, part.tokens).enumerated() {
                guard let entry = state.entries.first else { break }
                state.current.embeddings.append(embedding)
                state.current.tokens.append(tokens)
                state.current.isFinite = state.current.isFinite && part.finite[index]
                guard state.current.embeddings.count == entry.texts else { continue }
                state.complete.append(state.current)
                state.wanted.remove(entry.identifier)
                state.entries.removeFirst()
                if let next = state.entries.first { state.current = JobResult(identifier: next.identifier) }
            }
        }
    }
}
