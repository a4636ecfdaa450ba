// Which tokens of which sequences the next execution computes: continuous batching (Orca, Yu et al. 2022) over a paged
// cache (vLLM, Kwon et al. 2023). Sequences that write go first, with a token each; what is left of an execution's tokens
// goes to prompts, in the order in which they came, a long one in parts. Where pages run out, the sequence that came last
// gives its own back and is computed again later.

/// What one execution computes.
struct BatchStep: Equatable, Sendable {
    struct Part: Equatable, Sendable {
        let sequence: Int
        /// Places of its tokens.
        let tokens: Range<Int>
        /// Whether they reach its end, so that the next token can be chosen.
        let isLast: Bool
    }

    var parts: [Part] = []
}

/// A sequence that is written, or waits to be.
struct ScheduledSequence: Sendable {
    let id: Int
    /// The prompt, and what has been written.
    var tokens: [Int32]
    /// Tokens whose keys and values are in the cache.
    var cached = 0
    /// Pages that were found rather than computed.
    var reused = 0
    var pages: [Int] = []
}

/// Sequences, and who is next. Pure: it is told what happens.
struct BatchSchedule: Sendable {
    /// Tokens of an execution.
    let tokens: Int
    /// Sequences of an execution.
    let sequences: Int
    private(set) var pool: PagePool
    /// In the order in which they came.
    private(set) var running: [ScheduledSequence] = []
    private(set) var waiting: [ScheduledSequence] = []

    init(tokens: Int, sequences: Int, pages: Int, pageTokens: Int) {
        self.tokens = tokens
        self.sequences = sequences
        pool = PagePool(count: pages, pageTokens: pageTokens)
    }

    /// Tokens that one sequence may have so that it can run alone.
    var longest: Int { pool.count * pool.pageTokens }

    /// Adds a sequence behind all others.
    ///
    /// - Parameter prompt: 1 to `longest` tokens.
    mutating func add(_ id: Int, prompt: [Int32]) {
        waiting.append(ScheduledSequence(id: id, tokens: prompt))
    }

    /// Ends a sequence, wherever it is.
    mutating func remove(_ id: Int) {
        waiting.removeAll { $0.id == id }
        guard let place = running.firstIndex(where: { $0.id == id }) else { return }
        pool.leave(running.remove(at: place).pages)
    }

    /// What to compute next; nil when there is nothing.
    mutating func next() -> BatchStep? {
        var step = BatchStep()
        var left = tokens
        // Those with one token to go first: whoever reads them waits.
        for isWriting in [true, false] {
            for id in running.map(\.id) {
                guard let place = running.firstIndex(where: { $0.id == id }) else { continue }
                let sequence = running[place]
                guard (sequence.tokens.count - sequence.cached == 1) == isWriting else { continue }
                schedule(id, &step, &left)
            }
        }
        while left > 0, running.count < sequences, !waiting.isEmpty {
            guard admit() else { break }
            guard let id = running.last?.id else { break }
            let before = left
            schedule(id, &step, &left)
            if left == before { break }
        }
        return step.parts.isEmpty ? nil : step
    }

    /// Lets the first that waits run, with the pages that hold its beginning.
    private mutating func admit() -> Bool {
        var sequence = waiting[0]
        // At least one token is computed, for its logits.
        sequence.pages = pool.takeBeginning(of: sequence.tokens, limit: sequence.tokens.count - 1)
        sequence.cached = sequence.pages.count * pool.pageTokens
        sequence.reused = sequence.cached
        let wanted = pageCount(sequence.cached + 1) - sequence.pages.count
        guard pool.available >= wanted else {
            pool.leave(sequence.pages)
            return false
        }
        waiting.removeFirst()
        running.append(sequence)
        return true
    }

    private func pageCount(_ tokens: Int) -> Int { (tokens + pool.pageTokens - 1) / pool.pageTokens }

    /// Gives a running sequence as many tokens as there are left, and pages for them.
    private mutating func schedule(_ id: Int, _ step: inout BatchStep, _ left: inout Int) {
        guard left > 0, step.parts.count < sequences,
            let place = running.firstIndex(where: { $0.id == id })
        else { return }
        let first = running[place].cached
        var end = min(running[place].tokens.count, first + left)
        while running[place].pages.count < pageCount(end) {
            if let page = pool.take() {
                running[place].pages.append(page)
            } else if let victim = victim(behind: place, step) {
                preempt(victim)
            } else {
                break
            }
        }
        end = min(end, running[place].pages.count * pool.pageTokens)
        guard end > first else {
            // There is room for nobody else either; it comes back when others have ended.
            if running.count > 1 { preempt(place) }
            return
        }
        left -= end - first
        step.parts.append(
            BatchStep.Part(sequence: id, tokens: first..<end, isLast: end == running[place].tokens.count))
    }

    /// The last sequence behind another one that is not in the step.
    private func victim(behind place: Int, _ step: BatchStep) -> Int? {
        running.indices.last { other in
            other > place && !step.parts.contains { $0.sequence == running[other].id }
        }
    }

    private mutating func preempt(_ place: Int) {
        var sequence = running.remove(at: place)
        pool.leave(sequence.pages)
        sequence.pages = []
        sequence.cached = 0
        // Before all that came later.
        waiting.insert(sequence, at: 0)
    }

    /// A running sequence.
    func sequence(_ id: Int) -> ScheduledSequence? { running.first { $0.id == id } }

    /// Tells that a step has been computed.
    mutating func complete(_ step: BatchStep) {
        for part in step.parts {
            guard let place = running.firstIndex(where: { $0.id == part.sequence }) else { continue }
            running[place].cached = part.tokens.upperBound
            for page in part.tokens.lowerBound / pool.pageTokens..<part.tokens.upperBound / pool.pageTokens {
                let sequence = running[place]
                let start = page * pool.pageTokens
                pool.fill(
                    sequence.pages[page], behind: page > 0 ? sequence.pages[page - 1] : nil,
                    Array(sequence.tokens[start..<start + pool.pageTokens]))
            }
        }
    }

    /// Adds a token that was chosen.
    mutating func append(_ token: Int32, to id: Int) {
        guard let place = running.firstIndex(where: { $0.id == id }) else { return }
        running[place].tokens.append(token)
    }
}
