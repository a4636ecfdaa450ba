// Octets of a real kubelet (grpc-go 1.79.3), as server and as client of ours, cut at every kind of place.

import HPACK
import TestSupport
import Testing

@testable import HTTP2

/// One connection of a capture.
struct CapturedConnection: Sendable {
    var name: String
    /// What the kubelet sent, and what the other end sent.
    var kubelet: [[UInt8]] = []
    var plugin: [[UInt8]] = []

    static func all(_ scenario: String) throws -> [CapturedConnection] {
        var connections: [CapturedConnection] = []
        for piece in try KubeletCapture.pieces(scenario) {
            let index =
                connections.firstIndex { $0.name == piece.connection }
                ?? {
                    connections.append(CapturedConnection(name: piece.connection))
                    return connections.count - 1
                }()
            guard !piece.octets.isEmpty else { continue }
            if piece.isFromKubelet {
                connections[index].kubelet.append(piece.octets)
            } else {
                connections[index].plugin.append(piece.octets)
            }
        }
        return connections
    }
}

@Suite("Captures of a kubelet 1.36")
struct KubeletCaptureTests {
    static let scenarios = KubeletCapture.scenarios

    @Test("are all here")
    func complete() { #expect(Self.scenarios.count == 20) }

    /// All ways in which the octets are cut: pieces as captured, one piece, octet by octet, at other sizes, and in
    /// two at every place there is.
    static func cuts(_ pieces: [[UInt8]]) -> [[[UInt8]]] {
        let whole = pieces.flatMap { $0 }
        let sizes = [1, 3, 10, 17, 1000].map { size in
            stride(from: 0, to: whole.count, by: size).map { Array(whole[$0..<min($0 + size, whole.count)]) }
        }
        let halves = whole.indices.dropFirst().map { [Array(whole[..<$0]), Array(whole[$0...])] }
        return [pieces, [whole]] + sizes + halves
    }

    /// What an end sees and sends, which must be the same for all cuts.
    static func replay(
        _ pieces: [[UInt8]], _ endpoint: () throws -> Endpoint
    ) throws -> (seen: [Seen], sent: [UInt8]) {
        var reference: (seen: [Seen], sent: [UInt8])?
        for cut in cuts(pieces) {
            let end = try endpoint()
            let seen = cut.flatMap { end.take($0) }
            let sent = end.takeOutput()
            #expect(!end.isFailed)
            if let reference {
                #expect(seen == reference.seen)
                #expect(sent == reference.sent)
            } else {
                reference = (seen, sent)
            }
        }
        return try #require(reference)
    }

    @Test(
        "a server understands every octet of the kubelet as a client, however it is cut", arguments: scenarios
    )
    func asServer(scenario: String) throws {
        for connection in try CapturedConnection.all(scenario)
        where !connection.name.contains("register") && !connection.name.contains("podres")
            && !connection.name.contains("unimpl")
        {
            let seen = try Self.replay(connection.kubelet) { Endpoint(.server) }.seen
            let requests = seen.filter { if case .headers = $0 { true } else { false } }
            #expect(!requests.isEmpty)
            for case .headers(_, let list, _) in requests {
                #expect(list[":method"] == "POST")
                #expect(list["user-agent"] == "grpc-go/1.79.3")
                #expect(list["content-type"] == "application/grpc")
            }
        }
    }

    @Test(
        "a client understands every octet of the kubelet as a server, however it is cut", arguments: scenarios
    )
    func asClient(scenario: String) throws {
        for connection in try CapturedConnection.all(scenario)
        where connection.name.contains("register") || connection.name.contains("podres")
            || connection.name.contains("unimpl")
        {
            let sent = connection.plugin.flatMap { $0 }
            let streams = frames(sent).filter { if case .headers = $0 { true } else { false } }.count
            let seen = try Self.replay(connection.kubelet) {
                let client = Endpoint(.client)
                for _ in 0..<streams { _ = try client.sendRequest(request, endStream: true) }
                return client
            }.seen
            let ends = seen.filter {
                switch $0 {
                case .trailers, .headers(_, _, end: true): true
                default: false
                }
            }
            // One connection's only call was cancelled before its answer.
            if scenario == "h-register-rejected", connection.name == "register-nosocket-1" { continue }
            #expect(ends.count == streams, "\(connection.name)")
        }
    }

    @Test("the other end's octets, from gRPC's C core, are understood as well", arguments: scenarios)
    func otherEnd(scenario: String) throws {
        for connection in try CapturedConnection.all(scenario) where connection.name.contains("register") {
            guard connection.plugin.first?.starts(with: HTTP2Connection.preface) == true else { continue }
            let seen = try Self.replay(connection.plugin) { Endpoint(.server) }.seen
            #expect(seen.contains { if case .headers = $0 { true } else { false } })
        }
    }

    @Test("the calls of a registration are those that the kubelet made")
    func calls() throws {
        let connection = try #require(
            try CapturedConnection.all("a-register-listandwatch")
                .first { $0.name == "plugin-1" })
        let server = Endpoint(.server)
        let seen = connection.kubelet.flatMap { server.take($0) }
        let calls = seen.compactMap { event -> String? in
            guard case .headers(let id, let list, _) = event else { return nil }
            return "\(id) \(list[":path"] ?? "") \(list[":authority"] ?? "") \(list["grpc-timeout"] ?? "-")"
        }
        #expect(
            calls == [
                "1 /v1beta1.DevicePlugin/GetDevicePluginOptions localhost 4997941u",
                "3 /v1beta1.DevicePlugin/ListAndWatch localhost -",
            ])
        #expect(seen.bodies(1) == [0, 0, 0, 0, 0])
        #expect(seen.last == .goAway(3, .noError))
    }
}
