// The members of a tar archive (POSIX ustar, with GNU's long names), looked at and never unpacked to disk. Whatever would
// make an unpacked archive dangerous, a path that leads out of it or a link, is refused here, too, so that who unpacks it
// with another tool is not surprised.

/// The members of an archive in memory.
struct TarArchive {
    /// A file of the archive.
    struct Member: Equatable {
        /// Its path, relative, without `.` and `..`.
        let name: String
        /// Where its octets lie in the archive.
        let range: Range<Int>
    }

    /// The most members that are read.
    static let memberLimit = 65_536

    /// Files, in the archive's order.
    let members: [Member]

    /// Reads the members' names and places.
    ///
    /// - Throws: `ArtifactError` where the archive is damaged, too long, or would write outside of a directory.
    init(_ octets: UnsafeRawBufferPointer, path: String) throws(ArtifactError) {
        var members: [Member] = []
        var offset = 0
        var longName: String?
        while offset + 512 <= octets.count {
            let block = UnsafeRawBufferPointer(rebasing: octets[offset..<offset + 512])
            guard block.contains(where: { $0 != 0 }) else { break }
            func damaged(_ what: String) -> ArtifactError {
                ArtifactError(
                    .damaged, path, "has an archive whose member at octet \(offset) \(what)",
                    "compile the model again")
            }
            guard let size = Self.number(block[124..<136]), let sum = Self.number(block[148..<156]),
                sum == Self.sum(block)
            else { throw damaged("has no valid header") }
            let start = offset + 512
            guard size <= octets.count - start else { throw damaged("is longer than the archive") }
            let kind = block[156]
            switch kind {
            case UInt8(ascii: "L"):
                guard size <= 4096 else { throw damaged("has a name of \(size) octets") }
                longName = Self.text(octets[start..<start + size])
            case 0, UInt8(ascii: "0"), UInt8(ascii: "5"):
                let prefix = block[257..<262].elementsEqual("ustar".utf8) ? Self.text(block[345..<500]) : ""
                let short = Self.text(block[0..<100])
                let name = try Self.checked(
                    longName ?? (prefix.isEmpty ? short : prefix + "/" + short), path)
                longName = nil
                if kind != UInt8(ascii: "5"), !name.isEmpty {
                    guard members.count < Self.memberLimit else {
                        throw ArtifactError(.tooLarge, path, "has more than \(Self.memberLimit) members")
                    }
                    members.append(Member(name: name, range: start..<start + size))
                }
            // Extended headers of POSIX say nothing that is needed here.
            case UInt8(ascii: "x"), UInt8(ascii: "g"): break
            default: throw damaged("is neither a file nor a directory")
            }
            offset = start + (size + 511) / 512 * 512
        }
        self.members = members
    }

    private static func checked(_ name: String, _ path: String) throws(ArtifactError) -> String {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !name.hasPrefix("/"), !parts.contains("..") else {
            throw ArtifactError(
                .damaged, path, "has a member \(name.prefix(64)), which leads out of the archive",
                "do not unpack it")
        }
        return parts.joined(separator: "/")
    }

    /// Octal digits between blanks, to a zero or the end.
    private static func number(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
    }

    /// The sum of a header's octets, with blanks in the place of the sum.
    private static func sum(_ block: UnsafeRawBufferPointer) -> Int {
        block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(block[$1])) }
    }

    private static func text(_ field: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}
