// A server with as many pods and nodes as a large cluster has, as an API server sends them: lists, whole or page by page, and
// watches that begin with everything there is. What it sends is put together from a template as fast as memory is copied, so
// that what is measured is who reads it.

import HTTP
import HTTP1
import SystemIO

/// One kind's objects.
struct BenchObjects: Sendable {
    let kind: String
    let count: Int
    /// The text of an object, cut where its number goes.
    private let parts: [[UInt8]]

    init(kind: String, count: Int, template: String) {
        self.kind = kind
        self.count = count
        parts = template.split(separator: "#", omittingEmptySubsequences: false).map { Array($0.utf8) }
    }

    func append(_ number: Int, to octets: inout [UInt8]) {
        // Eight digits: all objects are of one length, and their names sort by number.
        let digits = Array(String(String(100_000_000 + number).dropFirst()).utf8)
        for (index, part) in parts.enumerated() {
            if index > 0 { octets += digits }
            octets += part
        }
    }

    /// Octets of one object.
    var size: Int { parts.reduce(8 * (parts.count - 1)) { $0 + $1.count } }
}

/// Serves them.
enum BenchServer {
    static let version = "900000000"

    static func answer(_ request: HTTPRequest, _ kinds: [String: BenchObjects]) -> HTTPResponse {
        guard request.rawPath.hasPrefix("/api/v1/"), let objects = kinds[String(request.rawPath.dropFirst(8))]
        else { return .text(404, "{}", type: "application/json") }
        let isWatch = request.query("watch") == "1" || request.query("watch") == "true"
        let begins = request.query("sendInitialEvents") == "true"
        let first = Int(request.query("continue") ?? "") ?? 0
        let limit = Int(request.query("limit") ?? "") ?? 0
        return HTTPResponse(
            200, headers: ["content-type": "application/json"],
            body: .stream { writer in
                if isWatch {
                    try await watch(writer, objects, begins: begins)
                } else {
                    try await list(
                        writer, objects, first, limit > 0 ? min(objects.count, first + limit) : objects.count)
                }
            })
    }

    private static func watch(_ writer: HTTPBodyWriter, _ objects: BenchObjects, begins: Bool) async throws {
        if begins {
            try await send(
                writer, objects, 0..<objects.count, before: "{\"type\":\"ADDED\",\"object\":", after: "}\n")
            try await writer.write(
                "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"\(objects.kind)\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\(version)\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
            )
        }
        try await Task.sleep(for: .seconds(3600))
    }

    private static func list(
        _ writer: HTTPBodyWriter, _ objects: BenchObjects, _ first: Int, _ end: Int
    ) async throws {
        let next = end < objects.count ? "\(end)" : ""
        try await writer.write(
            "{\"kind\":\"\(objects.kind)List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\(version)\",\"continue\":\"\(next)\"},\"items\":["
        )
        try await send(writer, objects, first..<end, before: "", after: ",", isList: true)
        try await writer.write("]}\n")
    }

    private static func send(
        _ writer: HTTPBodyWriter, _ objects: BenchObjects, _ range: Range<Int>, before: String, after: String,
        isList: Bool = false
    ) async throws {
        let (before, after) = (Array(before.utf8), Array(after.utf8))
        var octets: [UInt8] = []
        octets.reserveCapacity(1 << 20)
        for number in range {
            octets += before
            objects.append(number, to: &octets)
            if !isList || number + 1 < range.upperBound { octets += after }
            if octets.count > 900_000 {
                try await writer.write(octets)
                octets.removeAll(keepingCapacity: true)
            }
        }
        if !octets.isEmpty { try await writer.write(octets) }
    }
}
