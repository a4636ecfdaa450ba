// Flow control (RFC 9113 §5.2, §6.9). A peer that never gets WINDOW_UPDATE on the connection stops for ever after 65,535
// octets, which for a kubelet is weeks of work away from the cause: both windows are always given back.

/// What the peer may send to us, for a stream or the connection.
struct ReceiveWindow: Equatable, Sendable {
    /// The size that we keep open.
    let size: Int
    /// What the peer may still send.
    private(set) var available: Int
    /// Consumed, and not yet given back.
    private(set) var owed = 0

    /// - Parameters:
    ///   - size: what we keep open, in octets.
    ///   - available: what the peer knows of that so far.
    init(size: Int, available: Int? = nil) {
        self.size = size
        self.available = available ?? size
    }

    /// Opens the window to its size.
    ///
    /// - Returns: the increment to announce, if any.
    mutating func open() -> Int? {
        guard size > available else { return nil }
        defer { available = size }
        return size - available
    }

    /// Octets arrived; false when there were more than allowed.
    mutating func receive(_ octets: Int) -> Bool {
        guard octets <= available else { return false }
        available -= octets
        return true
    }

    /// Octets have been consumed.
    ///
    /// - Returns: the increment to announce, once half of the window is owed: not a frame for each frame.
    mutating func consume(_ octets: Int) -> Int? {
        owed = min(owed + octets, size - available)
        guard owed > 0, owed >= size / 2 else { return nil }
        defer {
            available += owed
            owed = 0
        }
        return owed
    }
}

/// What we may send; SETTINGS can make it negative (§6.9.2).
struct SendWindow: Equatable, Sendable {
    static let maximum = 0x7fff_ffff

    /// Octets that may go out now, if positive.
    private(set) var available: Int

    init(_ available: Int) { self.available = available }

    /// Takes what is about to be sent.
    mutating func spend(_ octets: Int) { available -= octets }

    /// The peer gives more, or with a change of INITIAL_WINDOW_SIZE less; false beyond 2^31-1 (§6.9.1).
    mutating func change(by octets: Int) -> Bool {
        guard available + octets <= Self.maximum else { return false }
        available += octets
        return true
    }
}
