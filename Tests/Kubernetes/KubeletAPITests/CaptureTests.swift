import KubeletAPI
import Protobuf
import TestSupport
import Testing

/// A gRPC message as it passed between a real kubelet and a plugin written in Python.
struct CapturedMessage {
    var connection: String
    var direction: String
    var bytes: [UInt8]
}

/// The gRPC messages of a scenario, in the order in which they were complete.
///
/// HTTP/2 frames are cut here in a few lines, with no help of the modules under test: DATA (type 0) without padding
/// carries length-prefixed messages.
func capturedMessages(_ scenario: String) throws -> [CapturedMessage] {
    struct Half {
        var bytes: [UInt8] = []
        var streams: [UInt32: [UInt8]] = [:]
    }
    var halves: [String: Half] = [:]
    var messages: [CapturedMessage] = []
    for piece in try KubeletCapture.pieces(scenario) {
        let direction = piece.isFromKubelet ? "kubelet>plugin" : "plugin>kubelet"
        var half = halves[piece.connection + direction] ?? Half()
        half.bytes += piece.octets
        if half.bytes.starts(with: "PRI * ".utf8) {
            guard half.bytes.count >= 24 else { continue }
            half.bytes.removeFirst(24)
        }
        while half.bytes.count >= 9 {
            let length = Int(half.bytes[0]) << 16 | Int(half.bytes[1]) << 8 | Int(half.bytes[2])
            guard half.bytes.count >= 9 + length else { break }
            let stream = half.bytes[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            if half.bytes[3] == 0 { half.streams[stream, default: []] += half.bytes[9..<9 + length] }
            half.bytes.removeFirst(9 + length)
            while let data = half.streams[stream], data.count >= 5 {
                let size = data[1..<5].reduce(0) { $0 << 8 | Int($1) }
                guard data.count >= 5 + size else { break }
                messages.append(
                    CapturedMessage(
                        connection: piece.connection, direction: direction, bytes: Array(data[5..<5 + size])))
                half.streams[stream] = Array(data[(5 + size)...])
            }
        }
        halves[piece.connection + direction] = half
    }
    return messages
}

@Suite("Messages of a real kubelet, version 1.36.2")
struct CaptureTests {
    /// The types of a scenario's messages, as the decoded text beside the bytes has them.
    static func types(_ scenario: String) throws -> [(key: String, type: String, length: Int)] {
        try KubeletCapture.text(scenario).compactMap { line in
            let words = line.split(separator: " ")
            guard let gRPC = words.firstIndex(of: "gRPC"), gRPC + 4 < words.count,
                words[gRPC + 1] == "message"
            else {
                return nil
            }
            let length = Int(words[gRPC + 3].dropFirst("len=".count)) ?? -1
            return (key: "\(words[1]) \(words[2])", type: String(words[gRPC + 4]), length: length)
        }
    }

    @Test("are read, and written again to the same bytes", arguments: KubeletCapture.scenarios)
    func roundTrip(scenario: String) throws {
        func check<M: Golden>(_ type: M.Type, _ bytes: [UInt8]) throws {
            #expect(try M(serialized: bytes).serialized() == bytes)
        }
        let messages = try capturedMessages(scenario)
        let types = try Self.types(scenario)
        #expect(messages.count == types.count)
        for key in Set(types.map(\.key)) {
            let bodies = messages.filter { "\($0.connection) \($0.direction)" == key }
            let named = types.filter { $0.key == key }
            #expect(bodies.map(\.bytes.count) == named.map(\.length))
            for (message, name) in zip(bodies, named) where name.type != "?" {
                let found = allMessages.first { $0.name.split(separator: ".").last ?? "" == name.type }
                let type = try #require(found).type
                try check(type, message.bytes)
            }
        }
    }

    @Test("say what the decoded text beside them says")
    func content() throws {
        let messages = try capturedMessages("c1-pod-4-cores").map(\.bytes)
        try #require(messages.count == 10)
        #expect(
            try DevicePluginAPI.RegisterRequest(serialized: messages[0])
                == .init(
                    version: "v1beta1", endpoint: "neuroncore.sock",
                    resourceName: "aws.amazon.com/neuroncore",
                    options: .init(getPreferredAllocationAvailable: true)))
        let list = try DevicePluginAPI.ListAndWatchResponse(serialized: messages[5]).devices
        #expect(list.map(\.id) == (0..<24).map { String($0) })
        #expect(list.allSatisfy { $0.health == "Healthy" })
        #expect(list.map { $0.topology?.nodes.first?.id } == (0..<24).map { $0 < 12 ? 0 : 1 })
        let preferred = try DevicePluginAPI.PreferredAllocationRequest(serialized: messages[6])
            .containerRequests
        #expect(preferred.count == 1)
        #expect(preferred.first?.allocationSize == 4)
        #expect(preferred.first?.availableDeviceIDs.compactMap { Int($0) }.sorted() == Array(0..<24))
        #expect(
            try DevicePluginAPI.AllocateRequest(serialized: messages[8])
                == .init(containerRequests: [.init(deviceIDs: ["3", "0", "1", "2"])]))
        #expect(
            try DevicePluginAPI.AllocateResponse(serialized: messages[9])
                == .init(containerResponses: [
                    .init(
                        envs: ["NEURON_RT_VISIBLE_CORES": "0,1,2,3"],
                        devices: [
                            .init(containerPath: "/dev/neuron0", hostPath: "/dev/null", permissions: "rw")
                        ])
                ]))
    }
}
