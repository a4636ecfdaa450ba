// Every fault in a header block ends the connection with COMPRESSION_ERROR, for the two tables no longer agree
// (RFC 7541 §2.2, RFC 9113 §4.3). The cases are for logs and tests.

/// A header block that cannot be decoded.
public enum HPACKError: Error, Equatable, Sendable {
    /// The block ends inside of a field.
    case truncated
    /// An integer is larger than 2^32-1, or is spelled with more octets than that needs (§5.1).
    case integerOverflow
    /// No entry has this index (§2.3.3).
    case index(Int)
    /// A table size update comes after a field (§4.2).
    case lateSizeUpdate
    /// A table size update above the limit that we had announced (§6.3).
    case sizeUpdate(Int, maximum: Int)
    /// We had lowered the table size and the next block did not begin with an update (§4.2).
    case missingSizeUpdate(maximum: Int)
    /// A Huffman string holds EOS, or its padding is longer than seven bits or is not all ones (§5.2).
    case huffman
}

extension HPACKError: CustomStringConvertible {
    /// One sentence for a log.
    public var description: String {
        switch self {
        case .truncated: "the header block ends inside of a field"
        case .integerOverflow: "the header block holds an integer of more than 32 bits"
        case .index(let index): "the header block refers to entry \(index), which neither table has"
        case .lateSizeUpdate: "the header block changes the table size after its first field"
        case .sizeUpdate(let size, let maximum):
            "the header block sets the table size to \(size), our limit is \(maximum)"
        case .missingSizeUpdate(let maximum):
            "the header block does not begin with the table size update that our limit of \(maximum) demands"
        case .huffman: "the header block holds a Huffman string with EOS or with wrong padding"
        }
    }
}
