// Lists and watches may come compressed: an API server compresses lists of more than 128 KiB, and from 1.37 on the streams of
// WatchList. They are unpacked as they come.

internal import Gzip
internal import HTTP
internal import HTTP1

/// The body of a response without its content-coding (RFC 9110 §8.4).
final class ContentDecoder {
    private let gzip: GzipReader?
    private var piece: [UInt8]?

    /// - Throws: `KubernetesError.malformed` for a coding that was not asked for.
    init(_ headers: HTTPHeaders) throws(KubernetesError) {
        switch headers["content-encoding"]?.lowercased() ?? "identity" {
        case "identity": gzip = nil
        case "gzip", "x-gzip":
            do throws(GzipError) { gzip = try GzipReader() } catch {
                throw .malformed(error.description)
            }
        case let coding: throw .malformed("it has the content-encoding \(coding.prefix(64))")
        }
    }

    /// Takes a piece; `next` is asked then until there is nothing more.
    func receive(_ octets: [UInt8]) {
        if let gzip { gzip.receive(octets) } else { piece = octets }
    }

    /// A part of what the body says, at most 64 KiB where it was compressed.
    ///
    /// - Throws: `GzipError.malformed`; nothing can be read after that.
    func next() throws(GzipError) -> [UInt8]? {
        if let gzip { return try gzip.next() }
        defer { piece = nil }
        return piece
    }

    /// The body is over.
    ///
    /// - Throws: `GzipError.truncated` where more should have come.
    func finish() throws(GzipError) { try gzip?.finish() }
}

extension ListDecoder {
    /// Takes a piece of a body.
    mutating func receive(_ piece: [UInt8], _ content: ContentDecoder) throws {
        content.receive(piece)
        while let part = try content.next() { try receive(part) }
    }
}

extension KubernetesError {
    /// What reading a body has come to.
    init(reading error: any Error) {
        switch error {
        case let error as KubernetesError: self = error
        case let error as GzipError: self = .malformed(error.description)
        case let error as HTTPError: self = .connection(error.description)
        default: self = .connection("\(error)")
        }
    }
}
