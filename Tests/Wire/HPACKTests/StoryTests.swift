import Testing

@testable import HPACK

@Suite("Stories of http2jp/hpack-test-case", .enabled(if: Vectors.present, "no ../shared/vectors/hpack here"))
struct StoryTests {
    /// Each set has the blocks of one encoder, but for `raw-data`, which has lists alone.
    static let encoded = Vectors.sets.filter { $0 != "raw-data" }.flatMap(Vectors.stories)

    @Test("no set is left out")
    func sets() {
        #expect(
            Vectors.sets == [
                "go-hpack", "haskell-http2-static-huffman", "nghttp2", "nghttp2-change-table-size",
                "raw-data",
            ])
        #expect(Self.encoded.count == 127)
    }

    @Test("blocks of other encoders decode to their headers", arguments: encoded)
    func decodes(story: String) throws {
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        for block in try Vectors.load(story).cases {
            if let size = block.tableSize { decoder.setTableLimit(size) }
            let wire = try #require(block.wire)
            #expect(try decoder.list(hex(wire)) == block.list)
        }
    }

    @Test("headers that we encode decode to themselves", arguments: Vectors.stories("raw-data"))
    func roundTrips(story: String) throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        var plain = 0
        var encoded = 0
        for block in try Vectors.load(story).cases {
            let wire = encoder.block(block.list)
            #expect(try decoder.list(wire) == block.list)
            plain += block.list.storage.count
            encoded += wire.count
        }
        #expect(encoded < plain)
    }

    @Test("headers survive table sizes that change between blocks", arguments: Vectors.stories("raw-data"))
    func changingTable(story: String) throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        for (index, block) in try Vectors.load(story).cases.enumerated() {
            if index % 3 == 1 {
                for size in [[0, 4096], [100], [300, 64, 2048]][index % 9 / 3] {
                    decoder.setTableLimit(size)
                    encoder.setTableLimit(size)
                }
            }
            #expect(try decoder.list(encoder.block(block.list)) == block.list)
        }
    }
}
