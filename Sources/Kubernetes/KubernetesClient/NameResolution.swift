// Sockets take numbers only; kubeconfig files have names. A name is looked up once, when the client is made, and off the
// event loop, for the C library's resolver blocks.

internal import Glibc
public import SystemIO

/// The address of a host.
///
/// - Parameters:
///   - host: a numeric address or a name.
///   - port: goes into the result.
/// - Throws: `ConfigurationError` when the name is not known.
@concurrent
public func resolve(host: String, port: UInt16) async throws(ConfigurationError) -> SocketAddress {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0, let first = list else {
        let why = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        throw ConfigurationError("the API server's host \"\(host)\" cannot be found: \(why)")
    }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard
        getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
            NI_NUMERICHOST) == 0
    else { throw ConfigurationError("the API server's host \"\(host)\" has no address") }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return .ip(String(decoding: bytes, as: UTF8.self), port: port)
}
