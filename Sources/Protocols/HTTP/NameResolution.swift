// Sockets take numbers only; kubeconfig files and URLs have names. A name is looked up for each new connection, since the address behind
// it changes, and on a thread of its own: the C library's resolver blocks for as long as the name server is silent, and
// neither the event loop nor the few threads that all tasks share may wait for it.

internal import Glibc
public import SystemIO

/// The addresses of a host, in the order in which the C library wants them tried (RFC 6724).
///
/// - Parameters:
///   - host: a numeric address or a name.
///   - port: goes into the results.
/// - Throws: `SystemError` when the name is not known.
public func resolve(host: String, port: UInt16) async throws(SystemError) -> [SocketAddress] {
    try await NameResolver(host: host, port: port).addresses()
}

/// Looks one name up, whenever somebody asks; those who ask at the same time share a lookup.
package final class NameResolver: Sendable {
    private struct State {
        var waiters: [Int: CheckedContinuation<Result<[SocketAddress], SystemError>, Never>] = [:]
        var nextWaiter = 0
        var isLooking = false
        /// What was found last: still better than nothing when the name server is away.
        var known: [SocketAddress] = []
    }

    private let host: String
    private let port: UInt16
    private let loop: EventLoop
    private let timeout: Duration
    private let look: @Sendable (_ host: String, _ port: UInt16) -> Result<[SocketAddress], SystemError>
    private let state = Lock(State())

    /// A resolver that knows nothing yet.
    ///
    /// - Parameters:
    ///   - timeout: after which those who wait get what was known before, or an error.
    ///   - look: the lookup itself, which may block; nil for the C library's.
    package init(
        host: String, port: UInt16, loop: EventLoop = .shared, timeout: Duration = .seconds(5),
        look: (@Sendable (String, UInt16) -> Result<[SocketAddress], SystemError>)? = nil
    ) {
        self.host = host
        self.port = port
        self.loop = loop
        self.timeout = timeout
        self.look = look ?? lookUp
    }

    /// The addresses of the name at present, the best first.
    package func addresses() async throws(SystemError) -> [SocketAddress] {
        if let numeric = try? SocketAddress(parsing: SocketAddress.authority(host, port)), host != "localhost"
        {
            return [numeric]
        }
        let result = await withCheckedContinuation { continuation in
            let (number, mustLook) = state.withLock { state in
                let number = state.nextWaiter
                state.nextWaiter += 1
                state.waiters[number] = continuation
                defer { state.isLooking = true }
                return (number, !state.isLooking)
            }
            loop.schedule(after: timeout) { [self] in
                let waiter = state.withLock { ($0.waiters.removeValue(forKey: number), $0.known) }
                waiter.0?.resume(
                    returning: self.fallback(SystemError("find", host, code: ETIMEDOUT), waiter.1))
            }
            if mustLook { start() }
        }
        return try result.get()
    }

    /// Without a thread there is no lookup: what was known has to do.
    private func start() {
        var thread = pthread_t()
        let lookup = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let resolver = Unmanaged<NameResolver>.fromOpaque(argument).takeRetainedValue()
                resolver.finish(resolver.look(resolver.host, resolver.port))
                return nil
            }, lookup.toOpaque())
        guard code == 0 else {
            lookup.release()
            return finish(.failure(SystemError("start", "a thread", code: code)))
        }
        pthread_detach(thread)
    }

    private func finish(_ result: Result<[SocketAddress], SystemError>) {
        let (waiters, known) = state.withLock { state in
            defer {
                state.waiters = [:]
                state.isLooking = false
            }
            if case .success(let found) = result, !found.isEmpty { state.known = found }
            return (state.waiters, state.known)
        }
        let answer: Result<[SocketAddress], SystemError> =
            switch result {
            case .success: result
            case .failure(let error): fallback(error, known)
            }
        for waiter in waiters.values { waiter.resume(returning: answer) }
    }

    private func fallback(
        _ error: SystemError, _ known: [SocketAddress]
    ) -> Result<[SocketAddress], SystemError> { known.isEmpty ? .failure(error) : .success(known) }
}

/// Asks the C library; blocks.
private func lookUp(_ host: String, _ port: UInt16) -> Result<[SocketAddress], SystemError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0 else {
        let why = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return .failure(SystemError("find the host", host, code: 0, hint: why))
    }
    var addresses: [SocketAddress] = []
    var entry = list
    while let current = entry {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        if getnameinfo(
            current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
            NI_NUMERICHOST) == 0
        {
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let address = SocketAddress.ip(String(decoding: bytes, as: UTF8.self), port: port)
            if !addresses.contains(address) { addresses.append(address) }
        }
        entry = current.pointee.ai_next
    }
    guard !addresses.isEmpty else {
        return .failure(SystemError("find the host", host, code: 0, hint: "it has no address"))
    }
    return .success(addresses)
}
