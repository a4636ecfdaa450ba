// A file that grows as octets come, checked while it grows: nothing is read twice, but for what an earlier process has left.

internal import Digests
internal import Glibc
internal import SystemIO

/// Writes one file of a download.
final class FileSink {
    let path: String
    /// Octets that are in the file.
    private(set) var count = 0
    private let file: FileDescriptor
    private var digest: MessageDigest?
    private var check: StoreCheck?

    /// Opens a file, with what is in it already.
    ///
    /// - Parameter hashes: whether its SHA-256 is wanted.
    init(_ path: String, hashes: Bool) throws(SystemError) {
        self.path = path
        file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
        if hashes { digest = MessageDigest(.sha256) }
        try readWhatIsThere()
    }

    private func readWhatIsThere() throws(SystemError) {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = chunk.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
            guard got >= 0 else {
                if errno == EINTR { continue }
                throw SystemError("read", path)
            }
            if got == 0 { return }
            digest?.update(got == chunk.count ? chunk : Array(chunk[..<got]))
            count += got
        }
    }

    /// Begins anew.
    ///
    /// - Parameter check: what the store says of the whole.
    func restart(_ check: StoreCheck?) throws(SystemError) {
        guard ftruncate(file.number, 0) == 0, lseek(file.number, 0, SEEK_SET) == 0 else {
            throw SystemError("write", path)
        }
        count = 0
        if digest != nil { digest = MessageDigest(.sha256) }
        self.check = check
    }

    func write(_ octets: [UInt8]) throws(SystemError) {
        try Files.append(file, octets, name: path)
        digest?.update(octets)
        check?.update(octets)
        count += octets.count
    }

    /// The file is complete; it is on the disk when this returns.
    ///
    /// - Returns: its SHA-256 where that was wanted, and what the store's own check finds wrong.
    func finish() throws(SystemError) -> (sha256: String?, fault: String?) {
        guard fdatasync(file.number) == 0 else { throw SystemError("write", path) }
        let sum = digest?.finish().hexadecimal
        digest = nil
        defer { file.close() }
        return (sum, check?.fault())
    }
}
