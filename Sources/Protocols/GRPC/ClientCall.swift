// One call as the client sees it: what came, who waits for it, and how it ended. No I/O.

internal import HPACK
internal import HTTP2

/// Follows the response of one call (doc/PROTOCOL-HTTP2.md, "Responses").
struct ClientCall {
    /// How it ended, once it has.
    private(set) var end: GRPCStatus?
    /// Whether it ended before the server began with it: then it may be made again.
    private(set) var isUnprocessed = false
    /// The headers before the first response, once they are there.
    private(set) var initialMetadata: GRPCMetadata?
    /// The fields that came with the status; none before the end.
    private(set) var trailingMetadata = GRPCMetadata()
    private var assembler: MessageAssembler
    /// What the server said without grpc-status.
    private var fallback: GRPCStatus?
    private var headersSeen = false
    /// Octets that have arrived and have not been given back to the server's window.
    private var held = 0

    private let codings: MessageCodings

    init(messageLimit: Int, codings: MessageCodings = MessageCodings([])) {
        assembler = MessageAssembler(limit: messageLimit)
        self.codings = codings
    }

    /// Whether the message that `take` gave was compressed.
    var wasCompressed: Bool { assembler.wasCompressed }

    /// Headers that are not 1xx.
    mutating func receiveHeaders(_ headers: HeaderList, endStream: Bool) {
        headersSeen = true
        if endStream, let status = GRPCStatus(trailers: headers) {
            initialMetadata = GRPCMetadata()
            trailingMetadata = GRPCMetadata(headers)
            finish(status)
            return
        }
        initialMetadata = GRPCMetadata(headers)
        let httpStatus = headers[":status"] ?? ""
        let type = headers["content-type"] ?? ""
        if httpStatus != "200" {
            fallback = GRPCStatus(httpStatus: httpStatus)
        } else if !ContentType.isGRPC(type) {
            fallback = GRPCStatus(
                .unknown, "the server answered with content-type \"\(type)\", not application/grpc")
        } else if let encoding = headers["grpc-encoding"], encoding != "identity" {
            assembler.decoding = codings[encoding]
            if assembler.decoding == nil {
                fallback = GRPCStatus(
                    .internal, "the server answered with grpc-encoding \(encoding), which was not offered")
            }
        }
        if endStream { finish(missingStatus) }
    }

    /// Octets of the body.
    ///
    /// - Returns: how many octets may be given back to the server now. While a message waits to be taken, none: that
    ///   holds up a server that is faster than we are.
    mutating func receiveData(_ count: Int, endStream: Bool, _ body: (inout [UInt8]) -> Void) -> Int {
        guard end == nil else { return count }
        if fallback == nil {
            assembler.append(body)
            do {
                if try assembler.hasMessage() { held += count } else { held = 0 }
            } catch {
                finish(error)
            }
        }
        if endStream { finish(missingStatus) }
        return held > 0 ? 0 : count
    }

    /// Takes the trailers in: the call ends with their grpc-status.
    mutating func receiveTrailers(_ trailers: HeaderList) {
        trailingMetadata = GRPCMetadata(trailers)
        finish(GRPCStatus(trailers: trailers) ?? missingStatus)
    }

    /// Ends the call, unless it has ended.
    ///
    /// - Parameter isUnprocessed: the server has not begun with it.
    mutating func finish(_ status: GRPCStatus, isUnprocessed: Bool = false) {
        guard end == nil else { return }
        end = status
        self.isUnprocessed = isUnprocessed && !headersSeen
    }

    /// Whether `take` has something to give.
    var hasMessage: Bool { (try? assembler.hasMessage()) == true }

    /// The next message, if it is there, and the octets to give back to the server.
    ///
    /// - Throws: what is wrong with a compressed message.
    mutating func take() throws(GRPCStatus) -> (message: [UInt8], consumed: Int)? {
        guard hasMessage, let message = try assembler.next() else { return nil }
        if hasMessage { return (message, 0) }
        defer { held = 0 }
        return (message, held)
    }

    private var missingStatus: GRPCStatus {
        fallback ?? GRPCStatus(.internal, "the server ended the call without grpc-status")
    }
}
