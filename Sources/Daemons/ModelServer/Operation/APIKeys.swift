// Keys that clients have to show, where the server was given any: as OpenAI's clients send theirs, or in `x-api-key`.

internal import HTTP
internal import HTTP1
internal import SystemIO

/// The keys of a server.
package struct APIKeys: Sendable {
    private let keys: [[UInt8]]

    /// Reads a file with a key on each line; empty lines and those that begin with `#` do not count.
    ///
    /// - Throws: `ServerError` where it cannot be read or has no key.
    package init(file: String) throws(ServerError) {
        let text: String
        do {
            text = try Files.readText(file)
        } catch {
            throw ServerError("cannot read the API keys: \(error)")
        }
        try self.init(text, place: file)
    }

    init(_ text: String, place: String) throws(ServerError) {
        keys = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
            .map { Array($0.utf8.filter { $0 != 32 && $0 != 9 && $0 != 13 }) }.filter { !$0.isEmpty }
        guard !keys.isEmpty else {
            throw ServerError("\(place) has no API key: write one on each line, or leave --api-keys out")
        }
    }

    /// Whether the value of `authorization`, or else that of `x-api-key`, is one of the keys.
    func allow(authorization: String?, key: String?) -> Bool {
        var shown = key
        if let authorization, authorization.count > 7, authorization.prefix(7).lowercased() == "bearer " {
            shown = String(authorization.dropFirst(7))
        }
        guard let shown else { return false }
        let octets = Array(shown.utf8)
        // Every key in full: how long it takes says nothing about which came near.
        return keys.reduce(false) { $0 || Self.isSame($1, octets) }
    }

    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        for index in one.indices { difference |= one[index] ^ other[index] }
        return difference == 0
    }

    static let refusal = HTTPProblem(
        401, "a key is asked for: send it as Authorization: Bearer KEY",
        headers: ["www-authenticate": "Bearer"])
}
