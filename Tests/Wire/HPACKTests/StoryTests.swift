import Testing

@testable import HPACK

@Suite("Stories of http2jp/hpack-test-case")
struct StoryTests {
    @Test("no set is left out")
    func sets() {
        #expect(Set(Stories.encoded.map { String($0.prefix { $0 != "/" }) }) == Set(Stories.encoders))
        #expect(Stories.names.count == 32)
        #expect(Stories.lists.values.reduce(0) { $0 + $1.count } == 3_384)
        #expect(Stories.encoded.count == 43)
    }

    @Test("blocks of other encoders decode to their headers", arguments: Stories.encoded)
    func decodes(story: String) throws {
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        let blocks = Stories.blocks(story)
        #expect(!blocks.isEmpty)
        for block in blocks {
            if let size = block.tableSize { decoder.setTableLimit(size) }
            #expect(try decoder.list(block.wire) == block.list)
        }
    }

    @Test("headers that we encode decode to themselves", arguments: Stories.names)
    func roundTrips(story: String) throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        var plain = 0
        var encoded = 0
        for list in try #require(Stories.lists[story]) {
            let wire = encoder.block(list)
            #expect(try decoder.list(wire) == list)
            plain += list.storage.count
            encoded += wire.count
        }
        #expect(encoded < plain)
    }

    @Test("headers survive table sizes that change between blocks", arguments: Stories.names)
    func changingTable(story: String) throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        for (index, list) in try #require(Stories.lists[story]).enumerated() {
            if index % 3 == 1 {
                for size in [[0, 4096], [100], [300, 64, 2048]][index % 9 / 3] {
                    decoder.setTableLimit(size)
                    encoder.setTableLimit(size)
                }
            }
            #expect(try decoder.list(encoder.block(list)) == list)
        }
    }
}
