// The URLs that the test client takes: plain HTTP/2 with prior knowledge, over TCP or a Unix socket.

package import SystemIO

/// What the client asks whom for.
package struct HTTP2Target: Equatable, Sendable {
    /// The server.
    package var address: SocketAddress
    /// What goes out as `:authority`.
    package var authority: String
    /// The path with the query, at least `/`.
    package var path: String

    /// Reads `http://HOST:PORT/PATH` or `unix:PATH`.
    ///
    /// - Throws: `SystemError` for another form.
    package init(parsing text: String) throws(SystemError) {
        guard !text.hasPrefix("unix:") else {
            address = try SocketAddress(parsing: text)
            authority = "localhost"
            path = "/"
            return
        }
        let scheme = "http://"
        guard text.hasPrefix(scheme) else {
            throw SystemError(
                "get", text, code: 0, hint: "write http://HOST:PORT/PATH or unix:PATH; there is no TLS here")
        }
        let rest = text.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        let hasPort = authority.hasSuffix("]") ? false : authority.contains(":")
        address = try SocketAddress(parsing: hasPort ? authority : authority + ":80")
        path = slash == rest.endIndex ? "/" : String(rest[slash...])
    }
}
