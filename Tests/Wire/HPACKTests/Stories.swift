// The stories of http2jp/hpack-test-case as Tests/Peers/hpack_stories.py has packed them: the lists once, and the blocks of
// each encoder.

import TestSupport

@testable import HPACK

/// A header block of another encoder.
struct StoryBlock {
    /// The table's limit from this block on, where it changes.
    var tableSize: Int?
    var wire: [UInt8]
    var list: HeaderList
}

enum Stories {
    static let encoders = [
        "go-hpack", "haskell-http2-static-huffman", "nghttp2", "nghttp2-change-table-size",
    ]

    /// The lists of each story.
    static let lists: [String: [HeaderList]] = sections("headers").mapValues { lines in
        var lists: [HeaderList] = []
        var list = HeaderList()
        for line in lines {
            if let tab = line.firstIndex(of: "\t") {
                list.add(String(line[..<tab]), String(line[line.index(after: tab)...]))
            } else {
                lists.append(list)
                list = HeaderList()
            }
        }
        return lists
    }

    /// The stories by name.
    static let names = lists.keys.sorted()

    /// Which stories there are of each encoder, as `ENCODER/STORY`.
    static let encoded = encoders.flatMap { encoder in
        (blocksByEncoder[encoder]?.keys.sorted() ?? []).map { "\(encoder)/\($0)" }
    }

    /// The blocks of `ENCODER/STORY`.
    static func blocks(_ story: String) -> [StoryBlock] {
        let words = story.split(separator: "/").map(String.init)
        var blocks: [StoryBlock] = []
        var tableSize: Int?
        let lists = lists[words[1]] ?? []
        for line in blocksByEncoder[words[0]]?[words[1]] ?? [] {
            if line.hasPrefix("table ") {
                tableSize = Int(line.dropFirst("table ".count))
            } else if blocks.count < lists.count {
                blocks.append(
                    StoryBlock(tableSize: tableSize, wire: hexadecimal(line), list: lists[blocks.count]))
                tableSize = nil
            }
        }
        return blocks
    }

    private static let blocksByEncoder = Dictionary(
        uniqueKeysWithValues: encoders.map { ($0, sections($0)) })

    /// The lines below each `== STORY`.
    private static func sections(_ file: String) -> [String: [Substring]] {
        let text = (try? Fixtures.text("hpack/\(file).txt")) ?? ""
        var sections: [String: [Substring]] = [:]
        var name = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("== ") {
                name = String(line.dropFirst(3))
                sections[name] = []
            } else {
                sections[name]?.append(line)
            }
        }
        return sections
    }
}
