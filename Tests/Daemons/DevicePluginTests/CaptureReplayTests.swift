// The bytes that a real kubelet sent to another plugin are sent to ours: what it can be asked is answered, with nothing
// of our own client in between.

import DevicePlugin
import Glibc
import KubeletAPI
import Protobuf
import SystemIO
import TestSupport
import Testing

/// Cuts one direction of a connection into frames and gRPC messages.
private struct Cutter {
    struct Message {
        var stream: UInt32
        var bytes: [UInt8]
    }

    private var bytes: [UInt8] = []
    private var streams: [UInt32: [UInt8]] = [:]
    private(set) var messages: [Message] = []
    /// Types of the frames, in order.
    private(set) var frames: [UInt8] = []

    mutating func add(_ more: some Sequence<UInt8>) {
        bytes += more
        if bytes.starts(with: "PRI * ".utf8) {
            guard bytes.count >= 24 else { return }
            bytes.removeFirst(24)
        }
        while bytes.count >= 9 {
            let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            guard bytes.count >= 9 + length else { return }
            let stream = bytes[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            frames.append(bytes[3])
            if bytes[3] == 0 { streams[stream, default: []] += bytes[9..<9 + length] }
            bytes.removeFirst(9 + length)
            while let data = streams[stream], data.count >= 5 {
                let size = data[1..<5].reduce(0) { $0 << 8 | Int($1) }
                guard data.count >= 5 + size else { break }
                messages.append(Message(stream: stream, bytes: Array(data[5..<5 + size])))
                streams[stream] = Array(data[(5 + size)...])
            }
        }
    }
}

/// A Unix socket with nothing over it.
private final class RawConnection {
    private let descriptor: FileDescriptor
    private let loop = EventLoop.shared
    private(set) var received = Cutter()

    init(_ path: String) async throws {
        descriptor = try await SystemIO.connect(to: .unix(path), loop: .shared, timeout: .seconds(300))
    }

    func send(_ bytes: [UInt8]) throws {
        try #require(Glibc.send(descriptor.number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    func receive(messages wanted: Int) async throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while received.messages.count < wanted {
            let count = recv(descriptor.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN {
                try await readable()
                continue
            }
            try #require(count > 0, "the plugin closed the connection")
            received.add(buffer[..<count])
        }
    }

    /// Waits on the loop: a test that blocks a thread of the pool keeps others from it.
    private func readable() async throws {
        let registration = Lock<EventLoop.Registration?>(nil)
        let loop = loop
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                let registered = try loop.register(descriptor, .readable) { _ in
                    let mine = registration.withLock { registration in
                        defer { registration = nil }
                        return registration
                    }
                    // Readiness may come before the line below: it comes again.
                    guard let mine else { return }
                    loop.deregister(mine)
                    continuation.resume()
                }
                registration.withLock { $0 = registered }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

@Suite("What a real kubelet 1.36.2 sent, sent to our plugin", .timeLimit(.minutes(10)))
struct CaptureReplayTests {
    /// The types of the requests of a connection, from the decoded text beside the bytes.
    private func types(_ scenario: String, _ connection: String) throws -> [String] {
        try KubeletCapture.text(scenario).compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 7, words[1] == connection, words[2] == "kubelet>plugin", words[3] == "gRPC"
            else {
                return nil
            }
            return String(words[7])
        }
    }

    static let scenarios = [
        "a-register-listandwatch", "b-health-update", "c1-pod-4-cores", "c2-pod-init-and-container",
        "c3-pod-unsatisfiable", "c4-allocate-rpc-error", "c5-prestartcontainer", "d1-kubelet-restart-sigterm",
        "d2-kubelet-restart-sigkill", "i-large-list-flow-control", "j-idle-150s", "k-register-twice",
        "l-plugin-crash",
    ]

    @Test("is answered as it must be")
    func replay() async throws {
        let node = try Node("inf2.48xlarge")
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 24 }
        for scenario in Self.scenarios { try await replay(scenario, to: node.ownSocket) }
        #expect(await node.kubelet.state.registrations == 1)
        await plugin.stop()
        await node.kubelet.close()
    }

    private func replay(_ scenario: String, to socket: String) async throws {
        var recorded: [String: [[UInt8]]] = [:]
        for piece in try KubeletCapture.pieces(scenario) where piece.isFromKubelet {
            recorded[piece.connection, default: []].append(piece.octets)
        }
        for (connection, pieces) in recorded where connection.hasPrefix("plugin") {
            let raw = try await RawConnection(socket)
            var sent = Cutter()
            for piece in pieces where !piece.isEmpty {
                try raw.send(piece)
                sent.add(piece)
                // The kubelet went on when it had its answer, and so does this.
                try await raw.receive(messages: sent.messages.count)
            }
            let types = try types(scenario, connection)
            #expect(types.count == sent.messages.count, "\(scenario)")
            #expect(!raw.received.frames.contains(7), "GOAWAY")
            #expect(!raw.received.frames.contains(3), "RST_STREAM")
            for (request, type) in zip(sent.messages, types) {
                let answer = try #require(raw.received.messages.first { $0.stream == request.stream })
                try check(type, request.bytes, answer.bytes)
            }
        }
    }

    private func check(_ type: String, _ request: [UInt8], _ answer: [UInt8]) throws {
        switch type {
        case "PreferredAllocationRequest":
            let asked = try DevicePluginAPI.PreferredAllocationRequest(serialized: request).containerRequests
            let given = try DevicePluginAPI.PreferredAllocationResponse(serialized: answer).containerResponses
            try #require(asked.count == 1 && given.count == 1)
            #expect(given[0].deviceIDs.count == Int(asked[0].allocationSize))
            #expect(Set(given[0].deviceIDs).isSubset(of: asked[0].availableDeviceIDs))
            #expect(Set(asked[0].mustIncludeDeviceIDs).isSubset(of: given[0].deviceIDs))
        case "AllocateRequest":
            let ids = try DevicePluginAPI.AllocateRequest(serialized: request).containerRequests.map(
                \.deviceIDs)
            let given = try DevicePluginAPI.AllocateResponse(serialized: answer).containerResponses
            try #require(ids.count == 1 && given.count == 1)
            let cores = ids[0].compactMap { Int($0) }.sorted()
            #expect(given[0].envs["GANGLION_HOST_CORES"] == cores.map(String.init).joined(separator: ","))
            #expect(given[0].mounts.count == Set(cores.map { $0 / 2 }).count)
        case "Empty":
            // GetDevicePluginOptions or ListAndWatch: what answers tells which.
            let list = try DevicePluginAPI.ListAndWatchResponse(serialized: answer).devices
            let options = try DevicePluginAPI.DevicePluginOptions(serialized: answer)
            #expect(list.count == 24 || options.getPreferredAllocationAvailable)
        default:
            #expect(type == "PreStartContainerRequest" && answer.isEmpty)
        }
    }

}
