// Who the client is, for the next request. The kubelet replaces a pod's token long before it ends. Reading the file again once a minute is what client-go does.

internal import KubernetesAPI
internal import SystemIO
internal import TLS

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
    private let signIn = Lock(SignIn())
    private let loop: EventLoop

    /// What a program has said.
    private struct SignIn {
        var credential: ExecCredential?
        /// The program runs: all who need it wait for the same run.
        var run: Task<Result<ExecCredential, ConfigurationError>, Never>?
        /// The certificate that the last credential had.
        var identity: TLSIdentity?
        /// Called when it is another.
        var onNewIdentity: @Sendable () async -> Void = {}
    }

    init(_ credential: ClientConfiguration.Credential, loop: EventLoop = .shared) {
        self.credential = credential
        self.loop = loop
    }

    /// Has the token ready that `token` gives, where a program has to be run for it.
    ///
    /// - Throws: `ConfigurationError` that names the program.
    func prepare(time: Timestamp = .now) async throws(ConfigurationError) {
        guard case .exec(let plugin) = credential else { return }
        let run = signIn.withLock {
            state -> Task<Result<ExecCredential, ConfigurationError>, Never>? in
            if let known = state.credential, known.isGood(at: time) {
                return nil
            }
            if let run = state.run { return run }
            let run = Task { [loop] () -> Result<ExecCredential, ConfigurationError> in
                do throws(ConfigurationError) { return .success(try await plugin.run(loop: loop)) } catch {
                    return .failure(error)
                }
            }
            state.run = run
            return run
        }
        guard let run else { return }
        let result = await run.value
        let onNewIdentity = signIn.withLock { state -> (@Sendable () async -> Void)? in
            guard state.run == run else { return nil }
            state.run = nil
            state.credential = try? result.get()
            guard let credential = state.credential else { return nil }
            let earlier = state.identity
            state.identity = credential.identity
            return earlier != nil && earlier != credential.identity ? state.onNewIdentity : nil
        }
        await onNewIdentity?()
        if case .failure(let error) = result { throw error }
    }

    /// The token, nil where none is used. A file that cannot be read leaves the last token in use.
    ///
    /// - Parameter now: a monotonic time.
    func token(now: Duration = MonotonicClock.time) -> String? {
        switch credential {
        case .none: return nil
        case .token(let token): return token
        case .exec: return signIn.withLock { $0.credential?.token }
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

    /// The client's certificate for the next connection; nil where the program gave none.
    func identity() -> TLSIdentity? { signIn.withLock { $0.credential?.identity } }

    /// What to do when the program has given another certificate than before.
    func onNewIdentity(_ action: @escaping @Sendable () async -> Void) {
        signIn.withLock { $0.onNewIdentity = action }
    }

    /// The server did not accept the token: read the file again, or run the program, for the next request.
    func refused() {
        cached.withLock { $0.readAt = .zero - Self.lifetime }
        signIn.withLock { $0.credential = nil }
    }
}
