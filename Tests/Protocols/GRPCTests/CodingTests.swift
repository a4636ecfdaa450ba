import HPACK
import HTTP2
import Testing

@testable import GRPC

@Suite("grpc-message is percent-encoded")
struct PercentCodingTests {
    @Test(
        "text goes there and back",
        arguments: [
            ("plain", "plain"), ("100%", "100%25"), ("a b", "a b"), (" a ", "%20a%20"), (" ", "%20"),
            ("line\nfeed", "line%0Afeed"), ("é", "%C3%A9"), ("\u{1F9E0}", "%F0%9F%A7%A0"), ("", ""),
            (
                "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \u{1F608}\t\n",
                "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A"
            ),
        ])
    func roundTrip(text: String, encoded: String) {
        #expect(PercentCoding.encode(text) == encoded)
        #expect(PercentCoding.decode(encoded) == text)
    }

    @Test(
        "decoding never fails",
        arguments: [
            ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%41%", "A%"), ("%c3", "\u{FFFD}"), ("%e2%98%ba", "☺"),
        ])
    func lenient(encoded: String, text: String) { #expect(PercentCoding.decode(encoded) == text) }
}

@Suite("Binary metadata is Base64")
struct BinaryMetadataTests {
    @Test("several values in one field are told apart, and what is none is left out")
    func metadata() throws {
        let metadata = GRPCMetadata(["a-bin": "Zg,Zm8=", "a-bin": "!", "a-bin": "Zm9v", "b": "1", "b": "2"])
        #expect(metadata.binary("a-bin") == [[102], [102, 111], [102, 111, 111]])
        #expect(metadata.all("b") == ["1", "2"])
        #expect(metadata["b"] == "1")
        #expect(metadata["c"] == nil)
    }

    @Test(
        "names and values that cannot travel are refused",
        arguments: [
            ("Upper", "v"), ("grpc-x", "v"), ("", "v"), ("a b", "v"), ("a-bin", "v"), ("a", "é"), ("a", "\n"),
        ])
    func refused(name: String, value: String) throws {
        var metadata = GRPCMetadata()
        #expect(throws: GRPCStatus.self) { try metadata.add(name, value) }
        #expect(metadata == GRPCMetadata())
    }

    @Test("binary values need a name with -bin")
    func binaryName() {
        var metadata = GRPCMetadata()
        #expect(
            throws: GRPCStatus(.invalidArgument, "metadata a has binary values: its name must end with -bin")
        ) {
            try metadata.add("a", [1, 2])
        }
    }
}

@Suite("grpc-timeout")
struct TimeoutTests {
    @Test(
        "is read in every unit",
        arguments: [
            ("1H", Duration.seconds(3600)), ("2M", .seconds(120)), ("3S", .seconds(3)),
            ("4m", .milliseconds(4)),
            ("5u", .microseconds(5)), ("6n", .nanoseconds(6)), ("99999999H", .seconds(359_999_996_400)),
            ("4997941u", .microseconds(4_997_941)), ("0S", .zero),
        ])
    func reads(text: String, duration: Duration) { #expect(GRPCTimeout.decode(text) == duration) }

    @Test(
        "is nothing else", arguments: ["", "S", "1", "123456789S", "-1S", "1s", "1.5S", "+1S", " 1S", "１S"])
    func refuses(text: String) { #expect(GRPCTimeout.decode(text) == nil) }

    @Test(
        "is written in the finest unit that fits, rounded up",
        arguments: [
            (Duration.milliseconds(50), "50000000n"), (.milliseconds(100), "100000u"),
            (.seconds(5), "5000000u"),
            (.seconds(120), "120000m"), (.seconds(200_000), "200000S"), (.zero, "1n"), (.seconds(-1), "1n"),
            (.seconds(1_000_000_000), "16666667M"), (.seconds(Int64.max), "99999999H"),
            (.nanoseconds(1), "1n"),
        ])
    func writes(duration: Duration, text: String) {
        #expect(GRPCTimeout.encode(duration) == text)
        #expect(GRPCTimeout.decode(text) != nil)
    }
}

@Suite("Messages in a stream of octets")
struct MessageAssemblerTests {
    @Test("are cut out wherever the octets were cut", arguments: [1, 2, 3, 4, 5, 6, 7, 100])
    func cuts(size: Int) throws {
        let messages: [[UInt8]] = [[], [1], [2, 3], [UInt8](repeating: 4, count: 300), []]
        let octets = messages.flatMap { MessageAssembler.frame($0) }
        var assembler = MessageAssembler(limit: 300)
        var seen: [[UInt8]] = []
        for start in stride(from: 0, to: octets.count, by: size) {
            assembler.append { $0 += octets[start..<min(start + size, octets.count)] }
            while let message = try assembler.next() { seen.append(message) }
        }
        #expect(seen == messages)
        #expect(assembler.waitingOctets == 0)
    }

    @Test("above the limit are refused by their prefix alone")
    func limit() {
        var assembler = MessageAssembler(limit: 10)
        assembler.append { $0 += [0, 0xff, 0xff, 0xff, 0xff] }
        #expect(
            throws: GRPCStatus(
                .resourceExhausted, "a message of 4294967295 octets is larger than the limit of 10")
        ) {
            try assembler.next()
        }
    }

    @Test("that are compressed are refused")
    func compressed() {
        var assembler = MessageAssembler(limit: 10)
        assembler.append { $0 += [1, 0, 0, 0, 0] }
        #expect(
            throws: GRPCStatus(
                .internal, "a message has compression flag 1 and no grpc-encoding was agreed on")
        ) {
            try assembler.next()
        }
    }
}

@Suite("The end of a call")
struct StatusTests {
    @Test(
        "without grpc-status follows from the HTTP status",
        arguments: [
            ("400", GRPCStatus.Code.internal), ("401", .unauthenticated), ("403", .permissionDenied),
            ("404", .unimplemented), ("429", .unavailable), ("502", .unavailable), ("503", .unavailable),
            ("504", .unavailable), ("431", .internal), ("500", .unknown), ("302", .unknown),
        ])
    func http(status: String, code: GRPCStatus.Code) {
        var call = ClientCall(messageLimit: 10)
        call.receiveHeaders([":status": status, "content-type": "text/html"], endStream: true)
        #expect(
            call.end
                == GRPCStatus(code, "the server answered with HTTP status \(status) and without grpc-status"))
    }

    @Test(
        "by RST_STREAM follows from its code",
        arguments: [
            (ErrorCode.refusedStream, GRPCStatus.Code.unavailable), (.cancel, .cancelled),
            (.enhanceYourCalm, .resourceExhausted), (.inadequateSecurity, .permissionDenied),
            (.protocolError, .internal), (.noError, .internal),
        ])
    func reset(code: ErrorCode, expected: GRPCStatus.Code) {
        #expect(GRPCStatus(reset: code) == GRPCStatus(expected, "the stream was reset with \(code)"))
    }

    @Test("grpc-status wins over the HTTP status in a response of headers alone")
    func trailersOnly() {
        var call = ClientCall(messageLimit: 10)
        call.receiveHeaders(
            [":status": "415", "content-type": "x", "grpc-status": "3", "grpc-message": "no%21"],
            endStream: true)
        #expect(call.end == GRPCStatus(.invalidArgument, "no!"))
    }

    @Test("with a code that nobody knows is UNKNOWN", arguments: ["17", "999", "x", "-1", ""])
    func unknownCode(text: String) {
        #expect(GRPCStatus(trailers: ["grpc-status": text]) == GRPCStatus(.unknown))
    }

    @Test("is INTERNAL when the server forgets it")
    func missing() {
        let expected = GRPCStatus(.internal, "the server ended the call without grpc-status")
        var call = ClientCall(messageLimit: 10)
        call.receiveHeaders([":status": "200", "content-type": "application/grpc"], endStream: false)
        let back = call.receiveData(5, endStream: true) { $0 += [0, 0, 0, 0, 0] }
        #expect(back == 0)
        #expect(call.end == expected)
        #expect(call.hasMessage)
    }

    @Test("of a handler that throws is the status, CANCELLED, or UNKNOWN")
    func handlers() {
        #expect(GRPCStatus(handlerError: GRPCStatus(.aborted, "a")) == GRPCStatus(.aborted, "a"))
        #expect(
            GRPCStatus(handlerError: CancellationError()) == GRPCStatus(.cancelled, "the call was cancelled"))
        #expect(GRPCStatus(handlerError: Odd()) == GRPCStatus(.unknown, "an odd error"))
    }

    @Test("has a description for logs")
    func descriptions() {
        #expect(GRPCStatus(.notFound, "x").description == "NOT_FOUND: x")
        #expect(GRPCStatus(.ok).description == "OK")
        #expect(Set(GRPCStatus.Code.allCases.map(\.description)).count == 17)
    }

    @Test("window octets are kept while a message waits and given back when it is taken")
    func window() throws {
        var call = ClientCall(messageLimit: 100)
        call.receiveHeaders([":status": "200", "content-type": "application/grpc"], endStream: false)
        #expect(call.receiveData(3, endStream: false) { $0 += [0, 0, 0] } == 3)
        #expect(call.receiveData(4, endStream: false) { $0 += [0, 2, 7, 7] } == 0)
        #expect(call.receiveData(7, endStream: false) { $0 += [0, 0, 0, 0, 2, 8, 8] } == 0)
        let first = try call.take()
        #expect(first?.message == [7, 7])
        #expect(first?.consumed == 0)
        let second = try call.take()
        #expect(second?.message == [8, 8])
        #expect(second?.consumed == 11)
        #expect(try call.take() == nil)
    }
}

@Suite("A message that comes whole")
struct WholeMessageTests {
    @Test(
        "is taken at once, and anything else is left to the assembler",
        arguments: [
            ([0, 0, 0, 0, 0], []), ([0, 0, 0, 0, 2, 7, 8], [7, 8]), ([0, 0, 0, 0, 2, 7], nil),
            ([0, 0, 0, 0, 1, 7, 8], nil), ([1, 0, 0, 0, 1, 7], nil), ([0, 0, 0, 0], nil), ([], nil),
            ([0, 0xff, 0xff, 0xff, 0xff, 1], nil), ([0, 0, 0, 0, 4, 1, 2, 3, 4], nil),
        ] as [([UInt8], [UInt8]?)])
    func whole(octets: [UInt8], message: [UInt8]?) {
        #expect(MessageAssembler.whole(octets.span.bytes, limit: 3) == message)
    }

    @Test(
        "has the prefix that is written before it", arguments: [0, 1, 300, 0x0102_0304], [0, 1] as [UInt8])
    func prefix(count: Int, flag: UInt8) {
        let (octets, size) = MessageAssembler.prefix(count, flag: flag)
        let written = (0..<size).map { UInt8(truncatingIfNeeded: octets >> UInt64(56 - 8 * $0)) }
        let length = (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        #expect(written == [flag] + length)
    }
}

@Suite("The head of a request")
struct RequestHeadTests {
    private func head(_ changes: (inout HeaderList) -> Void) throws -> RequestHead {
        var list: HeaderList = [":method": "POST", ":path": "/a.B/C"]
        changes(&list)
        return try RequestHead(list)
    }

    @Test(
        "of gRPC is taken", arguments: ["application/grpc", "application/grpc+proto", "application/grpc;x=y"])
    func taken(type: String) throws {
        let head = try head {
            $0.add("content-type", type)
            $0.add("grpc-timeout", "5S")
            $0.add("grpc-encoding", "identity")
        }
        #expect(head.path == "/a.B/C")
        #expect(head.timeout == .seconds(5))
    }

    @Test(
        "that is no gRPC is answered with an HTTP status",
        arguments: [
            ([":method": "GET"], "405"), ([":method": "POST"], "415"),
            ([":method": "POST", "content-type": "application/json"], "415"),
            ([":method": "POST", "content-type": "application/grpcx"], "415"),
            ([":method": "POST", "content-type": "application/grpc", "grpc-timeout": "5"], "400"),
            ([":method": "POST", "content-type": "application/grpc", "grpc-encoding": "gzip"], "200"),
        ] as [(HeaderList, String)])
    func refused(list: HeaderList, status: String) {
        do {
            _ = try RequestHead(list)
            Issue.record("taken")
        } catch {
            #expect(error.response[":status"] == status)
            #expect(error.response["grpc-status"] != nil)
            #expect((error.response["grpc-accept-encoding"] == "identity") == (status == "200"))
        }
    }
}
