// URLs as far as downloads need them (RFC 3986, RFC 9110 §4.2): absolute, http or https. What is shown of one is never its
// user or its query: both may be secrets, as in a URL that was signed beforehand.

internal import SystemIO
internal import Text

/// An absolute URL of the schemes http and https.
package struct WebURL: Equatable, Sendable {
    /// Whether it is https.
    package var isSecure: Bool
    /// A name or a numeric address, without brackets, in small letters.
    package var host: String
    /// The TCP port.
    package var port: UInt16
    /// The path, percent-encoded, with the slash that it begins with.
    package var path: String
    /// What follows the question mark, percent-encoded; nil where there is none.
    package var query: String?
    /// `USER:PASSWORD`, decoded; nil where there is none.
    package var user: String?

    /// Parses `https://USER:PASSWORD@HOST:PORT/PATH?QUERY`; a fragment is left out.
    ///
    /// - Returns: nil for what is no such URL.
    package init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        switch text[..<scheme.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let whole = text[scheme.upperBound...].prefix { $0 != "#" }
        guard whole.utf8.allSatisfy({ 33...126 ~= $0 }) else { return nil }
        var authority = whole.prefix { $0 != "/" && $0 != "?" }
        let rest = whole.dropFirst(authority.count)
        if let at = authority.lastIndex(of: "@") {
            user = PercentEncoding.decode(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        guard let (host, port) = Self.parse(authority, isSecure ? 443 : 80) else { return nil }
        self.host = host
        self.port = port
        let mark = rest.firstIndex(of: "?")
        let path = rest[..<(mark ?? rest.endIndex)]
        self.path = path.isEmpty ? "/" : String(path)
        query = mark.map { String(rest[rest.index(after: $0)...]) }
    }

    private static func parse(_ authority: Substring, _ ordinary: UInt16) -> (String, UInt16)? {
        var name = authority
        var portText: Substring?
        if name.first == "[" {
            guard let close = name.firstIndex(of: "]") else { return nil }
            let after = name[name.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { return nil }
            portText = after.isEmpty ? nil : after.dropFirst()
            name = name[..<close].dropFirst()
        } else if let colon = name.firstIndex(of: ":") {
            portText = name[name.index(after: colon)...]
            name = name[..<colon]
        }
        guard !name.isEmpty, !(portText?.contains(":") ?? false) else { return nil }
        // An empty port is the ordinary one (RFC 3986 §6.2.3).
        guard let portText, !portText.isEmpty else { return (name.lowercased(), ordinary) }
        guard let number = UInt16(portText), number > 0 else { return nil }
        return (name.lowercased(), number)
    }

    /// `https://HOST:PORT`: what a credential may be meant for.
    package var origin: String { (isSecure ? "https://" : "http://") + SocketAddress.authority(host, port) }

    /// What the Host field says: the port only where it is not the scheme's own.
    package var hostField: String {
        if port == (isSecure ? 443 : 80) { return host.contains(":") ? "[\(host)]" : host }
        return SocketAddress.authority(host, port)
    }

    /// Path and query as a request has them.
    package var target: String { path + (query.map { "?" + $0 } ?? "") }

    /// The URL that a Location field means (RFC 3986 §5.2, with a path that is absolute or relative to this one).
    package func resolving(_ reference: String) -> WebURL? {
        let reference = String(reference.prefix { $0 != "#" })
        if reference.contains("://") { return WebURL(reference) }
        if reference.hasPrefix("//") { return WebURL((isSecure ? "https:" : "http:") + reference) }
        var base = (isSecure ? "https://" : "http://") + hostField
        if reference.hasPrefix("/") {
            base += reference
        } else if reference.hasPrefix("?") {
            base += path + reference
        } else {
            base += path[...(path.lastIndex(of: "/") ?? path.startIndex)] + reference
        }
        return WebURL(base)
    }
}

extension WebURL: CustomStringConvertible {
    /// What may be shown: without user and query.
    package var description: String {
        (isSecure ? "https://" : "http://") + hostField + path + (query == nil ? "" : "?...")
    }
}
