// The URLs that the test client takes: HTTP/2 with prior knowledge, over TCP or a Unix socket, or with TLS.

package import SystemIO

/// What the client asks whom for.
package struct HTTP2Target: Equatable, Sendable {
    /// The server.
    package var address: SocketAddress
    /// What goes out as `:authority`.
    package var authority: String
    /// The path with the query, at least `/`.
    package var path: String
    /// Whether TLS is in between.
    package var isSecure = false

    /// The host alone, for the server's certificate.
    package var host: String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// Reads `http://HOST:PORT/PATH`, `https://HOST:PORT/PATH` or `unix:PATH`.
    ///
    /// - Throws: `SystemError` for another form.
    package init(parsing text: String) throws(SystemError) {
        guard !text.hasPrefix("unix:") else {
            address = try SocketAddress(parsing: text)
            authority = "localhost"
            path = "/"
            return
        }
        isSecure = text.hasPrefix("https://")
        let scheme = isSecure ? "https://" : "http://"
        guard text.hasPrefix(scheme) else {
            throw SystemError(
                "get", text, code: 0,
                hint: "write http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:PATH")
        }
        let rest = text.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        let hasPort = authority.hasSuffix("]") ? false : authority.contains(":")
        address = try SocketAddress(parsing: hasPort ? authority : authority + (isSecure ? ":443" : ":80"))
        path = slash == rest.endIndex ? "/" : String(rest[slash...])
    }
}
