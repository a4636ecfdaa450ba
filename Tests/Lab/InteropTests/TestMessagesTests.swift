// Octets of the test messages, as protoc's encoders write them.

import Interop
import Protobuf
import Testing

@Suite("The messages of the interop tests")
struct TestMessagesTests {
    private func check<M: Message>(_ message: M, _ octets: [UInt8]) throws {
        #expect(message.serialized() == octets)
        #expect(try M(serialized: octets) == message)
    }

    @Test("are written and read with the numbers of messages.proto")
    func octets() throws {
        try check(Empty(), [])
        try check(Payload(zeros: 2), [0x12, 2, 0, 0])
        try check(EchoStatus(code: 2, message: "a"), [0x08, 2, 0x12, 1, 0x61])
        try check(
            SimpleRequest(
                responseSize: 5, payload: Payload(zeros: 1), responseStatus: EchoStatus(code: 1, message: "")),
            [0x10, 5, 0x1a, 3, 0x12, 1, 0, 0x3a, 2, 0x08, 1])
        try check(StreamingInputCallRequest(zeros: 1), [0x0a, 3, 0x12, 1, 0])
        var sum = StreamingInputCallResponse()
        sum.aggregatedPayloadSize = 300
        try check(sum, [0x08, 0xac, 2])
        try check(
            StreamingOutputCallRequest(sizes: [1, 2], payload: Payload(zeros: 1)),
            [0x12, 2, 0x08, 1, 0x12, 2, 0x08, 2, 0x1a, 3, 0x12, 1, 0])
        try check(StreamingOutputCallResponse(zeros: 1), [0x0a, 3, 0x12, 1, 0])
    }

    @Test("skip fields that no case uses")
    func unknown() throws {
        // response_type 1, fill_username true, payload of one zero with its type.
        let request = try SimpleRequest(serialized: [0x08, 1, 0x20, 1, 0x1a, 5, 0x08, 0, 0x12, 1, 0])
        #expect(request == SimpleRequest(payload: Payload(zeros: 1)))
    }
}
