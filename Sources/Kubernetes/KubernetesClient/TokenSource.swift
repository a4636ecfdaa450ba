// The kubelet replaces a pod's token long before it ends. Reading the file again once a minute is what client-go does.

internal import SystemIO

/// The bearer token of the next request.
final class TokenSource: Sendable {
    private struct Cached {
        var token: String?
        var readAt: Duration
    }

    /// How long a token that was read is used.
    static let lifetime: Duration = .seconds(60)

    private let credential: ClientConfiguration.Credential
    private let cached = Lock(Cached(token: nil, readAt: .zero))

    init(_ credential: ClientConfiguration.Credential) { self.credential = credential }

    /// The token, nil where none is used. A file that cannot be read leaves the last token in use.
    ///
    /// - Parameter now: a monotonic time.
    func token(now: Duration = MonotonicClock.time) -> String? {
        switch credential {
        case .none: return nil
        case .token(let token): return token
        case .tokenFile(let path):
            return cached.withLock { cached in
                if cached.token != nil, now - cached.readAt < Self.lifetime { return cached.token }
                if let text = try? Files.readText(path, limit: 1 << 16) {
                    let token = text.split(whereSeparator: \.isWhitespace).joined()
                    if !token.isEmpty { cached = Cached(token: token, readAt: now) }
                }
                return cached.token
            }
        }
    }

    /// The server did not accept the token: read the file again for the next request.
    func refused() { cached.withLock { $0.readAt = .zero - Self.lifetime } }
}
