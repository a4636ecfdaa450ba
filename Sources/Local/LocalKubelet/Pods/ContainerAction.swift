// What a probe or a hook does to a container (core/v1 ProbeHandler and LifecycleHandler, which have these in common).

internal import KubernetesAPI

/// One of the ways to ask a container for something.
enum ContainerAction: Equatable, Sendable {
    case http(port: UInt16, path: String, host: String?, headers: [String: String])
    case tcp(port: UInt16, host: String?)
    case exec([String])

    /// nil where none of them is given, or a port that the container does not have.
    init?(_ http: HTTPGetAction?, _ tcp: TCPSocketAction?, _ exec: ExecAction?, _ container: PodContainer) {
        if let http, let port = container.port(http.port) {
            let headers = http.httpHeaders.map { ($0.name, $0.value) }
            self = .http(
                port: port, path: http.path ?? "/", host: http.host,
                headers: Dictionary(headers, uniquingKeysWith: { _, last in last }))
        } else if let tcp, let port = container.port(tcp.port) {
            self = .tcp(port: port, host: tcp.host)
        } else if let command = exec?.command, !command.isEmpty {
            self = .exec(command)
        } else {
            return nil
        }
    }
}

/// What came of it.
enum ActionResult: Equatable, Sendable {
    case success
    /// The container answers, and not with what a probe calls healthy; the text is what `describe` shows.
    case refusal(String)
    /// Nothing could be done, and why, as `describe` shows it.
    case failure(String)

    /// Why it is no success.
    var message: String? {
        switch self {
        case .success: nil
        case .refusal(let message), .failure(let message): message
        }
    }
}

/// Carries actions out.
protocol ActionRunner: Sendable {
    /// - Parameters:
    ///   - timeout: how long it may take.
    ///   - address: the pod's.
    ///   - environment: the container's, for a command.
    ///   - directory: the working directory, for a command.
    func run(
        _ action: ContainerAction, timeout: Duration, address: String, environment: [String: String],
        directory: String
    ) async -> ActionResult
}
