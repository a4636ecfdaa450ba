// Compressed answers, as the real server gives them to clients that ask: objects and lists of more than 128 KiB
// (endpoints/handlers/responsewriters/writers.go), and from Kubernetes 1.37 on the streams of WatchList (feature gate
// WatchListCompression), with a flush after each event. Other watches come as they are.

internal import Gzip
internal import HTTP
internal import HTTP1

extension HTTPRequest {
    /// Whether the client takes gzip (negotiateContentEncoding: weights do not count).
    var takesGzip: Bool {
        (headers["accept-encoding"] ?? "").split(separator: ",").contains { token in
            let token = token.drop { $0 == " " }
            return token.hasPrefix("gzip") && token.dropFirst(4).allSatisfy { $0 == " " }
        }
    }
}

extension HTTPResponse {
    /// Octets from which on answers are compressed (defaultGzipThresholdBytes).
    static let compressedFrom = 128 * 1024

    /// The same answer, compressed where it is long.
    func compressed() -> HTTPResponse {
        guard case .bytes(let octets) = body, octets.count > Self.compressedFrom,
            let packed = try? Gzip.compress(octets, level: 1)
        else { return self }
        var response = self
        response.body = .bytes(packed)
        response.headers["content-encoding"] = "gzip"
        response.headers.add("vary", "Accept-Encoding")
        return response
    }
}

/// Writes the body of a watch.
struct WatchWriter {
    private let writer: HTTPBodyWriter
    private let gzip: GzipWriter?

    /// - Throws: `GzipError.noMemory`.
    init(_ writer: HTTPBodyWriter, isCompressed: Bool) throws {
        self.writer = writer
        gzip = isCompressed ? try GzipWriter() : nil
    }

    /// Sends octets; the client can read all of them.
    func write(_ octets: [UInt8]) async throws {
        try await writer.write(gzip?.write(octets) ?? octets)
    }

    /// The watch ends in order.
    func finish() async throws {
        if let gzip { try await writer.write(gzip.finish()) }
    }
}
