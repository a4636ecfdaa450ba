// Header blocks: put together from HEADERS and CONTINUATION, decoded, and checked against the rules for messages. Peers
// send the same lists again and again, so the last one that was found to be good is remembered.

internal import HPACK

/// Makes header lists of frames.
struct HeaderReader {
    /// A header block that CONTINUATION frames complete.
    struct Block {
        var stream: StreamID
        var endStream: Bool
        var octets: [UInt8]
        fileprivate var continuations = 0

        init(_ stream: StreamID, endStream: Bool, _ octets: [UInt8]) {
            self.stream = stream
            self.endStream = endStream
            self.octets = octets
        }
    }

    private struct Checked {
        var list: HeaderList
        var part: MessagePart
        var facts: HeaderFacts
    }

    private var decoder: HPACKDecoder
    private var unfinished: Block?
    private var checked: Checked?
    /// Octets of the largest list that is decoded.
    let listLimit: Int
    private let blockLimit: Int
    private let continuationLimit: Int

    init(_ limits: HTTP2Limits) {
        decoder = HPACKDecoder(maximumListSize: limits.headerListSize)
        listLimit = limits.headerListSize
        blockLimit = limits.headerBlockSize
        continuationLimit = limits.continuations
    }

    /// §6.10: nothing may come between the frames of one header block.
    func check(_ header: FrameHeader) throws(Fault) {
        guard let unfinished else { return }
        guard header.type == FrameHeader.Kind.continuation, header.stream == unfinished.stream else {
            throw .connection(
                .protocolError,
                "a frame of type \(header.type) comes inside of the header block of stream \(unfinished.stream)"
            )
        }
    }

    /// HEADERS without END_HEADERS came.
    mutating func begin(_ block: Block) throws(Fault) {
        guard block.octets.count <= blockLimit else {
            throw .connection(.enhanceYourCalm, "a header block is longer than \(blockLimit) octets")
        }
        unfinished = block
    }

    /// CONTINUATION came.
    ///
    /// - Returns: the block, when it is complete.
    mutating func append(_ octets: ArraySlice<UInt8>, endHeaders: Bool) throws(Fault) -> Block? {
        guard var block = unfinished.take() else {
            throw .connection(.protocolError, "CONTINUATION came without a header block to continue")
        }
        block.continuations += 1
        guard block.continuations <= continuationLimit, block.octets.count + octets.count <= blockLimit else {
            throw .connection(.enhanceYourCalm, "a header block has too many CONTINUATION frames or octets")
        }
        block.octets.append(contentsOf: octets)
        if endHeaders { return block }
        unfinished = block
        return nil
    }

    /// Decodes a block. That has to be done whatever becomes of its stream: the tables have to stay in step (§4.3).
    mutating func decode(_ block: RawSpan, into list: inout HeaderList) throws(Fault) -> HPACKDecoder.Outcome
    {
        do {
            return try decoder.decode(block, into: &list)
        } catch {
            throw .connection(.compressionError, error.description)
        }
    }

    /// Checks a list against the rules for `part`.
    mutating func facts(_ list: HeaderList, _ part: MessagePart) throws(MalformedMessage) -> HeaderFacts {
        // The decoder gives out the same list for the same block.
        if let checked, checked.part == part, checked.list.isSame(as: list) { return checked.facts }
        let facts = try list.facts(part)
        // Only a small one is kept, so that a connection that is idle holds little.
        checked = list.size <= 2048 ? Checked(list: list, part: part, facts: facts) : nil
        return facts
    }

    /// Lets go of a block that will not be completed.
    mutating func close() { unfinished = nil }
}
