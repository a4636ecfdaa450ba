// gzip for gRPC, apart from module GRPC so that only what wants it links zlib.

package import GRPC
internal import Gzip

/// The `gzip` of grpc-encoding.
///
///     GRPCServer(router: router, compressions: [GzipCompression()])
package struct GzipCompression: GRPCCompression {
    /// `gzip`
    package let name = "gzip"
    private let level: Int32

    /// - Parameter level: 1, the fastest, to 9, the smallest.
    package init(level: Int32 = 6) { self.level = level }

    /// Packs a message.
    package func compress(_ message: [UInt8]) throws(GRPCStatus) -> [UInt8] {
        do throws(GzipError) {
            return try Gzip.compress(message, level: level)
        } catch {
            throw GRPCStatus(.internal, "a message cannot be compressed: \(error)")
        }
    }

    /// Unpacks a message.
    package func decompress(_ message: [UInt8], limit: Int) throws(GRPCStatus) -> [UInt8] {
        do throws(GzipError) {
            return try Gzip.decompress(message, limit: limit)
        } catch {
            switch error {
            case .tooLarge(let limit):
                throw GRPCStatus(
                    .resourceExhausted,
                    "a compressed message is larger than the limit of \(limit) octets when unpacked")
            case .noMemory: throw GRPCStatus(.resourceExhausted, "\(error)")
            case .malformed, .truncated:
                throw GRPCStatus(.internal, "a compressed message cannot be read: \(error)")
            }
        }
    }
}
