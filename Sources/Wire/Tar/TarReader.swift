// tar as it comes (POSIX.1-2017 pax and ustar, and GNU's long names), however it is cut:
//
//     header ──▶ content ──▶ padding ──▶ header ... ──▶ end (two blocks of zeros, or the end of the octets between entries)
//        └─▶ extended header (pax x and g, GNU L and K): what it says counts for the next entry

/// Reads an archive piece by piece. No I/O.
package struct TarReader {
    /// What has come.
    package enum Event: Equatable, Sendable {
        /// An entry begins; for a file its content follows.
        case entry(TarEntry)
        /// A piece of the content of the entry that has begun.
        case content([UInt8])
        /// The entry is complete.
        case endOfEntry
    }

    /// Octets of a block: everything in an archive is a multiple of it.
    package static let blockSize = 512
    /// The most octets of an extended header, and of a name in it.
    package static let headerLimit = 65_536

    private enum State {
        case header
        case content(left: Int, padding: Int)
        case extended(flag: UInt8, left: Int, padding: Int)
        case padding(left: Int)
        case end
    }

    private var state = State.header
    private var block: [UInt8] = []
    private var extended: [UInt8] = []
    private var next = TarAttributes()
    private var global = TarAttributes()
    private var zeroBlocks = 0

    /// A reader at the beginning of an archive.
    package init() {}

    /// Takes octets.
    ///
    /// - Throws: `TarError`; nothing can be read after that.
    package mutating func receive(_ octets: [UInt8]) throws(TarError) -> [Event] {
        var events: [Event] = []
        var position = 0
        while position < octets.count {
            let rest = octets.count - position
            switch state {
            case .end: return events
            case .header:
                let count = min(rest, Self.blockSize - block.count)
                block.append(contentsOf: octets[position..<position + count])
                position += count
                guard block.count == Self.blockSize else { return events }
                let complete = block
                block.removeAll(keepingCapacity: true)
                try take(complete, &events)
            case .content(let left, let padding):
                let count = min(rest, left)
                events.append(.content(Array(octets[position..<position + count])))
                position += count
                guard count == left else {
                    state = .content(left: left - count, padding: padding)
                    continue
                }
                events.append(.endOfEntry)
                state = padding == 0 ? .header : .padding(left: padding)
            case .extended(let flag, let left, let padding):
                let count = min(rest, left)
                extended.append(contentsOf: octets[position..<position + count])
                position += count
                guard count == left else {
                    state = .extended(flag: flag, left: left - count, padding: padding)
                    continue
                }
                try takeExtended(flag)
                state = padding == 0 ? .header : .padding(left: padding)
            case .padding(let left):
                let count = min(rest, left)
                position += count
                state = count == left ? .header : .padding(left: left - count)
            }
        }
        return events
    }

    /// Whether the archive has come to its end; what comes after it is not read.
    package var isComplete: Bool { if case .end = state { true } else { false } }

    /// Leaves out what is left of the content of the entry that has begun: the octets of the next header are the next
    /// that may be given.
    ///
    /// - Returns: octets to leave out, with those that fill the last block.
    mutating func skipContent() -> Int {
        let left: Int
        switch state {
        case .content(let content, let padding): left = content + padding
        case .padding(let padding): left = padding
        case .header, .extended, .end: return 0
        }
        state = .header
        return left
    }

    /// The octets are over.
    ///
    /// - Throws: `.truncated` within an entry or a header.
    package func finish() throws(TarError) {
        switch state {
        case .end: return
        case .header where block.isEmpty: return
        default: throw .truncated
        }
    }

    private mutating func take(_ block: [UInt8], _ events: inout [Event]) throws(TarError) {
        if block.allSatisfy({ $0 == 0 }) {
            zeroBlocks += 1
            if zeroBlocks == 2 { state = .end }
            return
        }
        zeroBlocks = 0
        let header = try TarHeader(block)
        let padding = (Self.blockSize - header.size % Self.blockSize) % Self.blockSize
        switch header.flag {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            guard header.size <= Self.headerLimit else { throw .tooLong(limit: Self.headerLimit) }
            extended = []
            state = .extended(flag: header.flag, left: header.size, padding: padding)
            if header.size == 0 { state = .header }
        case UInt8(ascii: "S"): throw .unsupported("a sparse file (\(header.path))")
        default:
            let entry = try header.entry(next, global)
            next = TarAttributes()
            events.append(.entry(entry))
            guard entry.size > 0 else {
                events.append(.endOfEntry)
                return
            }
            let padding = (Self.blockSize - entry.size % Self.blockSize) % Self.blockSize
            state = .content(left: entry.size, padding: padding)
        }
    }

    private mutating func takeExtended(_ flag: UInt8) throws(TarError) {
        switch flag {
        case UInt8(ascii: "x"): try next.read(extended)
        case UInt8(ascii: "g"): try global.read(extended)
        case UInt8(ascii: "L"): next.path = TarHeader.text(extended[...])
        default: next.link = TarHeader.text(extended[...])
        }
        extended = []
    }
}
