// gzip as a peer flushes it, cut anywhere. The stream is of Python's zlib: `z = zlib.compressobj(1, zlib.DEFLATED, 31)`, then `z.compress(event) + z.flush(zlib.Z_SYNC_FLUSH)` for each event.

import Gzip
import TestSupport
import Testing

/// Reads pieces as they come.
private final class Reading {
    let reader: GzipReader
    var parts: [[UInt8]] = []

    init() throws { reader = try GzipReader() }

    /// What comes of a piece.
    func take(_ piece: [UInt8]) throws -> [UInt8] {
        reader.receive(piece)
        var octets: [UInt8] = []
        while let part = try reader.next() {
            parts.append(part)
            octets += part
        }
        return octets
    }
}

/// Two events, flushed one by one by Python's zlib, level 1.
private enum Python {
    static let events = [#"{"type":"ADDED","object":{"a":1}}"# + "\n", #"{"type":"BOOKMARK"}"# + "\n"]
    static let pieces: [[UInt8]] = [
        hexadecimal(
            "1f8b0800000000000403aa562aa92c4855b252727471717551d251ca4fca4a4d2e51b2aa564a54b232acade502000000ffff"
        ),
        hexadecimal("aa86a970f2f7f7f6750cf256aae502000000ffff"),
        hexadecimal("0300afdf43fa36000000"),
    ]
    static let whole = pieces.flatMap { $0 }
    static let text = Array(events.joined().utf8)
}

@Suite("gzip that is read while it comes, RFC 1951 §3.2.4")
struct GzipReaderTests {
    @Test("each piece is whole at its flush")
    func flushes() throws {
        let reading = try Reading()
        for (piece, event) in zip(Python.pieces, Python.events) {
            #expect(try reading.take(piece) == Array(event.utf8))
        }
        #expect(throws: GzipError.truncated) { try reading.reader.finish() }
        #expect(try reading.take(Python.pieces[2]).isEmpty)
        try reading.reader.finish()
    }

    @Test("cut at any octet it is the same", arguments: 0...Python.whole.count)
    func anyCut(cut: Int) throws {
        let reading = try Reading()
        let octets = try reading.take(Array(Python.whole[..<cut])) + reading.take(Array(Python.whole[cut...]))
        #expect(octets == Python.text)
        try reading.reader.finish()
    }

    @Test("octet by octet it is the same")
    func singleOctets() throws {
        let reading = try Reading()
        #expect(try Python.whole.flatMap { try reading.take([$0]) } == Python.text)
        try reading.reader.finish()
    }

    @Test("an end before the end is told", arguments: 0..<Python.whole.count)
    func truncated(count: Int) throws {
        let reading = try Reading()
        _ = try reading.take(Array(Python.whole[..<count]))
        #expect(throws: GzipError.truncated) { try reading.reader.finish() }
    }

    @Test(
        "an octet that is wrong is told, or changes nothing of what came", arguments: 0..<Python.whole.count)
    func damaged(position: Int) throws {
        var octets = Python.whole
        octets[position] ^= 0xff
        let reading = try Reading()
        do {
            let result = try reading.take(octets)
            try reading.reader.finish()
            // Time, flags of the compressor and the system's number in the header mean nothing (RFC 1952 §2.3).
            #expect((4..<10).contains(position) && result == Python.text)
        } catch let error as GzipError {
            switch error {
            case .malformed, .truncated: break
            default: Issue.record("\(error)")
            }
        }
    }

    @Test("members after each other are one stream, up to a limit")
    func members() throws {
        let reading = try Reading()
        for _ in 0..<3 { #expect(try reading.take(Python.whole) == Python.text) }
        try reading.reader.finish()
        let empty = try Gzip.compress([])
        #expect(throws: GzipError.malformed("it has more than 1024 members")) {
            for _ in 0...GzipReader.memberLimit { _ = try reading.take(empty) }
        }
    }

    @Test("of a thousandfold expansion only one part is made at a time")
    func bomb() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: 64 << 20), level: 9)
        #expect(bomb.count < 70_000)
        let reader = try GzipReader()
        reader.receive(bomb)
        // Whoever reads stops when it is enough: what is not asked for is not made.
        for _ in 0..<16 { #expect(try reader.next()?.count == GzipReader.partSize) }
        let reading = try Reading()
        #expect(try reading.take(bomb).count == 64 << 20)
        #expect(reading.parts.allSatisfy { $0.count <= GzipReader.partSize })
    }

    @Test("what GzipWriter has written is whole at each piece", arguments: [0, 1, 100, 65_536, 1_000_000])
    func writer(size: Int) throws {
        let writer = try GzipWriter()
        let reading = try Reading()
        for octet in UInt8(0)..<4 {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) &+ octet }
            #expect(try reading.take(writer.write(piece)) == piece)
        }
        #expect(try reading.take(writer.finish()).isEmpty)
        try reading.reader.finish()
        #expect(writer.write([1]).isEmpty)
    }
}
