// A server that shuts down must not lose requests that are already on their way. So it says GOAWAY twice (RFC 9113
// §6.8): first with the highest number there is, then, once a PING has been round, with the real last stream.

/// How far the shutdown of a connection is.
struct Drain: ~Copyable {
    private enum State: ~Copyable {
        case running
        /// The first GOAWAY is out; the answer to this PING tells that the peer has seen it.
        case warned(ping: UInt64)
        /// The second GOAWAY is out: streams above are ignored.
        case final(lastStream: StreamID)
        case done
    }

    /// What the connection must send.
    enum OnStart: Equatable {
        case warn(ping: UInt64)
        case nothing
    }

    private var state: State

    init() { state = .running }
    private init(_ state: consuming State) { self.state = state }

    /// The owner wants to shut down.
    mutating func start(ping: UInt64) -> OnStart {
        switch consume self.state {
        case .running:
            self = Self(.warned(ping: ping))
            return .warn(ping: ping)
        case .warned(let ping):
            self = Self(.warned(ping: ping))
            return .nothing
        case .final(let lastStream):
            self = Self(.final(lastStream: lastStream))
            return .nothing
        case .done:
            self = Self(.done)
            return .nothing
        }
    }

    /// A PING came back; true when it is ours and the second GOAWAY is due, with `lastStream`.
    mutating func acknowledge(ping: UInt64, lastStream: StreamID) -> Bool {
        switch consume self.state {
        case .warned(let expected):
            guard ping == expected else {
                self = Self(.warned(ping: expected))
                return false
            }
            self = Self(.final(lastStream: lastStream))
            return true
        case .running:
            self = Self(.running)
            return false
        case .final(let lastStream):
            self = Self(.final(lastStream: lastStream))
            return false
        case .done:
            self = Self(.done)
            return false
        }
    }

    /// Goes on to the second GOAWAY without waiting; false when it is already out.
    mutating func force(lastStream: StreamID) -> Bool {
        switch consume self.state {
        case .running:
            self = Self(.final(lastStream: lastStream))
            return true
        case .warned:
            self = Self(.final(lastStream: lastStream))
            return true
        case .final(let lastStream):
            self = Self(.final(lastStream: lastStream))
            return false
        case .done:
            self = Self(.done)
            return false
        }
    }

    /// The last stream has ended; true, once, when that was what the shutdown waited for.
    mutating func finish() -> Bool {
        switch consume self.state {
        case .final:
            self = Self(.done)
            return true
        case .running:
            self = Self(.running)
            return false
        case .warned(let ping):
            self = Self(.warned(ping: ping))
            return false
        case .done:
            self = Self(.done)
            return false
        }
    }

    /// Whether a new stream of this number is ignored.
    func ignores(_ stream: StreamID) -> Bool {
        switch state {
        case .running: false
        case .warned: false
        case .final(let lastStream): stream > lastStream
        case .done: true
        }
    }
}
