// The life of a server's connection (RFC 9112 §9):
//
//     open ──── close ────▶ closing ──── socket closed ────▶ closed
//
// While it is open, requests are answered one after the other, in the order in which they came. What may still come from
// the peer and what is being answered are two things: one that sends nonsense gets the answers that it is owed before it is
// told. A peer that has ended its direction looks like one that has gone: as in Go's net/http and nginx, the handler that is
// at work is told to stop, so that nobody computes for the dead; what it says then, and the answers to requests that wait, are
// still sent. Behind a request that waits nothing is read, so an end there is noticed when its turn comes.

internal import HTTP1

/// Says what is to be done with the requests of a connection. No I/O.
struct HTTPServerLife: ~Copyable {
    private enum State: ~Copyable {
        case open(Open)
        /// What waits is still sent, and the peer has a while to close, too.
        case closing
        case closed
    }

    private struct Open {
        var answer = Answer.none
        var input = Input.requests
        /// Complete requests that wait for their turn.
        var waiting: [Waiting] = []
        /// Whether another request may come after an answer; once it may not, the answer to the last that is there says so.
        var keepsAlive = true
    }

    private enum Answer {
        case none
        /// A handler is at work, or its response is on the way.
        case whole
        /// A body is sent in pieces.
        case stream
    }

    /// What may still come from the peer.
    private enum Input {
        case requests
        /// It has ended its direction.
        case ended
        /// It has sent what is no request.
        case malformed(HTTP1Error)
        /// Nothing that counts: the response that is next to leave is the last one and says so.
        case nothing(hasPeerEnded: Bool)

        var isLast: Bool { if case .nothing = self { true } else { false } }

        var takesRequests: Bool { if case .requests = self { true } else { false } }

        var hasPeerEnded: Bool {
            switch self {
            case .requests, .malformed: false
            case .ended: true
            case .nothing(let hasPeerEnded): hasPeerEnded
            }
        }
    }

    private struct Waiting {
        var request: HTTPRequest
        var keepsAlive: Bool
    }

    /// What comes next.
    enum OnNext {
        case answer(HTTPRequest)
        /// Tell the peer what is wrong, and close.
        case refuse(HTTP1Error)
        case close
        case wait
    }

    /// The peer has ended its direction.
    enum OnPeerEnd {
        /// Nobody is there any more, or nobody may be.
        case close
        /// Who has gone looks like who wants the answer: the handler is told to stop, and what it has answers.
        case cancelAnswer
        case nothing
    }

    private var state: State

    init() { state = .open(Open()) }
    private init(_ state: consuming State) { self.state = state }

    // MARK: What holds now

    /// Whether it is neither closing nor closed.
    var isOpen: Bool {
        switch state {
        case .open: true
        case .closing: false
        case .closed: false
        }
    }

    /// Whether a request is being answered.
    var isAnswering: Bool {
        switch state {
        case .open(let open): if case .none = open.answer { false } else { true }
        case .closing: false
        case .closed: false
        }
    }

    /// Whether a body is being sent in pieces.
    var isStreaming: Bool {
        switch state {
        case .open(let open): if case .stream = open.answer { true } else { false }
        case .closing: false
        case .closed: false
        }
    }

    /// Whether what arrives is looked at.
    var takesRequests: Bool {
        switch state {
        case .open(let open): open.input.takesRequests
        case .closing: false
        case .closed: false
        }
    }

    /// Whether a request waits for its turn: then the peer is not read.
    var hasWaiting: Bool {
        switch state {
        case .open(let open): !open.waiting.isEmpty
        case .closing: false
        case .closed: false
        }
    }

    /// Whether the response that leaves now is the last one.
    var isLast: Bool {
        switch state {
        case .open(let open): open.input.isLast
        case .closing: true
        case .closed: true
        }
    }

    /// Whether the peer has ended its direction.
    var hasPeerEnded: Bool {
        switch state {
        case .open(let open): open.input.hasPeerEnded
        case .closing: false
        case .closed: false
        }
    }

    // MARK: Events

    /// A request is complete.
    mutating func receive(_ request: HTTPRequest, keepsAlive: Bool) {
        switch consume self.state {
        case .open(var open):
            open.waiting.append(Waiting(request: request, keepsAlive: keepsAlive))
            self = Self(.open(open))
        case .closing: self = Self(.closing)
        case .closed: self = Self(.closed)
        }
    }

    /// What has come is no request. Those before it are answered first.
    mutating func receive(_ error: HTTP1Error) {
        switch consume self.state {
        case .open(var open):
            if open.input.takesRequests { open.input = .malformed(error) }
            self = Self(.open(open))
        case .closing: self = Self(.closing)
        case .closed: self = Self(.closed)
        }
    }

    /// The peer has ended its direction.
    mutating func receiveEnd() -> OnPeerEnd {
        switch consume self.state {
        case .open(var open):
            switch open.answer {
            // It may be silent for ever, and its reader's end must not go unnoticed.
            case .stream:
                self = Self(.open(open))
                return .close
            case .none where open.waiting.isEmpty:
                self = Self(.open(open))
                return .close
            case .none, .whole: break
            }
            guard !open.input.hasPeerEnded else {
                self = Self(.open(open))
                return .close
            }
            let isLast = open.waiting.isEmpty || open.input.isLast
            open.input = isLast ? .nothing(hasPeerEnded: true) : .ended
            self = Self(.open(open))
            return .cancelAnswer
        case .closing:
            self = Self(.closing)
            return .nothing
        case .closed:
            self = Self(.closed)
            return .nothing
        }
    }

    /// What to do when nothing is being answered.
    mutating func next() -> OnNext {
        switch consume self.state {
        case .open(var open):
            guard case .none = open.answer else {
                self = Self(.open(open))
                return .wait
            }
            guard !open.waiting.isEmpty else {
                let input = open.input
                if case .malformed = input { open.input = .nothing(hasPeerEnded: false) }
                self = Self(.open(open))
                switch input {
                case .malformed(let error): return .refuse(error)
                case .nothing: return .close
                case .requests, .ended: return .wait
                }
            }
            let next = open.waiting.removeFirst()
            let hasPeerEnded = open.input.hasPeerEnded
            let endsConnection = hasPeerEnded || !open.keepsAlive && open.input.takesRequests
            if !next.keepsAlive || endsConnection && open.waiting.isEmpty {
                open.input = .nothing(hasPeerEnded: hasPeerEnded)
            }
            open.answer = .whole
            self = Self(.open(open))
            return .answer(next.request)
        case .closing:
            self = Self(.closing)
            return .wait
        case .closed:
            self = Self(.closed)
            return .wait
        }
    }

    /// The body of the response is sent in pieces; false when nobody would see its end.
    mutating func beginStream() -> Bool {
        switch consume self.state {
        case .open(var open):
            let begins = !open.input.hasPeerEnded
            if begins { open.answer = .stream }
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

    /// The response is sent; true when it was the last.
    mutating func finishAnswer() -> Bool {
        switch consume self.state {
        case .open(var open):
            open.answer = .none
            let isLast = open.input.isLast
            self = Self(.open(open))
            return isLast
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// Requests that come are still answered, and the last of those that are there is the last of the connection: its response
    /// says so (RFC 9112 §9.6), and the peer makes a new connection, to another server where there is one.
    mutating func disableKeepAlive() {
        switch consume self.state {
        case .open(var open):
            open.keepsAlive = false
            if case .none = open.answer {
            } else if open.waiting.isEmpty, open.input.takesRequests {
                open.input = .nothing(hasPeerEnded: false)
            }
            self = Self(.open(open))
        case .closing: self = Self(.closing)
        case .closed: self = Self(.closed)
        }
    }

    /// No further request is taken; true when nothing is being answered, so that it can be closed.
    mutating func drain() -> Bool {
        switch consume self.state {
        case .open(var open):
            open.input = .nothing(hasPeerEnded: open.input.hasPeerEnded)
            var isIdle = false
            if case .none = open.answer { isIdle = open.waiting.isEmpty }
            self = Self(.open(open))
            return isIdle
        case .closing:
            self = Self(.closing)
            return false
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// It is to be closed; true the first time.
    mutating func close() -> Bool {
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

    /// The socket is closed; true, once, when the connection had been closed.
    mutating func socketClosed() -> Bool {
        switch consume self.state {
        case .open(let open):
            self = Self(.open(open))
            return false
        case .closing:
            self = Self(.closed)
            return true
        case .closed:
            self = Self(.closed)
            return false
        }
    }
}
