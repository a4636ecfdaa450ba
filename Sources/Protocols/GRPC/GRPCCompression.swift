// Compression of messages is handed in from a module above, so that a server whose peer never compresses, such as a
// kubelet's plugin, links no zlib. Here stands who agrees on what (doc/compression.md of gRPC).

internal import HPACK

/// A way to make messages smaller, such as gzip.
public protocol GRPCCompression: Sendable {
    /// As in grpc-encoding.
    var name: String { get }
    /// Packs a message.
    ///
    /// - Throws: INTERNAL when that is not possible.
    func compress(_ message: [UInt8]) throws(GRPCStatus) -> [UInt8]
    /// Unpacks a message.
    ///
    /// - Parameter limit: the most octets that may come out.
    /// - Throws: INTERNAL for what is not coded so, RESOURCE_EXHAUSTED beyond the limit.
    func decompress(_ message: [UInt8], limit: Int) throws(GRPCStatus) -> [UInt8]
}

/// Whether messages that we send are compressed.
public enum GRPCCompressionUse: Sendable, CaseIterable {
    /// Those of at least 1 KiB, where the peer has said that it takes them.
    case automatic
    /// All: a server's where the client takes them, a client's without asking.
    case always
    /// Messages go as they are.
    case never
}

/// The ways to compress that one side knows.
struct MessageCodings: Sendable {
    private let known: [any GRPCCompression]
    /// What stands before the messages of a response: without compression, and with each that is known.
    private let responseHeads: [HeaderList]
    /// What goes out as grpc-accept-encoding.
    let accepted: String

    init(_ known: [any GRPCCompression]) {
        self.known = known
        let accepted = (["identity"] + known.map(\.name)).joined(separator: ",")
        self.accepted = accepted
        responseHeads = ([nil] + known.map(\.name)).map { name in
            guard !known.isEmpty else { return ResponseHead.plain }
            var head = ResponseHead.plain
            if let name { head.add("grpc-encoding", name) }
            head.add("grpc-accept-encoding", accepted)
            head.isSentOften = true
            return head
        }
    }

    /// What stands before the messages of a response.
    func responseHead(_ coding: (any GRPCCompression)?) -> HeaderList {
        guard let coding else { return responseHeads[0] }
        return responseHeads[1 + (known.firstIndex { $0.name == coding.name } ?? -1)]
    }

    /// Whether there is nothing to agree on.
    var isEmpty: Bool { known.isEmpty }

    /// What a side uses that does not know its peer.
    var preferred: (any GRPCCompression)? { known.first }

    /// The one with this name.
    subscript(_ name: String) -> (any GRPCCompression)? { known.first { $0.name == name } }

    /// The first that the peer takes, as its headers say.
    func agreed(with headers: HeaderList) -> (any GRPCCompression)? {
        known.isEmpty ? nil : agreed(with: headers[.grpcAcceptEncoding])
    }

    /// The first that the peer takes.
    ///
    /// - Parameter accepted: the peer's grpc-accept-encoding; nil when it sent none.
    func agreed(with accepted: String?) -> (any GRPCCompression)? {
        guard !known.isEmpty, let accepted else { return nil }
        let names = accepted.utf8.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
        return known.first { coding in names.contains { $0.elementsEqual(coding.name.utf8) } }
    }
}

/// How one side of one call packs its messages.
struct MessageEncoder: Sendable {
    /// Smaller messages are not worth the work.
    static let automaticSize = 1024

    /// The coding that the headers named; nil for none.
    var coding: (any GRPCCompression)?

    /// A message that is packed, or nil where it goes as it is.
    func packed(
        _ message: [UInt8], _ use: @autoclosure () -> GRPCCompressionUse
    ) throws(GRPCStatus) -> [UInt8]? {
        guard let coding else { return nil }
        let use = use()
        guard use != .never, use == .always || message.count >= Self.automaticSize else { return nil }
        let packed = try coding.compress(message)
        return use == .always || packed.count < message.count ? packed : nil
    }

    /// A message with its prefix.
    func frame(_ message: [UInt8], _ use: GRPCCompressionUse) throws(GRPCStatus) -> [UInt8] {
        guard let packed = try packed(message, use) else { return MessageAssembler.frame(message) }
        return MessageAssembler.frame(packed, flag: MessageAssembler.compressedFlag)
    }
}
