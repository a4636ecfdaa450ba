// An archive that is on the disk, unpacked beside it: read in pieces, whatever its size.

internal import Glibc
internal import Gzip
internal import SystemIO
internal import Tar

/// Unpacks archives.
struct ArchiveFile {
    /// The URI, as it may be shown.
    let uri: String
    let path: String
    let form: ArchiveForm

    /// Unpacks it.
    ///
    /// - Throws: `ModelSourceError`.
    func unpack(with unpacker: Unpacker) throws(ModelSourceError) {
        do throws(UnpackError) {
            try read(unpacker)
        } catch {
            throw failure(error, unpacker)
        }
    }

    private func read(_ unpacker: Unpacker) throws(UnpackError) {
        do {
            let file = try FileDescriptor.open(path, flags: O_RDONLY)
            var tar = TarReader()
            let gzip = try form == .gzip ? GzipReader() : nil
            var chunk = [UInt8](repeating: 0, count: 1 << 18)
            while true {
                let count = chunk.withUnsafeMutableBytes { Glibc.read(file.number, $0.baseAddress, $0.count) }
                guard count >= 0 else {
                    if errno == EINTR { continue }
                    throw SystemError("read", path)
                }
                guard count > 0 else { break }
                let octets = Array(chunk[..<count])
                guard let gzip else {
                    for event in try tar.receive(octets) { try unpacker.take(event) }
                    continue
                }
                gzip.receive(octets)
                while let part = try gzip.next() {
                    for event in try tar.receive(part) { try unpacker.take(event) }
                }
            }
            try gzip?.finish()
            try tar.finish()
        } catch let error as UnpackError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .unsafe("", "\(error)")
        }
    }

    private func failure(_ error: UnpackError, _ unpacker: Unpacker) -> ModelSourceError {
        switch error {
        case .unsafe("", let sentence): ModelSourceError(uri, .archive, sentence)
        case .unsafe(let path, let why):
            ModelSourceError(
                uri, .archive, "its entry \(path.prefix(256)) is refused, since \(why)",
                mend: "make the archive in the model's folder, of its files alone")
        case .tooLarge:
            ModelSourceError(
                uri, .space, "unpacked it has more octets than there is room for",
                mend: "make the model cache's limit larger, if the archive is what was meant")
        case .tooMany: ModelSourceError(uri, .archive, "it has more entries than are taken")
        case .system(let error): ModelSourceError(uri, error)
        }
    }
}
