// Messages out of a stream of octets: a flag, four octets of length, the message (doc/PROTOCOL-HTTP2.md,
// "Length-Prefixed-Message"). DATA frames and messages have nothing to do with each other.

internal import HPACK

/// Collects octets and cuts them into messages.
struct MessageAssembler: Sendable {
    /// Flag and length.
    static let prefixSize = 5
    /// The flag of a message that is compressed.
    static let compressedFlag: UInt8 = 1

    /// The largest message, in octets.
    let limit: Int
    /// How compressed messages are coded, as grpc-encoding said; nil where none may be compressed.
    var decoding: (any GRPCCompression)?
    /// Whether the message that `next` gave was compressed.
    private(set) var wasCompressed = false
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
    /// - Throws: RESOURCE_EXHAUSTED above the limit, before the message has arrived; INTERNAL for a compressed message
    ///   where grpc-encoding named no coding.
    private func nextLength() throws(GRPCStatus) -> Int? {
        guard waitingOctets >= Self.prefixSize else { return nil }
        let flag = octets[head]
        guard flag == 0 || (flag == Self.compressedFlag && decoding != nil) else {
            throw GRPCStatus(
                .internal, "a message has compression flag \(flag) and no grpc-encoding was agreed on"
            )
        }
        var length = 0
        for offset in 1...4 { length = length << 8 | Int(octets[head + offset]) }
        guard length <= limit else {
            throw .messageTooLarge(length, limit: limit)
        }
        return length
    }

    /// Whether a whole message is there.
    func hasMessage() throws(GRPCStatus) -> Bool {
        guard let length = try nextLength() else { return false }
        return waitingOctets - Self.prefixSize >= length
    }

    /// The next message, removed and unpacked, or nil while it is not all there.
    ///
    /// - Throws: the fault of the prefix, or of the compressed octets.
    mutating func next() throws(GRPCStatus) -> [UInt8]? {
        guard let length = try nextLength(), waitingOctets - Self.prefixSize >= length else { return nil }
        let start = head + Self.prefixSize
        wasCompressed = octets[start - Self.prefixSize] == Self.compressedFlag
        head = start + length
        let message = Array(octets[start..<head])
        guard wasCompressed, let decoding else { return message }
        return try decoding.decompress(message, limit: limit)
    }

    /// The message, where `octets` are one and nothing else, uncompressed and within the limit; nil for all the rest.
    static func whole(_ octets: RawSpan, limit: Int) -> [UInt8]? {
        let length = octets.byteCount - prefixSize
        guard length >= 0, length <= limit, octets.octet(0) == 0 else { return nil }
        var announced = 0
        for offset in 1...4 { announced = announced << 8 | Int(octets.octet(offset) ?? 0) }
        guard announced == length else { return nil }
        guard length > 0 else { return [] }
        return octets.withUnsafeBytes { Array($0[prefixSize...]) }
    }

    /// What stands before a message of `count` octets: eight octets of which the first five count.
    static func prefix(_ count: Int, flag: UInt8 = 0) -> (octets: UInt64, count: Int) {
        (UInt64(flag) << 56 | UInt64(UInt32(truncatingIfNeeded: count)) << 24, prefixSize)
    }

    /// A message with its prefix.
    static func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: message.count + prefixSize) { buffer, count in
            let length = UInt32(truncatingIfNeeded: message.count)
            buffer[0] = flag
            for index in 0..<4 {
                buffer[index + 1] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
            }
            count = prefixSize + message.count
            _ = buffer[prefixSize..<count].update(fromContentsOf: message)
        }
    }
}
