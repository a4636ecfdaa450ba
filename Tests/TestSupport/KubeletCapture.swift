// The recordings of a real kubelet's sockets, which several modules are tried against: as octets, as frames, as messages.

package import SystemIO

/// What one end wrote at a time.
package struct CapturedPiece: Sendable {
    /// The connection's name in the recording.
    package var connection: String
    /// Whether the kubelet wrote it; else its peer.
    package var isFromKubelet: Bool
    /// As one read of the relay got them, which is no border of a frame; none where the connection opened or ended.
    package var octets: [UInt8]
}

/// Tests/Fixtures/kubelet-1.36.
package enum KubeletCapture {
    private static let folder = "kubelet-1.36"

    /// The names of all recordings.
    package static let scenarios: [String] =
        ((try? Fixtures.names(in: folder, ending: ".jsonl")) ?? []).map {
            String($0.dropLast(".jsonl".count))
        }

    /// What passed in a recording, in order.
    package static func pieces(_ scenario: String) throws(SystemError) -> [CapturedPiece] {
        try Fixtures.lines("\(folder)/\(scenario).jsonl").map { line in
            // Keys and texts stand between quotes, and no text has one in it.
            let words = line.split(separator: "\"", omittingEmptySubsequences: false)
            func value(_ key: String) -> Substring {
                words.firstIndex { $0 == key }.map { words[$0 + 2] } ?? ""
            }
            return CapturedPiece(
                connection: String(value("connection")),
                isFromKubelet: value("direction") == "kubelet>plugin",
                octets: hexadecimal(value("hex")))
        }
    }

    /// The same decoded for people: a line for each frame, header and message.
    package static func text(_ scenario: String) throws(SystemError) -> [Substring] {
        try Fixtures.lines("\(folder)/\(scenario).txt")
    }
}
