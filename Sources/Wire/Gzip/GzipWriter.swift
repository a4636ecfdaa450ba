// gzip of a stream whose reader wants each piece when it is sent, as an API server compresses a watch: after each piece
// stands a flush (Z_SYNC_FLUSH), at which the reader has everything until then.

internal import CZlib

/// Compresses pieces to one gzip member.
package final class GzipWriter {
    /// zlib keeps its address, so it stays where it is.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasEnded = false

    /// A writer of an empty stream.
    ///
    /// - Parameter level: 1, the fastest and what an API server takes, to 9, the smallest.
    /// - Throws: `GzipError.noMemory`.
    package init(level: Int32 = 1) throws(GzipError) {
        stream.initialize(to: z_stream())
        guard ganglion_gzip_deflate_init(stream, min(max(level, 1), 9)) == Z_OK else { throw .noMemory }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Compresses a piece; its reader can have all of it out of what is returned.
    package func write(_ octets: [UInt8]) -> [UInt8] { deflated(octets, Z_SYNC_FLUSH) }

    /// The stream's end; nothing is written after it.
    package func finish() -> [UInt8] { deflated([], Z_FINISH) }

    private func deflated(_ octets: [UInt8], _ flush: Int32) -> [UInt8] {
        guard !hasEnded else { return [] }
        hasEnded = flush == Z_FINISH
        var output: [UInt8] = []
        octets.withUnsafeBytes { input in
            var offset = 0
            var result = Z_OK
            var isFull = false
            repeat {
                let count = min(input.count - offset, Int(Int32.max))
                stream.pointee.next_in = input.baseAddress.map {
                    UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) + offset
                }
                stream.pointee.avail_in = UInt32(count)
                let room = max(256, min(count, 65_536))
                output += [UInt8](unsafeUninitializedCapacity: room) { buffer, made in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(room)
                    result = deflate(stream, flush)
                    made = room - Int(stream.pointee.avail_out)
                }
                isFull = stream.pointee.avail_out == 0
                offset += count - Int(stream.pointee.avail_in)
            } while isFull || offset < input.count && result == Z_OK
        }
        return output
    }
}
