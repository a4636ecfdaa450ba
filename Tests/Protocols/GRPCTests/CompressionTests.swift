// What is agreed on, what is packed, and what a peer may not do with it.

import GRPCGzip
import Gzip
import HPACK
import HTTP2
import SystemIO
import TestSupport
import Testing

@testable import GRPC

private let gzip = MessageCodings([GzipCompression()])

/// A coding by name alone.
private struct Named: GRPCCompression {
    let name: String
    func compress(_ message: [UInt8]) -> [UInt8] { message.reversed() }
    func decompress(_ message: [UInt8], limit: Int) -> [UInt8] { message.reversed() }
}

@Suite("Agreeing on compression")
struct CompressionAgreementTests {
    @Test(
        "takes the first of ours that the peer takes",
        arguments: [
            (nil, nil), ("", nil), ("identity", nil), ("gzip", "gzip"), ("identity,deflate,gzip", "gzip"),
            ("identity, deflate, gzip", "gzip"), ("zstd,gzip", "zstd"), ("gzipped", nil), ("GZIP", nil),
            (",,,", nil), ("x-gzip", nil),
        ] as [(String?, String?)])
    func agreed(accepted: String?, name: String?) {
        let codings = MessageCodings([Named(name: "zstd"), GzipCompression()])
        #expect(codings.agreed(with: accepted)?.name == name)
        #expect(MessageCodings([]).agreed(with: accepted) == nil)
    }

    @Test("says what it takes")
    func accepted() {
        #expect(MessageCodings([]).accepted == "identity")
        #expect(gzip.accepted == "identity,gzip")
        #expect(MessageCodings([Named(name: "zstd"), GzipCompression()]).accepted == "identity,zstd,gzip")
        #expect(gzip["gzip"]?.name == "gzip")
        #expect(gzip["deflate"] == nil)
        #expect(gzip.preferred?.name == "gzip")
    }

    @Test(
        "packs what is large enough, or all, or nothing",
        arguments: [
            (GRPCCompressionUse.automatic, 1023, false), (.automatic, 1024, true), (.always, 0, true),
            (.always, 2000, true), (.never, 2000, false),
        ])
    func use(use: GRPCCompressionUse, count: Int, isCompressed: Bool) throws {
        let message = [UInt8](repeating: 1, count: count)
        let frame = try MessageEncoder(coding: GzipCompression()).frame(message, use)
        #expect(frame[0] == (isCompressed ? 1 : 0))
        #expect(try MessageEncoder().frame(message, use)[0] == 0)
        var assembler = MessageAssembler(limit: 2000)
        assembler.decoding = GzipCompression()
        assembler.append { $0 += frame }
        #expect(try assembler.next() == message)
        #expect(assembler.wasCompressed == isCompressed)
    }

    @Test("what does not shrink goes out as it is, unless it must not")
    func incompressible() throws {
        let message = (0..<2000).map { _ in UInt8.random(in: 0...255) }
        let encoder = MessageEncoder(coding: GzipCompression())
        #expect(try encoder.frame(message, .automatic) == MessageAssembler.frame(message))
        #expect(try encoder.frame(message, .always)[0] == 1)
    }
}

@Suite("Compressed messages")
struct CompressedMessageTests {
    private func next(_ octets: [UInt8], _ decoding: (any GRPCCompression)?) throws -> [UInt8]? {
        var assembler = MessageAssembler(limit: 1000)
        assembler.decoding = decoding
        assembler.append { $0 += octets }
        return try assembler.next()
    }

    @Test("need a grpc-encoding")
    func undeclared() {
        #expect(
            throws: GRPCStatus(
                .internal, "a message has compression flag 1 and no grpc-encoding was agreed on")
        ) { try next([1, 0, 0, 0, 1, 0], nil) }
    }

    @Test("have flag 1 and no other", arguments: [2, 3, 128, 255] as [UInt8])
    func flags(flag: UInt8) {
        #expect(
            throws: GRPCStatus(
                .internal, "a message has compression flag \(flag) and no grpc-encoding was agreed on")
        ) { try next([flag, 0, 0, 0, 1, 0], GzipCompression()) }
    }

    @Test("may stand between others that are not")
    func mixed() throws {
        var assembler = MessageAssembler(limit: 1000)
        assembler.decoding = GzipCompression()
        let packed = MessageAssembler.frame(try Gzip.compress([1, 2, 3]), flag: 1)
        assembler.append { $0 += MessageAssembler.frame([9]) + packed + MessageAssembler.frame([8]) }
        var seen: [([UInt8], Bool)] = []
        while let message = try assembler.next() { seen.append((message, assembler.wasCompressed)) }
        #expect(seen.map(\.0) == [[9], [1, 2, 3], [8]])
        #expect(seen.map(\.1) == [false, true, false])
    }

    @Test("beyond the limit are RESOURCE_EXHAUSTED, packed or unpacked")
    func limits() throws {
        let bomb = MessageAssembler.frame(try Gzip.compress([UInt8](repeating: 0, count: 1001)), flag: 1)
        #expect(
            throws: GRPCStatus(
                .resourceExhausted,
                "a compressed message is larger than the limit of 1000 octets when unpacked")
        ) { try next(bomb, GzipCompression()) }
        #expect(
            throws: GRPCStatus(
                .resourceExhausted, "a message of 1001 octets is larger than the limit of 1000")
        ) { try next([1, 0, 0, 3, 0xe9], GzipCompression()) }
    }

    @Test("that are damaged are INTERNAL")
    func damaged() {
        #expect(
            throws: GRPCStatus(
                .internal,
                "a compressed message cannot be read: the octets are no valid gzip: incorrect header check")
        ) { try next(MessageAssembler.frame([1, 2, 3], flag: 1), GzipCompression()) }
        #expect(
            throws: GRPCStatus(
                .internal, "a compressed message cannot be read: the gzip ends before it is complete")
        ) { try next(MessageAssembler.frame([0x1f, 0x8b], flag: 1), GzipCompression()) }
    }

    @Test("of a request with an encoding that is not known are UNIMPLEMENTED, and what is known is told")
    func unknownEncoding() throws {
        let headers: HeaderList = [
            ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc",
            "grpc-encoding": "snappy",
        ]
        do {
            _ = try RequestHead(headers, gzip)
            Issue.record("taken")
        } catch {
            #expect(
                error.status
                    == GRPCStatus(
                        .unimplemented, "grpc-encoding snappy is not supported: send identity,gzip"))
            #expect(error.response["grpc-accept-encoding"] == "identity,gzip")
            #expect(error.response[":status"] == "200")
        }
    }

    @Test("of a response are unpacked where we offered their encoding, else INTERNAL")
    func response() throws {
        let headers: HeaderList = [
            ":status": "200", "content-type": "application/grpc", "grpc-encoding": "gzip",
        ]
        let frame = MessageAssembler.frame(try Gzip.compress([5, 6]), flag: 1)
        var call = ClientCall(messageLimit: 100, codings: gzip)
        call.receiveHeaders(headers, endStream: false)
        #expect(call.receiveData(frame.count, endStream: false) { $0 += frame } == 0)
        #expect(try call.take()?.message == [5, 6])
        #expect(call.wasCompressed)

        var other = ClientCall(messageLimit: 100)
        other.receiveHeaders(headers, endStream: true)
        #expect(
            other.end
                == GRPCStatus(.internal, "the server answered with grpc-encoding gzip, which was not offered")
        )
    }
}

@Suite("Compression between our client and server", .timeLimit(.minutes(10)))
struct CompressionCallTests {
    private func router() -> GRPCRouter {
        var router = testRouter()
        router.unary("/test.Service/Seen") { (note: Note, context) in
            if note.text.hasPrefix("plain") { context.response.compression = .never }
            return Note("\(context.isRequestCompressed) " + note.text)
        }
        router.bidirectional("/test.Service/SeenStream") {
            (requests: GRPCRequestStream<Note>, context, writer: GRPCResponseWriter<Note>) in
            for try await note in requests {
                let seen = await requests.isLastCompressed
                context.response.compression = note.number == 1 ? .always : .never
                try await writer.write(Note("\(seen)"))
            }
        }
        return router
    }

    @Test("requests are compressed once the server has said that it takes that")
    func automatic() async throws {
        try await withServer(router(), compressions: [GzipCompression()]) { client, _, _ in
            let text = String(repeating: "a", count: 5000)
            let first = try await client.unaryCall("/test.Service/Seen", Note(text), of: Note.self)
            #expect(first.message.text == "false " + text)
            #expect(first.isCompressed)
            let second = try await client.unaryCall("/test.Service/Seen", Note(text), of: Note.self)
            #expect(second.message.text == "true " + text)
            let small = try await client.unaryCall("/test.Service/Seen", Note("a"), of: Note.self)
            #expect(small.message.text == "false a")
            #expect(!small.isCompressed)
        }
    }

    @Test("client and server may insist or decline for a call")
    func choices() async throws {
        try await withServer(router(), compressions: [GzipCompression()]) { client, _, _ in
            let always = try await client.unaryCall(
                "/test.Service/Seen", Note("a"), of: Note.self, compression: .always)
            #expect(always.message.text == "true a")
            let text = "plain" + String(repeating: "a", count: 5000)
            let never = try await client.unaryCall(
                "/test.Service/Seen", Note(text), of: Note.self, compression: .never)
            #expect(never.message.text == "false " + text)
            #expect(!never.isCompressed)
        }
    }

    @Test("each message of a stream is compressed or not")
    func streams() async throws {
        try await withServer(router(), compressions: [GzipCompression()]) { client, _, _ in
            let call = try await client.bidirectional(
                "/test.Service/SeenStream", sending: Note.self, of: Note.self, compression: .always)
            var responses = call.responses.makeAsyncIterator()
            for (use, number, seen) in [
                (GRPCCompressionUse.always, 1, "true"), (.never, 0, "false"), (.always, 0, "true"),
            ] {
                try await call.write(Note("x", number: Int64(number)), compression: use)
                #expect(try await responses.next()?.text == seen)
                #expect(await call.responses.isLastCompressed == (number == 1))
            }
            await call.finish()
            #expect(try await responses.next() == nil)
        }
    }

    @Test("nothing is compressed for a client that does not take it")
    func oneSided() async throws {
        try await withServer(router(), compressions: [GzipCompression()]) { _, _, address in
            let client = try await GRPCClient.connect(to: address)
            let text = String(repeating: "a", count: 5000)
            let answer = try await client.unaryCall(
                "/test.Service/Seen", Note(text), of: Note.self, compression: .always)
            #expect(answer.message.text == "false " + text)
            #expect(!answer.isCompressed)
            await client.close()
        }
    }

    @Test("a bomb is RESOURCE_EXHAUSTED, and the connection lives on")
    func bomb() async throws {
        var limits = GRPCLimits.patient
        limits.messageSize = 10_000
        try await withServer(router(), limits: limits, compressions: [GzipCompression()]) { client, _, _ in
            let thrown = await status {
                let _: Note = try await client.unary(
                    "/test.Service/Seen", Note(String(repeating: "a", count: 1_000_000)), compression: .always
                )
            }
            #expect(
                thrown
                    == GRPCStatus(
                        .resourceExhausted,
                        "a compressed message is larger than the limit of 10000 octets when unpacked"))
            let answer: Note = try await client.unary("/test.Service/Seen", Note("a"))
            #expect(answer.text == "false a")
        }
    }

    @Test("a stream whose response cannot be unpacked ends with INTERNAL")
    func damagedStream() async throws {
        // A client that takes a coding of which the server's packs are no valid ones.
        struct Liar: GRPCCompression {
            let name = "gzip"
            func compress(_ message: [UInt8]) -> [UInt8] { [0] }
            func decompress(_ message: [UInt8], limit: Int) -> [UInt8] { message }
        }
        let server = GRPCServer(router: router(), compressions: [Liar()])
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let client = try await GRPCClient.connect(to: address, compressions: [GzipCompression()])
        let thrown = await status {
            let call = try await client.bidirectional(
                "/test.Service/SeenStream", sending: Note.self, of: Note.self)
            try await call.write(Note("x", number: 1))
            for try await _ in call.responses {}
        }
        #expect(
            thrown
                == GRPCStatus(
                    .internal, "a compressed message cannot be read: the gzip ends before it is complete"))
        await client.close()
        await server.shutdown(grace: .zero)
    }
}
