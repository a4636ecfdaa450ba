// Requests whose answer is fetched later by a token. Nothing is kept for ever or without a bound: a token that was given and
// whose answer has gone is told from one that never was by its own signature, not by a list of all that were.

internal import Digests
internal import HTTP
internal import SystemIO

/// Requests that are answered later, and their answers.
final class AsynchronousRequests: Sendable {
    /// What is kept.
    struct Limits: Sendable {
        /// Requests and answers at a time.
        var requests = 1_000
        /// Octets of the bodies of all of them.
        var octets = 64 << 20
        /// From the request until its answer goes.
        var lifetime = Duration.seconds(3_600)
    }

    /// What there is for a token.
    enum Lookup {
        /// It was never given.
        case unknown
        /// It was, and what belonged to it has gone.
        case gone
        case waiting
        case answered(HTTPResponse)
    }

    private struct Entry {
        var task: Task<Void, Never>?
        var answer: HTTPResponse?
        var octets: Int
        let ends: Duration
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var octets = 0
        var count: UInt64 = 0
    }

    let limits: Limits
    private let key: [UInt8]
    private let now: @Sendable () -> Duration
    private let state = Lock(State())

    /// - Parameter now: a time that never goes back.
    init(limits: Limits = Limits(), now: @escaping @Sendable () -> Duration = { MonotonicClock.time }) {
        self.limits = limits
        self.now = now
        var generator = SystemRandomNumberGenerator()
        key = (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    }

    /// Begins with a request.
    ///
    /// - Parameters:
    ///   - octets: of its body.
    ///   - work: answers it.
    /// - Returns: its token; nil where there is no room.
    func begin(octets: Int, work: @escaping @Sendable () async -> HTTPResponse) -> String? {
        let token = state.withLock { state -> String? in
            expire(&state)
            guard state.entries.count < limits.requests, state.octets + octets <= limits.octets else {
                return nil
            }
            state.count += 1
            let token = makeToken(state.count)
            state.entries[token] = Entry(octets: octets, ends: now() + limits.lifetime)
            state.octets += octets
            return token
        }
        guard let token else { return nil }
        let task = Task { self.finish(token, await work()) }
        state.withLock { state in
            if state.entries[token]?.answer == nil { state.entries[token]?.task = task }
        }
        return token
    }

    /// What there is for a token.
    func look(_ token: String) -> Lookup {
        state.withLock { state in
            expire(&state)
            guard let entry = state.entries[token] else { return isOurs(token) ? .gone : .unknown }
            return entry.answer.map { .answered($0) } ?? .waiting
        }
    }

    /// Forgets a request; one that is not answered yet is given up.
    ///
    /// - Returns: what there was.
    func forget(_ token: String) -> Lookup {
        let (lookup, task) = state.withLock { state -> (Lookup, Task<Void, Never>?) in
            expire(&state)
            guard let entry = state.entries.removeValue(forKey: token) else {
                return (isOurs(token) ? .gone : .unknown, nil)
            }
            state.octets -= entry.octets
            return (entry.answer.map { .answered($0) } ?? .waiting, entry.task)
        }
        task?.cancel()
        return lookup
    }

    private func finish(_ token: String, _ answer: HTTPResponse) {
        state.withLock { state in
            guard var entry = state.entries[token] else { return }
            let others = state.octets - entry.octets
            let size = answer.bytes.count
            // The answers of others are not given up for this one.
            let kept =
                others + size <= limits.octets
                ? answer
                : HTTPProblem(507, "the answer has \(size) octets, for which there is no room: ask for less")
                    .response(.torchServe)
            entry.answer = kept
            entry.octets = kept.bytes.count
            entry.task = nil
            state.octets = others + entry.octets
            state.entries[token] = entry
        }
    }

    private func expire(_ state: inout State) {
        let now = now()
        for (token, entry) in state.entries where entry.ends <= now {
            entry.task?.cancel()
            state.octets -= entry.octets
            state.entries[token] = nil
        }
    }

    /// A number and its signature: nobody guesses one, and one that was given is known again.
    private func makeToken(_ number: UInt64) -> String {
        let name = String(number, radix: 16)
        return name + "-" + signature(name)
    }

    private func signature(_ name: String) -> String {
        hmacSHA256(key: key, Array(name.utf8)).prefix(16).hexadecimal
    }

    private func isOurs(_ token: String) -> Bool {
        let parts = token.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        return parts.count == 2 && signature(parts[0]) == parts[1]
    }
}
