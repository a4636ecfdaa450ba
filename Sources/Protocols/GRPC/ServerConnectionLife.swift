// A connection of a server is over once its socket is closed and its handlers have returned: who waits for a shutdown
// wants to know that nothing runs any more. A handler that ignores its cancellation is not waited for for ever.
//
//              socket closed, handlers run            last handler returned, or given up
//     open ─────────────────────────────▶ draining ─────────────────────────────────────▶ closed
//      │ │                                                                                  ▲  ▲
//      │ └─────────────────────── socket closed, no handlers ──────────────────────────────┘  │
//      └── given up ──▶ abandoned ───────────────── socket closed ─────────────────────────────┘

/// Counts the handlers of a connection, and says when the connection is over. No I/O.
struct ServerConnectionLife: ~Copyable {
    private enum State: ~Copyable {
        case open(handlers: Int)
        /// The socket is closed, handlers still run.
        case draining(handlers: Int)
        /// The socket still sends, and handlers are not waited for.
        case abandoned(handlers: Int)
        case closed(handlers: Int)
    }

    private var state: State

    init() { state = .open(handlers: 0) }
    private init(_ state: consuming State) { self.state = state }

    /// Handlers that run, also those of calls that are over: a reset must not make room for another (Rapid Reset).
    var handlers: Int {
        switch state {
        case .open(let handlers): handlers
        case .draining(let handlers): handlers
        case .abandoned(let handlers): handlers
        case .closed(let handlers): handlers
        }
    }

    /// A handler begins.
    mutating func handlerBegan() {
        switch consume self.state {
        case .open(let handlers): self = Self(.open(handlers: handlers + 1))
        case .draining(let handlers): self = Self(.draining(handlers: handlers + 1))
        case .abandoned(let handlers): self = Self(.abandoned(handlers: handlers + 1))
        case .closed(let handlers): self = Self(.closed(handlers: handlers + 1))
        }
    }

    /// A handler has returned; true when the connection is over with it.
    mutating func handlerReturned() -> Bool {
        switch consume self.state {
        case .open(let handlers): self = Self(.open(handlers: max(0, handlers - 1)))
        case .draining(let handlers):
            let isLast = handlers <= 1
            self = Self(isLast ? .closed(handlers: 0) : .draining(handlers: max(0, handlers - 1)))
            return isLast
        case .abandoned(let handlers): self = Self(.abandoned(handlers: max(0, handlers - 1)))
        case .closed(let handlers): self = Self(.closed(handlers: max(0, handlers - 1)))
        }
        return false
    }

    /// The socket is closed; true when the connection is over with it.
    mutating func socketClosed() -> Bool {
        switch consume self.state {
        case .open(let handlers):
            self = Self(handlers == 0 ? .closed(handlers: 0) : .draining(handlers: handlers))
            return handlers == 0
        case .draining(let handlers):
            self = Self(.draining(handlers: handlers))
            return false
        case .abandoned(let handlers):
            self = Self(.closed(handlers: handlers))
            return true
        case .closed(let handlers):
            self = Self(.closed(handlers: handlers))
            return false
        }
    }

    /// Handlers are waited for no longer; true when the connection is over with that.
    mutating func giveUp() -> Bool {
        switch consume self.state {
        case .open(let handlers):
            self = Self(.abandoned(handlers: handlers))
            return false
        case .draining(let handlers):
            self = Self(.closed(handlers: handlers))
            return true
        case .abandoned(let handlers):
            self = Self(.abandoned(handlers: handlers))
            return false
        case .closed(let handlers):
            self = Self(.closed(handlers: handlers))
            return false
        }
    }
}
