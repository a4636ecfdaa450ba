// Which proxy a request goes through, by the rules that Go's programs (golang.org/x/net/http/httpproxy) and curl share:
// HTTPS_PROXY for https, HTTP_PROXY for http, in large or small letters, unless NO_PROXY names the server.

/// The proxies that an environment names.
public struct ProxySettings: Sendable {
    /// A variable that is set, and its value.
    private struct Variable {
        var name: String
        var value: String
    }

    private let secure: Variable?
    private let plain: Variable?
    private let exceptions: ProxyExceptions

    /// No proxy at all.
    public static let none = ProxySettings { _ in nil }

    /// What an environment says at this moment.
    ///
    /// - Parameter environment: the value of a variable.
    public init(_ environment: (String) -> String?) {
        func variable(_ name: String) -> Variable? {
            for name in [name, name.lowercased()] {
                if let value = environment(name), !value.isEmpty { return Variable(name: name, value: value) }
            }
            return nil
        }
        secure = variable("HTTPS_PROXY")
        plain = variable("HTTP_PROXY")
        exceptions = ProxyExceptions(variable("NO_PROXY")?.value ?? "")
    }

    /// The proxy through which a server is asked; nil for none.
    ///
    /// - Parameters:
    ///   - host: a name or a numeric address, without brackets.
    ///   - isSecure: whether it is asked over TLS.
    /// - Throws: `ProxyError` for a proxy that cannot be asked.
    public func proxy(
        for host: String, port: UInt16, isSecure: Bool
    ) throws(ProxyError) -> ProxyAddress? {
        guard let variable = isSecure ? secure : plain, !exceptions.contains(host, port: port) else {
            return nil
        }
        return try ProxyAddress(variable.value, origin: variable.name)
    }
}
