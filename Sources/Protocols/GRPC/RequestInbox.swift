// Requests that have arrived and that the handler has not read yet. While one waits, the client's window is not opened
// again, so a handler that is slow holds up its client and not our memory. No I/O.

/// The requests of one call with a stream of them.
struct RequestInbox: Sendable {
    private var assembler: MessageAssembler
    /// Octets that have arrived and have not been given back to the client's window.
    private var held = 0
    private var ended = false
    private var fault: GRPCStatus?

    init(messageLimit: Int, decoding: (any GRPCCompression)? = nil) {
        assembler = MessageAssembler(limit: messageLimit)
        assembler.decoding = decoding
    }

    /// Whether the request that `next` gave was compressed.
    var wasCompressed: Bool { assembler.wasCompressed }

    /// Octets that no reader has taken.
    var waitingOctets: Int { assembler.waitingOctets }

    /// What a reader finds.
    enum Next: Equatable, Sendable {
        /// A request, and the octets to give back to the client.
        case message([UInt8], consumed: Int)
        /// All has been read.
        case end
        /// Nothing yet.
        case wait
    }

    /// Octets of the body.
    ///
    /// - Returns: how many octets may be given back to the client now.
    mutating func receive(_ count: Int, _ body: (inout [UInt8]) -> Void) -> Int {
        guard fault == nil, !ended else { return count }
        assembler.append(body)
        do throws(GRPCStatus) {
            guard try assembler.hasMessage() else { return count }
            held += count
            return 0
        } catch {
            fault = error
            return count
        }
    }

    /// The client sends no more.
    mutating func receiveEnd() { ended = true }

    /// The next request.
    ///
    /// - Throws: the fault of the client's framing, or INTERNAL for a request that was cut off.
    mutating func next() throws(GRPCStatus) -> Next {
        if let message = try assembler.next() {
            if (try? assembler.hasMessage()) == true { return .message(message, consumed: 0) }
            defer { held = 0 }
            return .message(message, consumed: held)
        }
        if let fault { throw fault }
        guard ended else { return .wait }
        guard assembler.waitingOctets == 0 else {
            throw GRPCStatus(.internal, "the request ends before its message is complete")
        }
        return .end
    }
}
