// The life of one end of a connection:
//
//                 end                     socket closed
//     open ─────────────────▶ closing ─────────────────────▶ closed
//
// While it is open, work comes in turns: a turn hands out the events of what has arrived, and at its end all that came of
// them leaves in one write. So nothing is sent inside of a turn, and what is sent outside of one waits for the end of the
// loop's turn, where several answers leave together.

/// Says who begins a turn, and who ends the connection. No I/O.
struct PeerLife: ~Copyable {
    private enum State: ~Copyable {
        case open(Open)
        /// It has ended and the last octets are still leaving.
        case closing
        case closed
    }

    private struct Open {
        var isInTurn = false
        /// The loop has been asked for a turn.
        var isTurnScheduled = false
    }

    /// What readiness of the socket is good for.
    enum OnReady: Equatable {
        /// Read, hand out events, send; `endTurn` comes afterwards.
        case turn
        /// Only send what is left.
        case sendRest
        case nothing
    }

    private var state: State

    init() { state = .open(Open()) }
    private init(_ state: consuming State) { self.state = state }

    /// Whether the connection has not ended.
    var isOpen: Bool {
        switch state {
        case .open: true
        case .closing: false
        case .closed: false
        }
    }

    /// The socket is ready for something.
    mutating func ready() -> OnReady {
        switch consume self.state {
        case .open(var open):
            let isNested = open.isInTurn
            open.isInTurn = true
            self = Self(.open(open))
            return isNested ? .nothing : .turn
        case .closing:
            self = Self(.closing)
            return .sendRest
        case .closed:
            self = Self(.closed)
            return .nothing
        }
    }

    /// Something of ours is to be sent now; true when that is a turn, which `endTurn` ends.
    mutating func beginTurn() -> Bool {
        switch consume self.state {
        case .open(var open):
            let begins = !open.isInTurn
            open.isInTurn = true
            self = Self(.open(open))
            return begins
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// A turn is over.
    mutating func endTurn() {
        switch consume self.state {
        case .open(var open):
            open.isInTurn = false
            self = Self(.open(open))
        case .closing: self = Self(.closing)
        case .closed: self = Self(.closed)
        }
    }

    /// Something of ours is to be sent soon; true when the loop has to be asked for a turn.
    mutating func scheduleTurn() -> Bool {
        switch consume self.state {
        case .open(var open):
            let isNew = !open.isInTurn && !open.isTurnScheduled
            if isNew { open.isTurnScheduled = true }
            self = Self(.open(open))
            return isNew
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// The turn that the loop was asked for has come; true when it begins.
    mutating func beginScheduledTurn() -> Bool {
        switch consume self.state {
        case .open(var open):
            let begins = !open.isInTurn
            open = Open(isInTurn: true)
            self = Self(.open(open))
            return begins
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// Something ends the connection; true for the first that does.
    mutating func end() -> Bool {
        switch consume self.state {
        case .open:
            self = Self(.closing)
            return true
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// The socket is closed; true, once, when the connection had ended.
    mutating func socketClosed() -> Bool {
        switch consume self.state {
        case .closing:
            self = Self(.closed)
            return true
        case .open(let open):
            self = Self(.open(open))
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }
}
