// The rules of doc/PROTOCOL-HTTP2.md as a peer by hand sees them, each with the words of the rule.

import HPACK
import HTTP2
import HTTP2Transport
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import GRPC

/// The octets of a client that sends one request.
func request(
    _ path: String, _ message: [UInt8] = [0, 0, 0, 0, 0], endStream: Bool = true,
    _ change: (inout HeaderList) -> Void = { _ in }
) throws -> [UInt8] {
    var list: HeaderList = [
        ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
        "content-type": "application/grpc", "te": "trailers",
    ]
    change(&list)
    var client = HTTP2Connection(.client)
    let stream = try client.sendRequest(list)
    client.sendData(stream, message, endStream: endStream)
    var octets: [UInt8] = []
    while client.hasOutput { client.drainOutput { octets.append($0, 0..<$0.byteCount) } }
    return octets
}

@Suite("What a server owes, PROTOCOL-HTTP2.md", .timeLimit(.minutes(10)))
struct ServerObligationTests {
    /// What the server says to some octets, until there is a line that ends with `last`.
    private func answer(
        _ octets: [UInt8], until last: String, router: GRPCRouter = testRouter()
    ) async throws -> [String] {
        let server = GRPCServer(router: router, limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(octets)
        await peer.wait { heard in
            transcript(heard, as: .client, streams: 1).contains { $0.hasSuffix(last) }
        }
        let lines = transcript(await peer.heard, as: .client, streams: 1)
        await peer.close()
        await server.shutdown(grace: .zero)
        return lines
    }

    @Test(
        "the deadline is the server's business too: it ends the call and resets what the client still sends")
    func deadline() async throws {
        let lines = try await answer(
            request("/test.Service/Echo", endStream: false) { $0.add("grpc-timeout", "1m") },
            until: "reset NO_ERROR")
        #expect(
            lines == [
                "1 headers :status=200 content-type=application/grpc grpc-status=4 "
                    + "grpc-message=the deadline has passed end",
                "1 reset NO_ERROR",
            ])
    }

    @Test("a time-out of nothing has passed", arguments: ["0n", "0H", "00000000S"])
    func noTime(text: String) async throws {
        let lines = try await answer(
            request("/test.Service/Hang") { $0.add("grpc-timeout", text) }, until: "end")
        #expect(lines.first?.contains("grpc-status=4") == true)
    }

    @Test("trailers before the end of the request are followed by RST_STREAM NO_ERROR")
    func early() async throws {
        let lines = try await answer(
            request("/test.Service/Nothing", endStream: false), until: "reset NO_ERROR")
        #expect(
            lines == [
                "1 headers :status=200 content-type=application/grpc grpc-status=12 "
                    + "grpc-message=unknown method Nothing for service test.Service end",
                "1 reset NO_ERROR",
            ])
    }

    @Test("the end of a request may be a DATA frame without octets")
    func emptyEnd() async throws {
        // The first 5 octets are DATA of its own; then an empty DATA with END_STREAM on stream 1.
        let octets = try request("/test.Service/Echo", endStream: false) + [0, 0, 0, 0, 1, 0, 0, 0, 1]
        let lines = try await answer(octets, until: "grpc-status=0")
        #expect(
            lines == [
                "1 headers :status=200 content-type=application/grpc", "1 data 0000000000",
                "1 trailers grpc-status=0",
            ])
    }

    @Test("values that are no ASCII are no fault of the call")
    func oddValues() async throws {
        let lines = try await answer(
            request("/test.Service/Context") {
                $0.add("x-name", "caf\u{e9} \u{1F9E0}")
                $0.add("trace-bin", "***")
            }, until: "grpc-status=0")
        #expect(lines.last == "1 trailers grpc-status=0")
    }

    @Test(
        "binary values come padded and unpadded, several in one field",
        arguments: [
            ("AP+A", [[0, 255, 128]]), ("AP8=", [[0, 255]]), ("AP8", [[0, 255]]),
            ("AP8=,AP+A,,AA", [[0, 255], [0, 255, 128], [], [0]]), ("AP8*", []), ("A", []),
        ] as [(String, [[UInt8]])])
    func binary(text: String, values: [[UInt8]]) {
        #expect(GRPCMetadata(["trace-bin": text]).binary("trace-bin") == values)
        var metadata = GRPCMetadata()
        for value in values { try? metadata.add("trace-bin", value) }
        #expect(metadata.all("trace-bin").allSatisfy { !$0.contains("=") })
    }

    @Test(
        "headers of HTTP/1 and two authorities are malformed",
        arguments: ["connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"])
    func connectionHeaders(name: String) async throws {
        let lines = try await answer(
            request("/test.Service/Echo") { $0.add(name, "x") }, until: "reset PROTOCOL_ERROR")
        #expect(lines == ["1 reset PROTOCOL_ERROR"])
    }

    @Test("te may only be trailers, and may be missing", arguments: ["gzip", "trailers, gzip"])
    func te(value: String) async throws {
        let lines = try await answer(
            request("/test.Service/Echo") { $0.add("te", value) }, until: "reset PROTOCOL_ERROR")
        #expect(lines == ["1 reset PROTOCOL_ERROR"])
    }

    @Test("GOAWAY comes twice, with a PING in between, and calls on their way are answered")
    func graceful() async throws {
        let entered = Gate()
        let leave = Gate()
        var router = testRouter()
        router.unary("/test.Service/Slow") { (note: Note, _) in
            await entered.open()
            await leave.wait()
            return note
        }
        let server = GRPCServer(router: router, limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(try request("/test.Service/Slow"))
        await entered.wait()
        let shutdown = Task { await server.shutdown(grace: .seconds(60)) }
        await peer.wait { transcript($0, as: .client, streams: 1).contains("goaway 2147483647 NO_ERROR") }
        // The answer to the PING that came with it, whose octets spell ganglion.
        await peer.send([0, 0, 8, 6, 1, 0, 0, 0, 0] + Array("ganglion".utf8))
        await peer.wait { transcript($0, as: .client, streams: 1).contains("goaway 1 NO_ERROR") }
        await leave.open()
        await shutdown.value
        await peer.wait { _ in false }
        #expect(
            transcript(await peer.heard, as: .client, streams: 1) == [
                "goaway 2147483647 NO_ERROR", "goaway 1 NO_ERROR",
                "1 headers :status=200 content-type=application/grpc", "1 data 0000000000",
                "1 trailers grpc-status=0",
            ])
    }

    @Test("what is left at the end of the grace is told UNAVAILABLE, and its handlers have returned")
    func endOfGrace() async throws {
        let returned = Lock(false)
        let started = Gate()
        var router = GRPCRouter()
        router.serverStreaming("/test.Service/Watch") { (_: Note, _, writer: GRPCResponseWriter<Note>) in
            try await writer.write(Note())
            await started.open()
            await untilCancelled()
            returned.withLock { $0 = true }
        }
        let server = GRPCServer(router: router, limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(try request("/test.Service/Watch"))
        await started.wait()
        await server.shutdown(grace: .milliseconds(1))
        #expect(returned.withLock { $0 })
        await peer.wait { _ in false }
        #expect(
            transcript(await peer.heard, as: .client, streams: 1).contains(
                "1 trailers grpc-status=14 grpc-message=the server is shutting down"))
    }

    @Test("a shutdown does not wait for ever for a handler that ignores its cancellation")
    func stubborn() async throws {
        let started = Gate()
        let leave = Gate()
        var router = GRPCRouter()
        router.unary("/test.Service/Stubborn") { (note: Note, _) in
            await started.open()
            await leave.wait()
            return note
        }
        var limits = GRPCLimits.patient
        limits.peer.closeTimeout = .milliseconds(20)
        try await withServer(router, limits: limits) { client, server, _ in
            async let end = status { let _: Note = try await client.unary("/test.Service/Stubborn", Note()) }
            await started.wait()
            await server.shutdown(grace: .zero)
            #expect(await end == GRPCStatus(.unavailable, "the server is shutting down"))
            await leave.open()
        }
    }
}

@Suite("What a client owes, PROTOCOL-HTTP2.md", .timeLimit(.minutes(10)))
struct ClientObligationTests {
    /// The end of a call whose server says these frames after its SETTINGS.
    private func end(
        timeout: Duration? = nil, _ answer: @escaping @Sendable (inout HTTP2Connection, StreamID) -> Void
    ) async throws -> GRPCStatus {
        let server = FrameServer { http2, stream, _ in
            answer(&http2, stream)
            return true
        }
        let address = try await server.listen()
        let client = try await GRPCClient.connect(to: address)
        let result = await status { let _: Note = try await client.unary("/a.B/C", Note(), timeout: timeout) }
        await client.close()
        await server.close()
        return result
    }

    private static let headers: HeaderList = [":status": "200", "content-type": "application/grpc"]
    private static let empty: [UInt8] = [0, 0, 0, 0, 0]

    @Test("1xx responses are skipped")
    func informational() async throws {
        let end = try await end { http2, stream in
            http2.sendHeaders(stream, [":status": "103", "link": "x"])
            http2.sendHeaders(stream, Self.headers)
            http2.sendData(stream, Self.empty)
            http2.sendTrailers(stream, ["grpc-status": "0"])
        }
        #expect(end == GRPCStatus(.ok))
    }

    @Test(
        "the status follows from RST_STREAM",
        arguments: [
            (ErrorCode.noError, GRPCStatus.Code.internal), (.protocolError, .internal),
            (.internalError, .internal), (.flowControlError, .internal), (.settingsTimeout, .internal),
            (.streamClosed, .internal), (.frameSizeError, .internal), (.refusedStream, .unavailable),
            (.cancel, .cancelled), (.compressionError, .internal), (.connectError, .internal),
            (.enhanceYourCalm, .resourceExhausted), (.inadequateSecurity, .permissionDenied),
            (.http11Required, .internal),
        ])
    func reset(code: ErrorCode, expected: GRPCStatus.Code) async throws {
        let end = try await end { http2, stream in http2.reset(stream, code) }
        #expect(end == GRPCStatus(expected, "the stream was reset with \(code)"))
    }

    @Test(
        "the status follows from HTTP's, unless there is a grpc-status",
        arguments: [
            ("400", GRPCStatus.Code.internal), ("401", .unauthenticated), ("403", .permissionDenied),
            ("404", .unimplemented), ("429", .unavailable), ("431", .internal), ("500", .unknown),
            ("502", .unavailable), ("503", .unavailable), ("504", .unavailable), ("204", .unknown),
            ("301", .unknown),
        ])
    func http(status: String, expected: GRPCStatus.Code) async throws {
        let bare = try await end { http2, stream in
            http2.sendHeaders(stream, [":status": status, "content-type": "text/html"])
            http2.sendData(stream, Array("<html>".utf8), endStream: true)
        }
        #expect(
            bare
                == GRPCStatus(
                    expected, "the server answered with HTTP status \(status) and without grpc-status"))
        let told = try await end { http2, stream in
            http2.sendHeaders(stream, [":status": status, "content-type": "application/grpc"])
            http2.sendTrailers(stream, ["grpc-status": "10", "grpc-message": "told"])
        }
        #expect(told == GRPCStatus(.aborted, "told"))
    }

    @Test("a reset with CANCEL after the deadline is DEADLINE_EXCEEDED")
    func deadline() async throws {
        // The deadline has passed before the server answers: its own timer and the reset race, the status is one.
        let end = try await end(timeout: .milliseconds(1)) { http2, stream in
            http2.reset(stream, .cancel)
        }
        #expect([.deadlineExceeded, .cancelled].contains(end.code))
    }

    @Test(
        "percent signs of grpc-message are decoded, and nonsense is no error",
        arguments: [
            ("caf%C3%A9", "caf\u{e9}"), ("100%25", "100%"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"),
            ("%FF", "\u{FFFD}"), ("a b", "a b"),
        ])
    func message(text: String, expected: String) async throws {
        let end = try await end { http2, stream in
            http2.sendHeaders(
                stream,
                [
                    ":status": "200", "content-type": "application/grpc", "grpc-status": "2",
                    "grpc-message": text,
                ],
                endStream: true)
        }
        #expect(end == GRPCStatus(.unknown, expected))
    }

    @Test("another content-type is no response of gRPC")
    func contentType() async throws {
        let end = try await end { http2, stream in
            http2.sendHeaders(stream, [":status": "200", "content-type": "text/html"])
            http2.sendData(stream, Self.empty, endStream: true)
        }
        #expect(
            end
                == GRPCStatus(
                    .unknown, "the server answered with content-type \"text/html\", not application/grpc"))
    }

    @Test("a call that the server ends with OK and nothing is INTERNAL")
    func nothing() async throws {
        let end = try await end { http2, stream in
            http2.sendHeaders(stream, Self.headers)
            http2.sendTrailers(stream, ["grpc-status": "0"])
        }
        #expect(
            end == GRPCStatus(.internal, "the server ended the call with OK and without a response"))
    }

    @Test("two responses to a unary call are INTERNAL")
    func two() async throws {
        let end = try await end { http2, stream in
            http2.sendHeaders(stream, Self.headers)
            http2.sendData(stream, Self.empty + Self.empty)
            http2.sendTrailers(stream, ["grpc-status": "0"])
        }
        #expect(
            end
                == GRPCStatus(.internal, "the server sent more than one response and the method has one"))
    }
}
