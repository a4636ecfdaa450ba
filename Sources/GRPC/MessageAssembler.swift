// Messages out of a stream of octets: a flag, four octets of length, the message (doc/PROTOCOL-HTTP2.md,
// "Length-Prefixed-Message"). DATA frames and messages have nothing to do with each other.

/// Collects octets and cuts them into messages.
struct MessageAssembler: Sendable {
    /// Flag and length.
    static let prefixSize = 5

    /// The largest message, in octets.
    let limit: Int
    private var octets: [UInt8] = []
    private var head = 0

    init(limit: Int) { self.limit = limit }

    /// Octets that belong to no message that was taken.
    var waitingOctets: Int { octets.count - head }

    /// Takes the octets that `body` appends.
    mutating func append(_ body: (inout [UInt8]) -> Void) {
        if head == octets.count {
            octets.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 65_536 {
            octets.removeFirst(head)
            head = 0
        }
        body(&octets)
    }

    /// The length of the next message, once its prefix is there.
    ///
    /// - Throws: RESOURCE_EXHAUSTED above the limit, before the message has arrived; INTERNAL for a compressed message.
    private func nextLength() throws(GRPCStatus) -> Int? {
        guard waitingOctets >= Self.prefixSize else { return nil }
        guard octets[head] == 0 else {
            throw GRPCStatus(
                .internal, "a message has compression flag \(octets[head]) and no grpc-encoding was agreed on"
            )
        }
        var length = 0
        for offset in 1...4 { length = length << 8 | Int(octets[head + offset]) }
        guard length <= limit else {
            throw GRPCStatus(
                .resourceExhausted, "a message of \(length) octets is larger than the limit of \(limit)")
        }
        return length
    }

    /// Whether a whole message is there.
    func hasMessage() throws(GRPCStatus) -> Bool {
        guard let length = try nextLength() else { return false }
        return waitingOctets - Self.prefixSize >= length
    }

    /// The next message, removed, or nil while it is not all there.
    mutating func next() throws(GRPCStatus) -> [UInt8]? {
        guard let length = try nextLength(), waitingOctets - Self.prefixSize >= length else { return nil }
        let start = head + Self.prefixSize
        head = start + length
        return Array(octets[start..<head])
    }

    /// A message with its prefix.
    static func frame(_ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: message.count + prefixSize) { buffer, count in
            let length = UInt32(truncatingIfNeeded: message.count)
            buffer[0] = 0
            for index in 0..<4 {
                buffer[index + 1] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
            }
            count = prefixSize + message.count
            _ = buffer[prefixSize..<count].update(fromContentsOf: message)
        }
    }
}
