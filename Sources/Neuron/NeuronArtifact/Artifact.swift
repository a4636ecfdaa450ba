// A compiled model as one file: 64 octets that say what it is, a header of JSON, and sections that are used where they are
// mapped. Two servers of one artifact on a machine have its weights in memory once.
//
//      0  "GANGLION"                   32  checksum of the header
//      8  version, u32                 40  checksum of the data
//     12  octets of the header, u32    48  16 octets of zeros
//     16  octets of the file, u64      64  the header, JSON in UTF-8, filled up with zeros to a whole page
//     24  offset of the data, u64          the data: sections, each at a multiple of 64
//
// All numbers are little endian. Not a copy but the file itself is used: whoever replaces one writes another file and
// renames it, since a mapped file that shrinks ends the process that reads it.

import Glibc
import JSON

/// An open, mapped artifact.
package final class Artifact: @unchecked Sendable {
    /// What a file begins with.
    package static let magic = Array("GANGLION".utf8)
    /// The version that is written, and the only one that is read.
    package static let version: UInt32 = 1
    /// Octets before the header.
    static let prefixSize = 64
    /// Data begins at a multiple of this.
    static let pageSize = 4096
    /// The longest header that is read, in octets.
    static let headerLimit = 16 << 20

    /// As it was opened.
    package let path: String
    /// What it says about itself.
    package let header: ArtifactHeader
    /// The file; for those who read rather than map.
    package let descriptor: Int32
    /// Octets of the file before its data.
    package let dataOffset: Int

    let mapping: UnsafeRawBufferPointer
    private let sections: [String: ArtifactHeader.Section]

    /// Whether a file begins as an artifact does; false where it cannot be read.
    package static func isArtifact(_ path: String) -> Bool { begins(path, with: magic) }

    /// Maps a file and checks it.
    ///
    /// - Parameter verifies: whether the data is read and compared with its checksum; about 10 ms for 100 MB in the cache.
    /// - Throws: `ArtifactError` with the reason.
    package init(path: String, verifies: Bool = true) throws(ArtifactError) {
        let (descriptor, mapping) = try map(path)
        do throws(ArtifactError) {
            let (header, dataOffset) = try Self.check(mapping, path: path, verifies: verifies)
            self.header = header
            self.dataOffset = dataOffset
        } catch {
            unmap(descriptor, mapping)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.mapping = mapping
        sections = Dictionary(uniqueKeysWithValues: header.sections.map { ($0.name, $0) })
    }

    deinit { unmap(descriptor, mapping) }

    /// Where a section's octets are mapped; they stay as long as this object.
    package func section(_ name: String) -> UnsafeRawBufferPointer? {
        guard let section = sections[name] else { return nil }
        let start = dataOffset + section.offset
        return UnsafeRawBufferPointer(rebasing: mapping[start..<start + section.size])
    }

    /// Where a section lies in the file, in octets.
    package func range(_ name: String) -> Range<Int>? {
        guard let section = sections[name] else { return nil }
        let start = dataOffset + section.offset
        return start..<start + section.size
    }

    /// Checks octets that should be an artifact.
    ///
    /// - Returns: the header, and where the data begins.
    /// - Throws: `ArtifactError`.
    package static func check(
        _ octets: UnsafeRawBufferPointer, path: String, verifies: Bool
    ) throws(ArtifactError) -> (ArtifactHeader, dataOffset: Int) {
        guard octets.count >= prefixSize, octets.prefix(8).elementsEqual(magic) else {
            throw ArtifactError(
                .notAnArtifact, path, "is no artifact", "name a file that \"ganglion compile\" has made")
        }
        let version = UInt32(littleEndian: octets.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard version == Self.version else {
            throw ArtifactError(
                .version, path, "is of version \(version), and this program reads version \(Self.version)",
                "compile the model with this program")
        }
        let length = Int(UInt32(littleEndian: octets.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        let words = (2..<8).map {
            UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
        }
        guard length <= headerLimit else {
            throw ArtifactError(
                .tooLarge, path, "announces a header of \(length) octets, above \(headerLimit)")
        }
        guard words[0] == UInt64(octets.count) else {
            throw ArtifactError(
                .damaged, path, "has \(octets.count) octets, and says that it has \(words[0])",
                "copy the file again")
        }
        let dataOffset = (prefixSize + length + pageSize - 1) / pageSize * pageSize
        guard words[1] == UInt64(dataOffset), dataOffset <= octets.count, words[4] == 0, words[5] == 0 else {
            throw ArtifactError(.damaged, path, "has its data at \(words[1]) rather than at \(dataOffset)")
        }
        let text = UnsafeRawBufferPointer(rebasing: octets[prefixSize..<prefixSize + length])
        guard Checksum.of(text) == words[2] else {
            throw ArtifactError(
                .damaged, path, "has a header that does not match its checksum", "copy the file again")
        }
        let json: JSON
        do {
            json = try JSON(parsing: Array(text))
        } catch {
            throw ArtifactError(.damaged, path, "has a header that is no JSON (\(error))")
        }
        let header = try ArtifactHeader(json, dataSize: octets.count - dataOffset, path: path)
        if verifies {
            guard Checksum.of(UnsafeRawBufferPointer(rebasing: octets[dataOffset...])) == words[3] else {
                throw ArtifactError(
                    .damaged, path, "has data that does not match its checksum", "copy the file again")
            }
        }
        return (header, dataOffset)
    }
}

/// Maps a regular file for reading.
private func map(_ path: String) throws(ArtifactError) -> (Int32, UnsafeRawBufferPointer) {
    func failure() -> ArtifactError {
        ArtifactError(
            .unreadable, path, "cannot be read (\(String(cString: strerror(errno))))",
            "check its path and its rights")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure() }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
        close(descriptor)
        throw ArtifactError(.notAnArtifact, path, "is no file, or an empty one", "name an artifact")
    }
    let size = Int(status.st_size)
    // All pages at once: a fault for each sixteen of them takes longer than to read them.
    guard let memory = mmap(nil, size, PROT_READ, MAP_SHARED | MAP_POPULATE, descriptor, 0),
        memory != MAP_FAILED
    else {
        let error = failure()
        close(descriptor)
        throw error
    }
    return (descriptor, UnsafeRawBufferPointer(start: memory, count: size))
}

private func unmap(_ descriptor: Int32, _ mapping: UnsafeRawBufferPointer) {
    munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count)
    close(descriptor)
}

/// Whether a file begins with some octets.
func begins(_ path: String, with octets: [UInt8]) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var start = [UInt8](repeating: 0, count: octets.count)
    return read(descriptor, &start, start.count) == start.count && start == octets
}
