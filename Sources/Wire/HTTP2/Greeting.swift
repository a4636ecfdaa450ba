// What a peer has to say first (RFC 9113 §3.4):
//
//              all of it matched              a SETTINGS frame
//     preface ───────────────────▶ settings ────────────────────▶ frames
//        └────────── close ──────────┴──────────── close ───────────┴────▶ closed
//
// A server waits for the preface, a client begins with `settings`.

/// How far the peer has come in its first words.
struct Greeting: ~Copyable {
    private enum State: ~Copyable {
        /// So many octets of the preface have matched.
        case preface(matched: Int)
        /// The first frame must be SETTINGS.
        case settings
        case frames
        /// After a connection error or an abort: nothing is read any more.
        case closed
    }

    /// What to do with the octets that have arrived.
    enum OnOctets: Equatable {
        /// They are frames.
        case readFrames
        /// Octets of the preface are missing.
        case wait
        /// The peer does not speak HTTP/2.
        case refuse
        case ignore
    }

    private var state: State

    init(_ role: HTTP2Role) { state = role == .server ? .preface(matched: 0) : .settings }
    private init(_ state: consuming State) { self.state = state }

    /// Whether the peer's SETTINGS have come and the connection is not closed.
    var isComplete: Bool {
        switch state {
        case .preface: false
        case .settings: false
        case .frames: true
        case .closed: false
        }
    }

    /// Whether nothing is read any more.
    var isClosed: Bool {
        switch state {
        case .preface: false
        case .settings: false
        case .frames: false
        case .closed: true
        }
    }

    /// Octets have arrived: what is not HTTP/2 is noticed at its first wrong octet.
    ///
    /// - Parameter head: the first octet that has not been dealt with; those of the preface are skipped.
    mutating func receive(_ octets: [UInt8], from head: inout Int) -> OnOctets {
        switch consume self.state {
        case .preface(var matched):
            let preface = HTTP2Connection.preface
            while matched < preface.count, head < octets.count {
                guard octets[head] == preface[matched] else {
                    self = Self(.preface(matched: matched))
                    return .refuse
                }
                matched += 1
                head += 1
            }
            let isMatched = matched == preface.count
            self = Self(isMatched ? .settings : .preface(matched: matched))
            return isMatched ? .readFrames : .wait
        case .settings:
            self = Self(.settings)
            return .readFrames
        case .frames:
            self = Self(.frames)
            return .readFrames
        case .closed:
            self = Self(.closed)
            return .ignore
        }
    }

    /// A frame has arrived.
    ///
    /// - Returns: false when it is the first and not SETTINGS.
    mutating func receiveFrame(isSettings: Bool) -> Bool {
        switch consume self.state {
        case .preface(let matched):
            self = Self(.preface(matched: matched))
            return false
        case .settings:
            self = Self(isSettings ? .frames : .settings)
            return isSettings
        case .frames:
            self = Self(.frames)
            return true
        case .closed:
            self = Self(.closed)
            return false
        }
    }

    /// Nothing is read any more; true when that is new.
    mutating func close() -> Bool {
        switch consume self.state {
        case .preface:
            self = Self(.closed)
            return true
        case .settings:
            self = Self(.closed)
            return true
        case .frames:
            self = Self(.closed)
            return true
        case .closed:
            self = Self(.closed)
            return false
        }
    }
}
