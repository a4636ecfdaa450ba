// What the suites share: hex, and a decoder call that takes an array.

import TestSupport

@testable import HPACK

/// The octets of a hex string; spaces and line ends are skipped.
func hex(_ text: String) -> [UInt8] { hexadecimal(text) }

extension HPACKDecoder {
    /// The list of a block, which must fit.
    mutating func list(_ block: [UInt8]) throws(HPACKError) -> HeaderList {
        var list = HeaderList()
        _ = try decode(block.span.bytes, into: &list)
        return list
    }
}

extension HPACKEncoder {
    mutating func block(_ list: HeaderList) -> [UInt8] {
        var block: [UInt8] = []
        encode(list, into: &block)
        return block
    }
}

extension HeaderList {
    /// Up to eleven fields whose names repeat from list to list and some of whose values do.
    static func random(_ random: inout SeededGenerator) -> HeaderList {
        let names = (0..<20).map { "name-\($0)" } + [":path", "content-type", "te", ""]
        var list = HeaderList()
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
            let scalars = (0..<Int.random(in: 0..<50, using: &random)).map { _ in
                Character(Unicode.Scalar(UInt8.random(in: 0...255, using: &random)))
            }
            let value =
                Bool.random(using: &random) ? String(scalars) : "v\(Int.random(in: 0..<9, using: &random))"
            let indexing: HeaderList.Indexing =
                [.allowed, .allowed, .avoided, .never].randomElement(using: &random) ?? .allowed
            list.add(names.randomElement(using: &random) ?? "", value, indexing: indexing)
        }
        return list
    }
}
