// An archive that is in memory as a whole, or mapped: its entries are looked at where they lie, and nothing is copied but
// their headers.

/// An entry of an archive in memory.
package struct TarMember: Equatable, Sendable {
    /// What the archive says of it.
    package let entry: TarEntry
    /// Where its content lies in the archive; empty for all but files.
    package let content: Range<Int>

    /// All entries, in the archive's order.
    ///
    /// - Parameters:
    ///   - archive: from its first header on; what stands behind its end is not looked at.
    ///   - limit: the most entries that are read.
    /// - Throws: `TarError`; `.truncated` where content is longer than the archive.
    package static func members(
        of archive: UnsafeRawBufferPointer, limit: Int
    ) throws(TarError) -> [TarMember] {
        var members: [TarMember] = []
        var reader = TarReader()
        var offset = 0
        while offset < archive.count, !reader.isComplete {
            let end = min(offset + TarReader.blockSize, archive.count)
            let events = try reader.receive(Array(archive[offset..<end]))
            offset = end
            guard case .entry(let entry) = events.first else { continue }
            guard members.count < limit else { throw .unsupported("more than \(limit) entries") }
            guard entry.size <= archive.count - offset else { throw .truncated }
            members.append(TarMember(entry: entry, content: offset..<offset + entry.size))
            offset = min(offset + reader.skipContent(), archive.count)
        }
        try reader.finish()
        return members
    }
}
