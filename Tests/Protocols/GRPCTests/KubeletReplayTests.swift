// The octets of a real kubelet played to a server and to a client over a real socket.

import GRPC
import HTTP2
import Protobuf
import SystemIO
import TestSupport
import Testing

/// Any message: keeps nothing, for methods whose content is tested elsewhere.
private struct Opaque: FieldMessage {
    init() {}
    mutating func fields(_ wire: inout ProtobufFields) {}
}

private enum Captures {
    /// What the kubelet sent on a connection, in one piece.
    static func kubelet(_ scenario: String, _ connection: String) throws -> [UInt8] {
        try KubeletCapture.pieces(scenario).filter { $0.isFromKubelet && $0.connection == connection }
            .flatMap(\.octets)
    }
}

@Suite("A kubelet 1.36 on a socket", .timeLimit(.minutes(10)))
struct KubeletReplayTests {
    private func pluginRouter() -> GRPCRouter {
        var router = GRPCRouter()
        for method in ["GetDevicePluginOptions", "GetPreferredAllocation", "Allocate", "PreStartContainer"] {
            router.unary("/v1beta1.DevicePlugin/\(method)") { (_: Opaque, _) in Opaque() }
        }
        router.serverStreaming("/v1beta1.DevicePlugin/ListAndWatch") {
            (_: Opaque, _, writer: GRPCResponseWriter<Note>) in
            try await writer.write(Note("d"))
            await untilCancelled()
        }
        return router
    }

    @Test(
        "gets an answer to each of its calls, however its octets arrive",
        arguments: [
            "a-register-listandwatch", "c1-pod-4-cores", "c2-pod-init-and-container", "c5-prestartcontainer",
        ],
        [Int.max, 1, 7])
    func server(scenario: String, cut: Int) async throws {
        let octets = try Captures.kubelet(scenario, "plugin-1")
        let server = GRPCServer(router: pluginRouter(), limits: .patient)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        for start in stride(from: 0, to: octets.count, by: min(cut, octets.count)) {
            await peer.send(Array(octets[start..<min(start + min(cut, octets.count), octets.count)]))
        }
        let calls = transcript(octets, as: .server, streams: 0).filter { $0.contains("headers :method=POST") }
        // One of them, ListAndWatch, has no end, only a first message.
        await peer.wait { heard in
            let lines = transcript(heard, as: .client, streams: calls.count)
            return lines.count { $0.contains("trailers") } == calls.count - 1
                && lines.contains { $0.hasSuffix("data 00000000030a0164") }
        }
        let lines = transcript(await peer.heard, as: .client, streams: calls.count)
        for (index, call) in calls.enumerated() {
            let id = 2 * index + 1
            let own = lines.filter { $0.hasPrefix("\(id) ") }
            if call.contains("ListAndWatch") {
                #expect(
                    own == [
                        "\(id) headers :status=200 content-type=application/grpc",
                        "\(id) data 00000000030a0164",
                    ])
            } else {
                #expect(
                    own == [
                        "\(id) headers :status=200 content-type=application/grpc", "\(id) data 0000000000",
                        "\(id) trailers grpc-status=0",
                    ])
            }
        }
        await peer.close()
        await server.shutdown(grace: .zero)
    }

    @Test(
        "is understood by our client",
        arguments: [
            ("a-register-listandwatch", "register-1", GRPCStatus(.ok)),
            ("h-register-rejected", "register-badversion-1", GRPCStatus(.unknown)),
            ("h-register-rejected", "register-badname-1", GRPCStatus(.unknown)),
            ("f-podresources", "unimplemented-1", GRPCStatus(.unimplemented)),
        ])
    func client(scenario: String, connection: String, expected: GRPCStatus) async throws {
        let octets = try Captures.kubelet(scenario, connection)
        let accepted = AsyncStream.makeStream(of: RawPeer.self)
        let listener = try Listener(.unix(Scratch.socket())) { descriptor in
            accepted.continuation.yield(RawPeer(descriptor))
        }
        try await listener.start()
        let client = try await GRPCClient.connect(
            to: listener.address, timeout: .seconds(3600), limits: .patient)
        var iterator = accepted.stream.makeAsyncIterator()
        let kubelet = try #require(await iterator.next())
        try await kubelet.start()
        let call = Task {
            await status {
                let _: Opaque = try await client.unary(
                    "/v1beta1.Registration/Register", Note("r"), timeout: .seconds(60))
            }
        }
        await kubelet.wait { transcript($0, as: .server, streams: 0).contains { $0.contains("headers") } }
        await kubelet.send(octets)
        let end = await call.value
        #expect(end.code == expected.code)
        if expected.code != .ok { #expect(!end.message.isEmpty) }
        let head = transcript(await kubelet.heard, as: .server, streams: 0).first
        #expect(
            head?.hasPrefix(
                "1 headers :method=POST :scheme=http :path=/v1beta1.Registration/Register :authority=localhost "
                    + "content-type=application/grpc te=trailers user-agent=grpc-ganglion/1 grpc-timeout=")
                == true)
        await client.close()
        await kubelet.close()
        await listener.close()
    }
}
