// Where the API server is and how to be known to it: the same result from a pod's files or from a kubeconfig.

public import HTTPProxy
internal import SystemIO

/// A configuration that cannot be used.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    public let description: String

    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

/// Everything a client has to know.
public struct ClientConfiguration: Equatable, Sendable {
    /// How a client says who it is, apart from a certificate.
    public enum Credential: Equatable, Sendable {
        case none
        case token(String)
        /// A file whose content is read anew at least once a minute: kubelets rotate it.
        case tokenFile(String)
        /// A program that gives tokens; it is run again before one ends, and after one was refused.
        case exec(ExecPlugin)
    }

    /// What TLS needs; all of it is unused for `http` servers.
    public struct Security: Equatable, Sendable {
        /// Certificates to trust, PEM; nil for those of the system.
        public var authorities: [UInt8]?
        /// The file that `authorities` came from, where it may change while the process runs.
        public var authoritiesFile: String?
        /// The client's certificate chain, PEM.
        public var certificate: [UInt8]?
        /// The file that `certificate` came from, where it may be renewed while the process runs.
        public var certificateFile: String?
        /// The certificate's key, PEM.
        public var key: [UInt8]?
        /// The file that `key` came from.
        public var keyFile: String?
        /// The name to expect in the server's certificate; nil for the host.
        public var serverName: String?
        /// Whether the server's certificate is taken unseen.
        public var skipsVerification = false

        /// Nothing but the system's trust.
        public init() {}
    }

    /// The server's address.
    public var server: ServerAddress
    /// Whom to trust and by which certificate to be known; unused with `http`.
    public var security = Security()
    /// The proxy through which the server is reached; nil for none.
    public var proxy: ProxyAddress?
    /// Who the client is.
    public var credential = Credential.none
    /// The namespace to use where none is named.
    public var namespace = "default"
    /// Whether lists and watches may come compressed (gzip): fewer octets on the way for a little work at both ends.
    public var acceptsCompression = true

    /// A configuration for a server, with everything else at its default.
    public init(server: ServerAddress) { self.server = server }
}

/// The parts of a server's URL.
public struct ServerAddress: Equatable, Sendable {
    /// Whether to speak TLS.
    public var isSecure: Bool
    /// A name or a numeric address, without brackets.
    public var host: String
    /// The TCP port.
    public var port: UInt16
    /// What stands before every path, without a slash at its end.
    public var pathPrefix: String

    /// Parses `https://host:port/prefix`.
    ///
    /// - Throws: `ConfigurationError` that shows the URL.
    public init(_ url: String) throws(ConfigurationError) {
        func refuse(_ why: String) -> ConfigurationError {
            ConfigurationError("the server \"\(url)\" is no URL (\(why)): write https://HOST:PORT")
        }
        let rest: Substring
        if url.hasPrefix("https://") {
            (isSecure, rest) = (true, url.dropFirst(8))
        } else if url.hasPrefix("http://") {
            (isSecure, rest) = (false, url.dropFirst(7))
        } else {
            throw refuse("it begins with neither https:// nor http://")
        }
        let authority = rest.prefix { $0 != "/" }
        var prefix = rest.dropFirst(authority.count)
        while prefix.last == "/" { prefix.removeLast() }
        pathPrefix = String(prefix)
        guard !authority.contains("@") else { throw refuse("it has a user name") }
        let portText: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { throw refuse("a bracket is not closed") }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { throw refuse("text follows the bracket") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw refuse("an IPv6 address needs brackets") }
            host = parts.first.map(String.init) ?? ""
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard !host.isEmpty else { throw refuse("it has no host") }
        guard let portText else {
            port = isSecure ? 443 : 80
            return
        }
        guard let number = UInt16(portText), number > 0 else { throw refuse("the port is not 1 to 65535") }
        port = number
    }

    /// What the Host header and logs say: `host:port`.
    public var authority: String { SocketAddress.authority(host, port) }
}

extension ServerAddress {
    /// The proxy through which the server is asked; nil for none.
    func proxy(of settings: ProxySettings) throws(ConfigurationError) -> ProxyAddress? {
        do throws(ProxyError) {
            return try settings.proxy(for: host, port: port, isSecure: isSecure)
        } catch {
            throw ConfigurationError(error.description)
        }
    }
}
