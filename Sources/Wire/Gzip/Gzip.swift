// Octets of a peer, unpacked: 4 KiB of gzip can be 4 MiB of zeros, so nothing grows beyond a limit that the caller
// gives, and whatever is wrong is an error with a name.

internal import CZlib

/// What is wrong with octets that should be gzip (RFC 1952).
package enum GzipError: Error, Equatable {
    /// They are no gzip, or damaged; zlib's word for it.
    case malformed(String)
    /// They end too early.
    case truncated
    /// They are more than the caller takes, in octets.
    case tooLarge(limit: Int)
    /// There is no memory for zlib's state, about 256 KiB.
    case noMemory
}

extension GzipError: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .malformed(let reason): "the octets are no valid gzip: \(reason)"
        case .truncated: "the gzip ends before it is complete"
        case .tooLarge(let limit): "the gzip is larger than the limit of \(limit) octets when unpacked"
        case .noMemory: "there is no memory for gzip"
        }
    }
}

/// gzip of whole messages.
package enum Gzip {
    /// Compresses octets to one gzip member (RFC 1952).
    ///
    /// - Parameter level: 1, the fastest, to 9, the smallest.
    /// - Throws: `noMemory`; `tooLarge` above 4 GiB.
    package static func compress(_ octets: [UInt8], level: Int32 = 6) throws(GzipError) -> [UInt8] {
        guard octets.count <= UInt32.max else { throw .tooLarge(limit: Int(UInt32.max)) }
        var stream = z_stream()
        guard ganglion_gzip_deflate_init(&stream, min(max(level, 1), 9)) == Z_OK else { throw .noMemory }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(octets.count)))
        let output = octets.withUnsafeBytes { input in
            [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                stream.next_in = input.pointer()
                stream.avail_in = UInt32(input.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(clamping: bound)
                // All fits: deflateBound says so.
                let result = deflate(&stream, Z_FINISH)
                count = result == Z_STREAM_END ? bound - Int(stream.avail_out) : 0
            }
        }
        guard !output.isEmpty else { throw .tooLarge(limit: Int(UInt32.max)) }
        return output
    }

    /// Unpacks; several members after each other are one message (RFC 1952 §2.2).
    ///
    /// - Parameter limit: the most octets that may come out; never more than that and one are made.
    /// - Throws: `GzipError`.
    package static func decompress(_ octets: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        guard octets.count <= UInt32.max, limit >= 0, limit < UInt32.max else {
            throw .tooLarge(limit: limit)
        }
        guard !octets.isEmpty else { throw .truncated }
        var stream = z_stream()
        guard ganglion_gzip_inflate_init(&stream) == Z_OK else { throw .noMemory }
        defer { inflateEnd(&stream) }

        var output: [UInt8] = []
        var consumed = 0
        while true {
            // A room that doubles, up to one octet beyond the limit: that octet tells that there is too much.
            let room = min(max(4 * octets.count, 1024, output.count), limit + 1 - output.count)
            let (result, made) = inflateSome(&stream, octets, from: consumed, into: &output, room)
            consumed = octets.count - Int(stream.avail_in)
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            switch result {
            case Z_STREAM_END:
                guard consumed < octets.count else { return output }
                guard inflateReset(&stream) == Z_OK else { throw .malformed("a member cannot follow") }
            case Z_OK, Z_BUF_ERROR:
                // With room to spare and no progress, the rest of the octets is missing.
                if consumed == octets.count, made < room { throw .truncated }
            case Z_MEM_ERROR: throw .noMemory
            default: throw .malformed(stream.msg.map { String(cString: $0) } ?? "code \(result)")
            }
        }
    }

    /// One step of zlib: appends up to `room` octets.
    private static func inflateSome(
        _ stream: inout z_stream, _ octets: [UInt8], from consumed: Int, into output: inout [UInt8],
        _ room: Int
    ) -> (result: Int32, made: Int) {
        octets.withUnsafeBytes { input in
            stream.next_in = input.pointer(from: consumed)
            stream.avail_in = UInt32(input.count - consumed)
            var result = Z_OK
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(room)
                result = inflate(&stream, Z_NO_FLUSH)
                count = room - Int(stream.avail_out)
            }
            if output.isEmpty { output = chunk } else { output += chunk }
            return (result, chunk.count)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// As zlib wants its input, which it only reads; nil, which it takes, where there is no octet.
    fileprivate func pointer(from offset: Int = 0) -> UnsafeMutablePointer<UInt8>? {
        baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) + offset }
    }
}
