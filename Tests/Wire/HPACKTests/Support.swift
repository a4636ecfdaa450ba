// What the suites share: hex, the vectors' place, and a decoder call that takes an array.

import FoundationEssentials
import TestSupport

@testable import HPACK

/// The octets of a hex string; spaces and line ends are skipped.
func hex(_ text: String) -> [UInt8] {
    var octets: [UInt8] = []
    var high: UInt8?
    for digit in text.utf8 {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
        default: continue
        }
        if let first = high {
            octets.append(first << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return octets
}

/// Public vectors stand outside of the repository; suites that need them are skipped where they are absent.
enum Vectors {
    static let hpack = Repository.shared + "/vectors/hpack"

    static var present: Bool { FileManager.default.fileExists(atPath: hpack) }

    /// The folders, each a set of stories.
    static var sets: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: hpack)) ?? []
        return names.filter { !stories($0).isEmpty }.sorted()
    }

    static func stories(_ set: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: hpack + "/" + set)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { set + "/" + $0 }
    }

    static func load(_ story: String) throws -> Story {
        let data = try Data(contentsOf: URL(fileURLWithPath: hpack + "/" + story))
        return try JSONDecoder().decode(Story.self, from: data)
    }
}

/// A file of http2jp/hpack-test-case.
struct Story: Decodable {
    struct Case: Decodable {
        enum CodingKeys: String, CodingKey {
            case tableSize = "header_table_size"
            case wire, headers
        }

        var tableSize: Int?
        var wire: String?
        var headers: [[String: String]]

        var list: HeaderList {
            var list = HeaderList()
            for field in headers { for (name, value) in field { list.add(name, value) } }
            return list
        }
    }
    var cases: [Case]
}

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
