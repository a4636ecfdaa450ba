// Everything of OpenSSL's is freed by hand in C. Here the compiler does it: a handle cannot be copied, so it is freed
// once, at the end of its scope or of the value that holds it. Where a pointer is used after the handle was last
// named, `extendLifetime` says until when.

internal import COpenSSL
internal import SystemIO

/// Owns one object of OpenSSL's.
struct Handle: ~Copyable {
    /// The object, valid as long as the handle.
    let pointer: OpaquePointer
    private let free: @convention(c) (OpaquePointer?) -> Void

    /// Takes over an object that OpenSSL has just made.
    ///
    /// - Parameters:
    ///   - pointer: nil when making it failed.
    ///   - what: what was tried, after "cannot", for the error.
    ///   - free: OpenSSL's function for the type.
    init(
        _ pointer: OpaquePointer?, _ what: @autoclosure () -> String,
        free: @escaping @convention(c) (OpaquePointer?) -> Void
    ) throws(SecureLayerError) {
        guard let pointer else { throw OpenSSL.fault(what()) }
        self.pointer = pointer
        self.free = free
    }

    deinit { free(pointer) }
}

/// Fails with what was tried, after "cannot", unless OpenSSL said 1.
func require(_ result: Int32, _ what: @autoclosure () -> String) throws(SecureLayerError) {
    guard result == 1 else { throw OpenSSL.fault(what()) }
}

/// A memory BIO: octets in a row, no I/O.
struct MemoryBIO: ~Copyable {
    private let handle: Handle

    /// The BIO for OpenSSL's functions.
    var pointer: OpaquePointer { handle.pointer }

    /// An empty one.
    init() throws(SecureLayerError) {
        handle = try Handle(BIO_new(BIO_s_mem()), "make a buffer", free: BIO_free_all)
    }

    /// One that holds `bytes`.
    static func holding(_ bytes: [UInt8]) throws(SecureLayerError) -> MemoryBIO {
        let bio = try MemoryBIO()
        try bio.write(bytes.span.bytes)
        return bio
    }

    /// Adds octets, at most `Int32.max` of them.
    borrowing func write(_ bytes: RawSpan) throws(SecureLayerError) {
        guard bytes.byteCount > 0 else { return }
        let written = bytes.withUnsafeBytes {
            var count = 0
            return BIO_write_ex(pointer, $0.baseAddress, $0.count, &count) == 1 ? count : 0
        }
        guard written == bytes.byteCount else { throw OpenSSL.fault("buffer \(bytes.byteCount) octets") }
    }

    /// Moves all that waits to the end of `output`.
    borrowing func drain(into output: inout [UInt8]) {
        var start: UnsafePointer<CChar>?
        let count = ganglion_bio_contents(pointer, &start)
        guard count > 0, let start else { return }
        output.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        _ = ganglion_bio_reset(pointer)
    }

    /// All that waits; it is gone afterwards.
    borrowing func contents() -> [UInt8] {
        var bytes: [UInt8] = []
        drain(into: &bytes)
        return bytes
    }
}
