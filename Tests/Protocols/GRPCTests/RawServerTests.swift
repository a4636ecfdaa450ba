// Faults that only a peer by hand makes.

import GRPC
import HPACK
import HTTP2
import HTTP2Transport
import Protobuf
import SystemIO
import TestSupport
import Testing

/// A client's octets, made with our own connection.
private func clientOctets(
    _ headers: [HeaderList], _ bodies: [[UInt8]], endStream: Bool = true
) throws -> [UInt8] {
    var client = HTTP2Connection(.client)
    for (index, list) in headers.enumerated() {
        let id = try client.sendRequest(list)
        client.sendData(id, bodies[index], endStream: endStream)
    }
    return client.takeOctets()
}

extension HTTP2Connection {
    /// All that is to be sent.
    fileprivate mutating func takeOctets() -> [UInt8] {
        var octets: [UInt8] = []
        while hasOutput { drainOutput { octets.append($0, 0..<$0.byteCount) } }
        return octets
    }
}

private let echo: HeaderList = [
    ":method": "POST", ":scheme": "http", ":path": "/test.Service/Echo", "content-type": "application/grpc",
    "te": "trailers",
]

@Suite("A server and a peer by hand", .timeLimit(.minutes(10)))
struct RawServerTests {
    /// The server's answers to some octets, once there is an answer for each stream.
    private func answers(_ octets: [UInt8], streams: Int, limits: GRPCLimits = .patient) async throws
        -> [String]
    {
        let server = GRPCServer(router: testRouter(), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(octets)
        await peer.wait { heard in
            let lines = transcript(heard, as: .client, streams: streams)
            return lines.filter { $0.contains("trailers") || $0.hasSuffix(" end") || $0.contains("reset") }
                .count
                >= streams
        }
        let lines = transcript(await peer.heard, as: .client, streams: streams)
        await peer.close()
        await server.shutdown(grace: .zero)
        return lines
    }

    @Test(
        "requests that cannot become calls are answered",
        arguments: [
            (
                [0, 0, 0, 0, 3, 1],
                "1 headers :status=200 content-type=application/grpc grpc-status=13 grpc-message=the request ends before its message is complete end"
            ),
            (
                [],
                "1 headers :status=200 content-type=application/grpc grpc-status=13 grpc-message=the request ends before its message is complete end"
            ),
            (
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                "1 headers :status=200 content-type=application/grpc grpc-status=13 grpc-message=the request has more than one message and the method takes one end"
            ),
            (
                [1, 0, 0, 0, 0],
                "1 headers :status=200 content-type=application/grpc grpc-status=13 grpc-message=a message has compression flag 1 and no grpc-encoding was agreed on end"
            ),
            ([0, 0, 0, 0, 1, 0xff], "1 headers :status=200 content-type=application/grpc grpc-status=13"),
        ] as [([UInt8], String)])
    func bodies(body: [UInt8], answer: String) async throws {
        let lines = try await answers(try clientOctets([echo], [body]), streams: 1)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix(answer) == true)
    }

    @Test("a message above the limit is refused before it has arrived, and the client is told to stop")
    func tooLarge() async throws {
        let octets = try clientOctets([echo], [[0, 0x7f, 0xff, 0xff, 0xff]], endStream: false)
        let lines = try await answers(octets, streams: 1)
        #expect(
            lines.first
                == "1 headers :status=200 content-type=application/grpc grpc-status=8 grpc-message=a message of "
                + "2147483647 octets is larger than the limit of 4194304 end")
    }

    @Test("requests that are all but complete hold a bounded number of octets together")
    func unfinishedRequests() async throws {
        var limits = GRPCLimits.patient
        limits.requestOctets = 100_000
        limits.peer.http2.concurrentStreams = 4
        let server = GRPCServer(router: testRouter(), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        let message = Note(String(repeating: "m", count: 70_000)).serialized()
        let prefix = withUnsafeBytes(of: UInt32(message.count).bigEndian) { [0] + Array($0) }
        var client = HTTP2Connection(.client)
        // The server's SETTINGS give the client the windows for it.
        await peer.wait { !$0.isEmpty }
        let hello = await peer.heard
        client.receive(hello.span.bytes)
        while client.next() != nil {}
        let ids = try (0..<2).map { _ in
            try client.sendRequest([
                ":method": "POST", ":scheme": "http", ":path": "/test.Service/Echo",
                "content-type": "application/grpc",
            ])
        }
        for id in ids { client.sendData(id, Array((prefix + message)[..<60_000])) }
        await peer.send(client.takeOctets())
        await peer.wait { transcript($0, as: .client, streams: 2).contains { $0.hasPrefix("3 ") } }
        client.sendData(ids[0], Array((prefix + message)[60_000...]), endStream: true)
        await peer.send(client.takeOctets())
        await peer.wait { transcript($0, as: .client, streams: 2).contains { $0.hasPrefix("1 trailers") } }
        let heard = transcript(await peer.heard, as: .client, streams: 2)
        #expect(heard.contains("1 trailers grpc-status=0"))
        #expect(
            heard.contains(
                "3 headers :status=200 content-type=application/grpc grpc-status=8 grpc-message="
                    + "the requests of the connection hold more than 100000 octets: send fewer at a time end")
        )
        await peer.close()
        await server.shutdown(grace: .zero)
    }

    @Test("a wrong content type is 415")
    func contentType() async throws {
        let list: HeaderList = [
            ":method": "POST", ":scheme": "http", ":path": "/test.Service/Echo", "content-type": "text/plain",
        ]
        let lines = try await answers(try clientOctets([list], [[]]), streams: 1)
        #expect(
            lines == [
                "1 headers :status=415 content-type=application/grpc grpc-status=3 grpc-message=content-type is "
                    + "\"text/plain\", not application/grpc end",
                // The body was not there yet: the client is told to stop without an error (RFC 9113 §8.1).
                "1 reset NO_ERROR",
            ])
    }

    @Test(
        "many requests in one write are answered in one connection's turns, and the flood of a stranger is not read"
    )
    func pipelined() async throws {
        let message: [UInt8] = [0, 0, 0, 0, 3, 0x0a, 1, 0x78]
        let count = 100
        let octets = try clientOctets(
            [HeaderList](repeating: echo, count: count), [[UInt8]](repeating: message, count: count))
        let lines = try await answers(octets, streams: count)
        #expect(lines.filter { $0.contains("trailers grpc-status=0") }.count == count)
        #expect(lines.filter { $0.hasSuffix("data 00000000030a0178") }.count == count)
    }

    @Test("what is no HTTP/2 gets a GOAWAY and the end")
    func notHTTP2() async throws {
        let server = GRPCServer(router: testRouter(), limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        await peer.wait { _ in false }
        let lines = transcript(await peer.heard, as: .client, streams: 0)
        #expect(lines == ["goaway 0 PROTOCOL_ERROR"])
        await server.shutdown(grace: .zero)
        #expect(await server.connectionCount == 0)
    }

    @Test("a peer that never acknowledges SETTINGS is cut off")
    func silent() async throws {
        var limits = GRPCLimits()
        limits.peer.handshakeTimeout = .milliseconds(30)
        let server = GRPCServer(router: testRouter(), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.wait { _ in false }
        #expect(transcript(await peer.heard, as: .client, streams: 0) == ["goaway 0 SETTINGS_TIMEOUT"])
        await server.shutdown(grace: .zero)
    }

    @Test("a reset cancels the handler and its slot is free only when the handler has returned")
    func handlerSlots() async throws {
        var limits = GRPCLimits()
        limits.peer.http2.concurrentStreams = 1
        let entered = Gate()
        let leave = Gate()
        var router = testRouter()
        router.unary("/test.Service/Stubborn") { (note: Note, _) in
            await entered.open()
            await leave.wait()
            return note
        }
        let server = GRPCServer(router: router, limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let client = try await GRPCClient.connect(to: address)
        let task = Task {
            await status { let _: Note = try await client.unary("/test.Service/Stubborn", Note()) }
        }
        await entered.wait()
        task.cancel()
        #expect(await task.value.code == .cancelled)
        let refused = await status { let _: Note = try await client.unary("/test.Service/Echo", Note()) }
        #expect(refused == GRPCStatus(.unavailable, "the stream was reset with REFUSED_STREAM"))
        await leave.open()
        var answered = false
        for _ in 0..<1000 where !answered {
            answered =
                await status { let _: Note = try await client.unary("/test.Service/Echo", Note()) }.code
                == .ok
        }
        #expect(answered)
        await client.close()
        await server.shutdown(grace: .zero)
    }

    @Test("a client that keeps its window shut loses its streams, and keeps its connection")
    func shutWindow() async throws {
        var limits = GRPCLimits.patient
        limits.stallTimeout = .milliseconds(20)
        let cancelled = Gate()
        let server = GRPCServer(router: testRouter(cancelled: cancelled), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        var client = HTTP2Connection(.client)
        // INITIAL_WINDOW_SIZE of 0 octets.
        await peer.send(client.takeOctets() + [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        let note = Note("x").serialized()
        let message = [0, 0, 0, 0, UInt8(note.count)] + note
        for path in ["/test.Service/Flood", "/test.Service/Echo"] {
            let id = try client.sendRequest([
                ":method": "POST", ":scheme": "http", ":path": path, "content-type": "application/grpc",
            ])
            client.sendData(id, message, endStream: true)
        }
        await peer.send(client.takeOctets())
        await peer.wait { heard in
            transcript(heard, as: .client, streams: 2).count { $0.hasSuffix("reset CANCEL") } == 2
        }
        await cancelled.wait()
        // An answer that needs no window.
        _ = try client.sendRequest(
            [
                ":method": "POST", ":scheme": "http", ":path": "/test.Service/Fail",
                "content-type": "application/grpc",
            ], endStream: true)
        await peer.send(client.takeOctets())
        await peer.wait { transcript($0, as: .client, streams: 3).last?.hasPrefix("5 headers") == true }
        let others = transcript(await peer.heard, as: .client, streams: 3).filter {
            !$0.contains(":status=200")
        }
        #expect(others.sorted() == ["1 reset CANCEL", "3 reset CANCEL"])
        await peer.close()
        await server.shutdown(grace: .zero)
    }

    @Test("a peer that reads nothing costs bounded memory, and gets all when it reads")
    func unreadSocket() async throws {
        let server = GRPCServer(router: testRouter(), limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.pauseReading(true)
        let count = 60
        let large: HeaderList = [
            ":method": "POST", ":scheme": "http", ":path": "/test.Service/Large",
            "content-type": "application/grpc",
        ]
        // Field 2 is 100,000: an answer of 100,009 octets, behind windows as wide as they can be.
        let message: [UInt8] = [0, 0, 0, 0, 4, 0x10, 0xa0, 0x8d, 0x06]
        var client = HTTP2Connection(
            .client,
            limits: {
                var limits = HTTP2Limits()
                limits.streamWindow = 0x7fff_ffff
                limits.connectionWindow = 0x7fff_ffff
                return limits
            }())
        for _ in 0..<count {
            let id = try client.sendRequest(large)
            client.sendData(id, message, endStream: true)
        }
        await peer.send(client.takeOctets())
        await peer.pauseReading(false)
        await peer.wait { $0.count > count * 100_000 }
        let total = await peer.heard.count
        #expect(total > count * 100_000)
        #expect(total < count * 101_000)
        await peer.close()
        await server.shutdown(grace: .zero)
    }
}
