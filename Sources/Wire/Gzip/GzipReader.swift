// gzip that comes in pieces and is read while it comes, such as a watch: whoever compresses it flushes after each event
// (RFC 1951 §3.2.4, an empty stored block), and what has been flushed comes out at once. Out of a few octets a piece of any
// length could come; it is made a part at a time, and whoever takes the parts stops when they are too many.

internal import CZlib

/// Unpacks gzip, however it is cut.
package final class GzipReader {
    /// The most octets of a part.
    package static let partSize = 65_536
    /// The most members that one stream may have: each costs more than its few octets say.
    package static let memberLimit = 1_024

    private enum State {
        /// Between the pieces of a member.
        case inMember
        /// A member has ended; another may follow (RFC 1952 §2.2).
        case betweenMembers
    }

    /// zlib keeps its address, so it stays where it is.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var state = State.inMember
    private var members = 0
    /// What has come and is not unpacked yet, from `consumed` on.
    private var input: [UInt8] = []
    private var consumed = 0
    /// zlib's room was full the last time: it may have more without another octet.
    private var mayHaveMore = false
    private var hasBegun = false

    /// A reader at the beginning of a stream.
    ///
    /// - Throws: `GzipError.noMemory`.
    package init() throws(GzipError) {
        stream.initialize(to: z_stream())
        guard ganglion_gzip_inflate_init(stream) == Z_OK else { throw .noMemory }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Takes a piece. `next` gives what comes of it, and is called until it gives nothing before the next piece is taken.
    package func receive(_ octets: [UInt8]) {
        if consumed == input.count {
            input = octets
        } else {
            input = Array(input[consumed...]) + octets
        }
        consumed = 0
    }

    /// The next part, 1 to `partSize` octets.
    ///
    /// - Returns: nil when there is nothing more without another piece.
    /// - Throws: `GzipError.malformed`; nothing can be read after that.
    package func next() throws(GzipError) -> [UInt8]? {
        while consumed < input.count || mayHaveMore {
            if state == .betweenMembers {
                members += 1
                guard members < Self.memberLimit, inflateReset(stream) == Z_OK else {
                    throw .malformed("it has more than \(Self.memberLimit) members")
                }
                state = .inMember
            }
            hasBegun = true
            let (result, part) = unpackSome()
            // A member that has ended leaves nothing in zlib, whatever room is left.
            mayHaveMore = result == Z_OK && part.count == Self.partSize
            switch result {
            case Z_STREAM_END: state = .betweenMembers
            case Z_OK, Z_BUF_ERROR: break
            case Z_MEM_ERROR: throw .noMemory
            default: throw .malformed(stream.pointee.msg.map { String(cString: $0) } ?? "code \(result)")
            }
            if !part.isEmpty { return part }
            if result == Z_BUF_ERROR { return nil }
        }
        return nil
    }

    /// The stream is over.
    ///
    /// - Throws: `GzipError.truncated` in the middle of a member, or where nothing has come.
    package func finish() throws(GzipError) {
        guard state == .betweenMembers, hasBegun else { throw .truncated }
    }

    private func unpackSome() -> (result: Int32, part: [UInt8]) {
        input.withUnsafeBytes { octets in
            let start = octets.baseAddress.map {
                UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) + consumed
            }
            stream.pointee.next_in = start
            stream.pointee.avail_in = UInt32(clamping: octets.count - consumed)
            let offered = Int(stream.pointee.avail_in)
            var result = Z_OK
            let part = [UInt8](unsafeUninitializedCapacity: Self.partSize) { buffer, count in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(Self.partSize)
                result = inflate(stream, Z_SYNC_FLUSH)
                count = Self.partSize - Int(stream.pointee.avail_out)
            }
            consumed += offered - Int(stream.pointee.avail_in)
            return (result, part)
        }
    }
}
