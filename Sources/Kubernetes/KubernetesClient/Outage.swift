// What goes wrong again and again is told once in the log, and to whoever asks for as long as it lasts: an outage of an hour
// is one line and one sentence, not a thousand.

internal import SystemIO

/// The trouble that something has at the moment.
final class Outage: Sendable {
    private struct State {
        var sentence: String?
        var since: Duration = .zero
    }

    private let state: Lock<State>

    /// - Parameter sentence: what is to be said before anything was tried; nil for nothing.
    init(_ sentence: String? = nil) {
        state = Lock(State(sentence: sentence, since: MonotonicClock.time))
    }

    /// What is wrong and for how long, in one sentence; nil while nothing is.
    var problem: String? {
        let state = state.withLock { $0 }
        guard let sentence = state.sentence else { return nil }
        let seconds = (MonotonicClock.time - state.since).components.seconds
        return seconds < 1 ? sentence : "\(sentence) (for \(seconds) s)"
    }

    /// It is wrong.
    ///
    /// - Returns: whether this is new: nothing, or something else, was wrong before.
    func begin(_ sentence: String) -> Bool {
        state.withLock { state in
            if state.sentence == sentence { return false }
            if state.sentence == nil { state.since = MonotonicClock.time }
            state.sentence = sentence
            return true
        }
    }

    /// Nothing is wrong any more.
    ///
    /// - Returns: what was.
    @discardableResult
    func end() -> String? {
        state.withLock { state in
            defer { state.sentence = nil }
            return state.sentence
        }
    }
}
