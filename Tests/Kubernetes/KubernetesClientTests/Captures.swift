// Bytes of a real API server (1.36), recorded with their chunk borders.

import JSON
import TestSupport

enum Captures {
    /// A file's bytes.
    static func read(_ name: String) throws -> [UInt8] { try Fixtures.octets("apiserver-1.36/\(name)") }

    /// What a recorded watch sent, chunked coding removed: one element for each chunk.
    static func chunks(_ name: String) throws -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        for line in try read("\(name).stream.jsonl").split(separator: UInt8(ascii: "\n")) {
            let json = try JSON(parsing: Array(line))
            guard json["kind"]?.string == "chunk", let hex = json["hex"]?.string else { continue }
            var bytes = hexadecimal(hex)
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) { bytes.removeFirst(end + 1) }
            chunks.append(Array(bytes.dropLast(2)))
        }
        return chunks
    }

    /// The JSON body of a recorded response.
    static func body(_ name: String) throws -> JSON {
        let bytes = try read("\(name).response.http")
        guard let start = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
            throw Missing(path: name)
        }
        return try JSON(parsing: Array(bytes[start...]))
    }

    struct Missing: Error { let path: String }
}
