// The life of a stream (RFC 9113 §5.1), without the states of server push, which we never allow:
//
//                  HEADERS
//     idle ───────────────────▶ open
//                              │    │
//        END_STREAM received   │    │   END_STREAM sent
//                ┌─────────────┘    └─────────────┐
//                ▼                                ▼
//        halfClosedRemote                  halfClosedLocal
//                │                                │
//                └──────────▶ closed ◀────────────┘
//            END_STREAM sent    ▲   END_STREAM received
//                               │
//                 RST_STREAM either way, from all of them

/// What may still travel on a stream that is not idle.
enum StreamState: Equatable, Sendable {
    case open
    case halfClosedRemote
    case halfClosedLocal
    case closed

    /// Whether the peer may still send DATA and HEADERS.
    var canReceive: Bool { self == .open || self == .halfClosedLocal }

    /// Whether we may still send DATA and HEADERS.
    var canSend: Bool { self == .open || self == .halfClosedRemote }

    /// END_STREAM was received.
    mutating func endRemote() {
        self = self == .halfClosedLocal || self == .closed ? .closed : .halfClosedRemote
    }

    /// END_STREAM was sent.
    mutating func endLocal() {
        self = self == .halfClosedRemote || self == .closed ? .closed : .halfClosedLocal
    }
}
