// Header blocks and the Huffman code.

internal import HPACK

let hpackTargets = [
    // A decoder's life: limits, then blocks, each with its length before it.
    FuzzTarget("hpack") { input in
        var choices = Choices(input)
        let listLimit = Int(choices.octet()) * 64
        var decoder = HPACKDecoder(maximumListSize: listLimit)
        var encoder = HPACKEncoder()
        var mirror = HPACKDecoder(maximumListSize: listLimit)
        var tableLimit = 4096
        while !choices.isEmpty {
            let length = Int(choices.octet())
            if length == 255 {
                let lowered = Int(choices.octet()) * 16
                tableLimit = max(lowered, decoder.tableSize)
                decoder.setTableLimit(lowered)
                continue
            }
            let block = choices.octets(length)
            var list = HeaderList()
            guard let outcome = try? decoder.decode(block.span.bytes, into: &list) else { return }
            require(list.size <= listLimit, "a list of \(list.size) octets, the limit is \(listLimit)")
            require(decoder.tableSize <= max(4096, tableLimit), "a table of \(decoder.tableSize) octets")
            guard outcome == .complete else { continue }
            var again = HeaderList()
            var ours: [UInt8] = []
            encoder.encode(list, into: &ours)
            let back = try? mirror.decode(ours.span.bytes, into: &again)
            require(back == .complete && again == list, "our block of [\(list)] decodes to [\(again)]")
            require(mirror.tableSize == encoder.tableSize, "the tables are out of step")
        }
    },
    // One Huffman string; what decodes is encoded again.
    FuzzTarget("huffman", longest: 200) { input in
        var block: [UInt8] = [0x10, 1, UInt8(ascii: "a")]
        if input.count < 127 {
            block.append(0x80 | UInt8(input.count))
        } else {
            block += [0xff, UInt8(input.count - 127)]
        }
        var list = HeaderList()
        var decoder = HPACKDecoder(maximumListSize: 1 << 16)
        guard (try? decoder.decode((block + input).span.bytes, into: &list)) != nil else { return }
        var encoder = HPACKEncoder()
        var ours: [UInt8] = []
        encoder.encode(list, into: &ours)
        var again = HeaderList()
        require(
            (try? decoder.decode(ours.span.bytes, into: &again)) == .complete && again == list,
            "a string that decodes does not survive being encoded")
    },
]
