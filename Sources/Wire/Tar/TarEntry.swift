// What an archive says of a file. Nothing here touches a file system: whoever unpacks decides what of it may be believed.

/// One entry of a tar archive.
package struct TarEntry: Equatable, Sendable {
    /// What it is.
    package enum Kind: Equatable, Sendable {
        case file
        case directory
        /// A link by name; the target as the archive has it.
        case symbolicLink(String)
        /// Another name of an entry before; the target as the archive has it.
        case hardLink(String)
        /// A device, a pipe or what else; its type flag.
        case other(UInt8)
    }

    /// The path as the archive has it: it may be absolute or lead outside.
    package var path: String
    /// What it is.
    package var kind: Kind
    /// Octets of its content, 0 for all but files.
    package var size: Int
    /// Permissions, the lowest twelve bits.
    package var mode: UInt32

    /// An entry.
    package init(path: String, kind: Kind, size: Int, mode: UInt32) {
        self.path = path
        self.kind = kind
        self.size = size
        self.mode = mode
    }
}

/// What is wrong with octets that should be tar.
package enum TarError: Error, Equatable, CustomStringConvertible {
    /// A header's checksum is another, or a field of it is no number.
    case malformed(String)
    /// The archive ends within an entry, or without its end.
    case truncated
    /// A name, link or extended header is longer than anything that is meant.
    case tooLong(limit: Int)
    /// A way to write files that this reader does not know.
    case unsupported(String)

    /// One sentence.
    package var description: String {
        switch self {
        case .malformed(let what): "the archive is no valid tar: \(what)"
        case .truncated: "the archive ends before it is complete"
        case .tooLong(let limit): "the archive has a name or header of more than \(limit) octets"
        case .unsupported(let what): "the archive has \(what), which is not supported: make it with plain tar"
        }
    }
}
