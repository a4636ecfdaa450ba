// What is asked: URLs, in which {0-39} stands for each number of the range, so that one word names thousands of addresses.

internal import HTTP
internal import SystemIO

/// One URL.
struct LoadTarget: Equatable, Sendable {
    /// `HOST:PORT`.
    let authority: String
    /// Path and query.
    let path: String
    /// Whether it is asked over TLS.
    let isSecure: Bool

    /// Reads `http://HOST[:PORT]/PATH`, or `https://`.
    init(_ url: String) throws(LoadProblem) {
        let schemes = ["http://", "https://"].filter { url.hasPrefix($0) }
        guard let scheme = schemes.first else {
            throw LoadProblem("\(url) is no URL that can be asked: write http://HOST:PORT/PATH")
        }
        isSecure = scheme == "https://"
        let rest = url.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        guard !host.isEmpty else { throw LoadProblem("\(url) has no host") }
        let tail = rest.dropFirst(host.count)
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        let hasPort = host.last == "]" ? false : host.drop { $0 != "]" }.contains(":") || host.contains(":")
        authority = hasPort ? String(host) : host + (isSecure ? ":443" : ":80")
    }

    /// The host without its port.
    var host: String { String(authority[..<(authority.lastIndex(of: ":") ?? authority.endIndex)]) }

    /// All URLs that a word stands for: each `{FIRST-LAST}` is every number of the range.
    static func all(_ word: String) throws(LoadProblem) -> [LoadTarget] {
        var urls = [word]
        while let url = urls.first, let open = url.firstIndex(of: "{"),
            let close = url[open...].firstIndex(of: "}")
        {
            let bounds = url[url.index(after: open)..<close].split(separator: "-").map { Int($0) }
            guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last,
                (last - first + 1) * urls.count <= 1_000_000
            else {
                throw LoadProblem("\(word) has no range like {0-39}, or stands for more than a million URLs")
            }
            urls = urls.flatMap { url -> [String] in
                guard let open = url.firstIndex(of: "{"), let close = url[open...].firstIndex(of: "}") else {
                    return [url]
                }
                return (first...last).map { url[..<open] + String($0) + url[url.index(after: close)...] }
            }
        }
        return try urls.map { url throws(LoadProblem) in try LoadTarget(url) }
    }
}

/// Why nothing can be measured.
struct LoadProblem: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
