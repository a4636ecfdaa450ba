// Writes an artifact: sections one behind the other, each at a multiple of 64, the header in front of them, under another
// name until it is complete.

import JSON

/// A section to be written.
package struct ArtifactContent: Sendable {
    /// See `ArtifactHeader.Section`.
    package let name: String
    /// The octets; their owner keeps them until the artifact is written.
    package let octets: @Sendable ((UnsafeRawBufferPointer) -> Void) -> Void
    /// How many.
    package let size: Int

    /// A section whose octets are handed out when they are needed.
    package init(
        name: String, size: Int, octets: @escaping @Sendable ((UnsafeRawBufferPointer) -> Void) -> Void
    ) {
        self.name = name
        self.size = size
        self.octets = octets
    }
}

extension Artifact {
    /// The whole file.
    ///
    /// - Parameters:
    ///   - header: its `sections` are filled in.
    ///   - contents: in the order in which they are to lie.
    package static func octets(_ header: ArtifactHeader, _ contents: [ArtifactContent]) -> [UInt8] {
        var header = header
        header.sections = []
        var size = 0
        for content in contents {
            let offset = (size + 63) / 64 * 64
            header.sections.append(.init(name: content.name, offset: offset, size: content.size))
            size = offset + content.size
        }
        let text = Array(header.json.text().utf8)
        let dataOffset = (prefixSize + text.count + pageSize - 1) / pageSize * pageSize
        var file = [UInt8](repeating: 0, count: dataOffset + size)
        file.withUnsafeMutableBytes { file in
            for (content, section) in zip(contents, header.sections) {
                content.octets { octets in
                    let end = dataOffset + section.offset + section.size
                    UnsafeMutableRawBufferPointer(rebasing: file[dataOffset + section.offset..<end])
                        .copyBytes(from: octets.prefix(section.size))
                }
            }
            file.copyBytes(from: magic)
            file.storeBytes(of: version.littleEndian, toByteOffset: 8, as: UInt32.self)
            file.storeBytes(of: UInt32(text.count).littleEndian, toByteOffset: 12, as: UInt32.self)
            let words = [
                UInt64(file.count), UInt64(dataOffset), text.withUnsafeBytes(Checksum.of),
                Checksum.of(UnsafeRawBufferPointer(rebasing: file[dataOffset...])),
            ]
            for (index, word) in words.enumerated() {
                file.storeBytes(of: word.littleEndian, toByteOffset: 16 + 8 * index, as: UInt64.self)
            }
            UnsafeMutableRawBufferPointer(rebasing: file[prefixSize..<prefixSize + text.count])
                .copyBytes(from: text)
        }
        return file
    }
}
