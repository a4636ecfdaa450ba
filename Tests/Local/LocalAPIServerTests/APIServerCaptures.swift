// Plays the recorded requests of a real Kubernetes 1.36 against the server and compares the answers member by member. What
// differs from run to run (uids, versions, times) is learned as it appears and put into later requests.

import CEL
import HTTP
import HTTP1
import JSON
import SystemIO
import TestSupport

@testable import LocalAPIServer

/// The recordings of Tests/Fixtures/apiserver-1.36.
enum Captures {
    /// The head's lines and the body of a recorded message.
    static func read(_ name: String) throws -> (head: [String], body: [UInt8]) {
        let bytes = try Fixtures.octets("apiserver-1.36/\(name).http")
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return ([], bytes) }
        let head = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        var body = Array(text[end.upperBound...].utf8)
        if head.contains(where: { $0.lowercased() == "transfer-encoding: chunked" }) {
            body = dechunked(body)
        }
        return (head, body)
    }

    private static func dechunked(_ body: [UInt8]) -> [UInt8] {
        var rest = body[...]
        var result: [UInt8] = []
        while let end = rest.firstIndex(of: 13) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0 else {
                break
            }
            let start = end + 2
            result += rest[start..<min(start + size, rest.endIndex)]
            rest = rest[min(start + size + 2, rest.endIndex)...]
        }
        return result
    }
}

/// A server, and what of the recorded run corresponds to what of this one.
actor CaptureReplay {
    let server: APIServer
    private var learned: [String: String] = [:]

    init() throws {
        var options = APIServerOptions(tokens: [
            "TOKEN-OF-ADMIN": APIUser("admin", groups: ["system:masters"])
        ])
        options.requiresToken = false
        server = APIServer(options: options)
    }

    func send(
        _ method: String, _ target: String, _ body: JSON? = nil, type: String = "application/json",
        accept: String = "application/json"
    ) async -> (status: Int, body: JSON) {
        let headers: HTTPHeaders = [
            "host": "127.0.0.1:6443", "content-type": type, "accept": accept, "user-agent": "capture/1",
        ]
        let response = await server.handle(
            HTTPRequest(method, target, headers: headers, body: body?.serialized() ?? []))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    /// Plays a recorded request and returns where the answer differs from the recorded one.
    func play(_ name: String) async throws -> [String] {
        let request = try Captures.read("\(name).request")
        let recorded = try Captures.read("\(name).response")
        var headers = HTTPHeaders()
        for line in request.head.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { headers.add(parts[0].lowercased(), parts[1].trimmed) }
        }
        let start = request.head[0].split(separator: " ").map(String.init)
        let body = Array(replaced(String(decoding: request.body, as: UTF8.self)).utf8)
        let response = await server.handle(
            HTTPRequest(start[0], replaced(start[1]), headers: headers, body: body))
        var differences: [String] = []
        let status = Int(recorded.head[0].split(separator: " ")[1]) ?? 0
        if response.status != status { differences.append("status \(response.status) instead of \(status)") }
        guard let expected = try? JSON(parsing: recorded.body) else {
            if response.bytes != recorded.body {
                differences.append("body \(String(decoding: response.bytes, as: UTF8.self))")
            }
            return differences
        }
        let actual = (try? JSON(parsing: response.bytes)) ?? .null
        compare(expected, actual, "", &differences)
        return differences
    }

    private func replaced(_ text: String) -> String {
        var text = text
        for (old, new) in learned { text = text.replacing(old, with: new) }
        return text
    }

    private static let varying: Set<String> = [
        "uid", "resourceVersion", "creationTimestamp", "time", "lastTransitionTime", "deletionTimestamp",
        "continue",
    ]

    private func compare(_ expected: JSON, _ actual: JSON, _ path: String, _ differences: inout [String]) {
        let key = path.split(separator: ".").last.map(String.init) ?? ""
        if Self.varying.contains(key), let old = expected.string, let new = actual.string {
            if ["uid", "resourceVersion"].contains(key), old.utf8.count > 3 { learned[old] = new }
            if key == "continue", !old.isEmpty { learned[old] = new }
            return
        }
        switch (expected, actual) {
        case (.object(let left), .object(let right)):
            for name in Set(left.keys).union(right.keys).sorted() {
                guard let a = left[name] else {
                    differences.append("\(path).\(name) is there: \(right[name]?.text() ?? "")")
                    continue
                }
                guard let b = right[name] else {
                    differences.append("\(path).\(name) is missing: \(a.text())")
                    continue
                }
                compare(a, b, "\(path).\(name)", &differences)
            }
        case (.array(let left), .array(let right)) where left.count == right.count:
            for (index, pair) in zip(left, right).enumerated() {
                compare(pair.0, pair.1, "\(path)[\(index)]", &differences)
            }
        case (.string(let left), .string(let right)):
            // Ages in the cells of a Table.
            if path.contains(".cells["), left.hasSuffix("s"), right.hasSuffix("s"),
                Int(left.dropLast()) != nil
            {
                return
            }
            if replaced(left) != right {
                differences.append("\(path) is \(quoted(right)) instead of \(quoted(left))")
            }
        default:
            if expected != actual {
                differences.append("\(path) is \(actual.text()) instead of \(expected.text())")
            }
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
