// What a peer has left of the frames that it may send at our cost: see `HTTP2Limits` for the attacks.

/// The budgets of one connection.
struct Budgets {
    /// Nanoseconds, as the owner last told.
    var now: UInt64 = 0
    private var resets: TokenBucket
    private var streamErrors: TokenBucket
    private var controlFrames: TokenBucket
    private var pings: PingPolicy?

    init(_ limits: HTTP2Limits) {
        resets = limits.resets
        streamErrors = limits.streamErrors
        controlFrames = limits.controlFrames
        pings = limits.pings
    }

    /// A frame came that costs more to answer than to send.
    mutating func spendControlFrame() throws(Fault) {
        guard controlFrames.take(at: now) else {
            throw .connection(.enhanceYourCalm, "the peer sends too many control frames")
        }
    }

    /// RST_STREAM came.
    mutating func spendReset() throws(Fault) {
        guard resets.take(at: now) else {
            throw .connection(.enhanceYourCalm, "the peer resets too many streams")
        }
    }

    /// PING came from a client. The words of GOAWAY are those that clients look for (gRFC A8).
    ///
    /// - Parameter isIdle: whether no stream is open.
    mutating func spendPing(isIdle: Bool) throws(Fault) {
        guard pings?.note(at: now, isIdle: isIdle) == false else { return }
        throw .connection(.enhanceYourCalm, "too_many_pings")
    }

    /// The peer has broken a rule of a stream; false when it does so too often.
    mutating func spendStreamError() -> Bool { streamErrors.take(at: now) }

    /// HEADERS or DATA went out: peers measure bandwidth with a PING for an answer.
    mutating func refund() {
        controlFrames.refund()
        pings?.forgive()
    }
}
