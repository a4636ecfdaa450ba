// The life of a client's connection:
//
//               GOAWAY                   last call over
//     open ────────────▶ leaving ──────────────────────────▶ ended
//      └──────────────── the connection ends ──────────────────▲

/// Says whether calls can begin, and how the connection has ended. No I/O.
struct ClientLife: ~Copyable {
    private enum State: ~Copyable {
        case open
        /// The server takes no more calls: those that have begun go on.
        case leaving
        case ended(GRPCStatus)
    }

    private var state: State

    init() { state = .open }
    private init(_ state: consuming State) { self.state = state }

    /// Whether the server takes calls.
    var takesCalls: Bool {
        switch state {
        case .open: true
        case .leaving: false
        case .ended: false
        }
    }

    /// How the connection has ended, once it has.
    var end: GRPCStatus? {
        switch state {
        case .open: nil
        case .leaving: nil
        case .ended(let status): status
        }
    }

    /// The server said GOAWAY.
    mutating func receiveGoAway() {
        switch consume self.state {
        case .open: self = Self(.leaving)
        case .leaving: self = Self(.leaving)
        case .ended(let status): self = Self(.ended(status))
        }
    }

    /// Whether there is nothing left to do on the connection.
    ///
    /// - Parameter openStreams: streams of calls that have begun.
    func isDone(openStreams: Int) -> Bool {
        switch state {
        case .open: false
        case .leaving: openStreams == 0
        case .ended: false
        }
    }

    /// The connection is over; what ended it first counts.
    mutating func end(_ status: GRPCStatus) {
        switch consume self.state {
        case .open: self = Self(.ended(status))
        case .leaving: self = Self(.ended(status))
        case .ended(let first): self = Self(.ended(first))
        }
    }
}
