// Bytes of a real API server (1.36), recorded with their chunk borders. They are not part of this repository: tests that
// read them are skipped where GANGLION_SHARED does not lead to them.

import Glibc
import JSON
import TestSupport

enum Captures {
    /// Where captures are, nil where they are not.
    static let directory: String? = {
        let path = "\(Repository.shared)/captures/apiserver-1.36"
        return access(path, R_OK) == 0 ? path : nil
    }()

    static var areThere: Bool { directory != nil }

    /// A file's bytes.
    static func read(_ name: String) throws -> [UInt8] {
        let path = "\(directory ?? "")/\(name)"
        guard let file = fopen(path, "r") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    /// What a recorded watch sent, chunked coding removed: one element for each chunk.
    static func chunks(_ name: String) throws -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        for line in try read("\(name).stream.jsonl").split(separator: UInt8(ascii: "\n")) {
            let json = try JSON(parsing: Array(line))
            guard json["kind"]?.string == "chunk", let hex = json["hex"]?.string else { continue }
            var bytes = unhex(hex)
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

    private static func unhex(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
    }

    struct Missing: Error { let path: String }
}
