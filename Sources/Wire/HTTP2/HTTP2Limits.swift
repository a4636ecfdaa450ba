// What a peer may make us do. Every attack on HTTP/2 so far was legal frames in an unforeseen amount, so each kind of
// frame that costs more to answer than to send has its budget here.

/// A budget that refills with time.
public struct TokenBucket: Equatable, Sendable {
    /// What is there at the start, and at most.
    public var burst: Double
    /// What comes back in a second.
    public var perSecond: Double
    private var tokens: Double
    private var filledAt: UInt64 = 0

    /// A full bucket.
    public init(burst: Double, perSecond: Double) {
        self.burst = burst
        self.perSecond = perSecond
        tokens = burst
    }

    /// Takes one token.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back.
    /// - Returns: false when there was none left.
    public mutating func take(at now: UInt64) -> Bool {
        if now > filledAt {
            tokens = min(burst, tokens + Double(now - filledAt) / 1e9 * perSecond)
            filledAt = now
        }
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Puts one back, at most up to the burst.
    public mutating func refund() { tokens = min(burst, tokens + 1) }
}

/// The limits of one connection.
public struct HTTP2Limits: Sendable {
    /// Streams that the peer may have open; more are answered with REFUSED_STREAM.
    public var concurrentStreams = 128
    /// The largest header list, as SETTINGS_MAX_HEADER_LIST_SIZE counts; enforced while decoding.
    public var headerListSize = 16_384
    /// CONTINUATION frames of one header block (CVE-2024-27316 and others).
    public var continuations = 4
    /// Octets of one header block on the wire.
    public var headerBlockSize = 32_768
    /// Octets of a frame's payload that the peer may send, 16,384 to 16,777,215.
    public var frameSize = 16_384
    /// Entries of one SETTINGS frame.
    public var settingsEntries = 64
    /// What the peer may send on a stream before we have consumed it, in octets, at least 65,535.
    public var streamWindow = 262_144
    /// What the peer may send on all streams before we have read it, in octets, at least 65,535.
    public var connectionWindow = 1_048_576
    /// Output is not filled with DATA beyond this, in octets; what is more waits in its stream.
    public var outputBuffer = 65_536
    /// RST_STREAM from the peer (Rapid Reset, CVE-2023-44487).
    public var resets = TokenBucket(burst: 200, perSecond: 33)
    /// Stream errors that the peer makes us answer (MadeYouReset, CVE-2025-8671).
    public var streamErrors = TokenBucket(burst: 100, perSecond: 33)
    /// PING, SETTINGS, PRIORITY, GOAWAY, empty DATA and unknown frames (CVE-2019-9512, -9515, -9518). One comes back for
    /// each DATA or HEADERS that we send: grpc-go measures bandwidth with a PING for every answer.
    public var controlFrames = TokenBucket(burst: 1000, perSecond: 100)
    /// How often a client may PING; nil for as often as the budget for control frames allows.
    public var pings: PingPolicy?

    /// Limits that no peer comes near that means well: those of clients of Kubernetes, with room.
    public init() {}
}
