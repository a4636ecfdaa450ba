// gRPC's negative HTTP/2 cases: our client and a server on h2 that misbehaves.

import GRPC
import SystemIO
import TestSupport
import Testing

@testable import Interop

@Suite(
    "gRPC's negative HTTP/2 cases, with a server on h2",
    .enabled(if: Python.has("h2", "hyperframe"), "no Python with h2: run make python-env"),
    .timeLimit(.minutes(10)))
struct FaultTests {
    @Test(
        "pass with our client",
        arguments: [
            (TestCase.goAway, "connections 2 pings 0 streams 1"),
            (.resetAfterHeader, "connections 1 pings 0 streams 1"),
            (.resetDuringData, "connections 1 pings 0 streams 1"),
            (.resetAfterData, "connections 1 pings 0 streams 1"),
            (.ping, "connections 1 pings 0 streams 1"),
            (.maximumStreams, "connections 1 pings 0 streams 1"),
            (.framePadding, "connections 1 pings 0 streams 1"),
            (.noFramePadding, "connections 1 pings 0 streams 1"),
        ])
    func passes(test: TestCase, seen: String) async throws {
        let path = Scratch.socket()
        let peer = try PythonPeer("http2_faults.py", [test.rawValue, path])
        #expect(try await peer.text(until: "ready\n") == "ready\n")
        let channel = GRPCChannel { try await GRPCClient.connect(to: .unix(path)) }
        try await test.run(channel)
        await channel.close()
        async let end = peer.finish()
        #expect(try await peer.lines() == [seen])
        _ = await end
    }

    @Test("are all here")
    func complete() {
        #expect(TestCase.faults.count == 8)
        #expect(TestCase.regular.count == 19)
        #expect(TestCase.allCases.count == 27)
    }
}
