// Probes and lifecycle hooks (core/v1 Probe, Lifecycle).

/// A question to a container: one of the four ways to ask, and how often.
public struct Probe: Codable, Equatable, Sendable {
    /// Run a command; it succeeds with exit code 0.
    public var exec: ExecAction?
    /// GET; it succeeds with 200 to 399.
    public var httpGet: HTTPGetAction?
    /// Connect; it succeeds when the connection is there.
    public var tcpSocket: TCPSocketAction?
    /// Ask grpc.health.v1.
    public var grpc: GRPCAction?
    /// Seconds before the first time; 0 where it is absent.
    public var initialDelaySeconds: Int?
    /// Seconds for an answer; 1 where it is absent.
    public var timeoutSeconds: Int?
    /// Seconds between two times; 10 where it is absent.
    public var periodSeconds: Int?
    /// Successes in a row that count; 1 where it is absent.
    public var successThreshold: Int?
    /// Failures in a row that count; 3 where it is absent.
    public var failureThreshold: Int?
    /// Seconds from SIGTERM to SIGKILL after a failure; the pod's own where it is absent.
    public var terminationGracePeriodSeconds: Int?

    /// A probe by GET.
    public init(httpGet: HTTPGetAction) { self.httpGet = httpGet }

    /// A probe by a connection.
    public init(tcpSocket: TCPSocketAction) { self.tcpSocket = tcpSocket }
}

/// A command in the container.
public struct ExecAction: Codable, Hashable, Sendable {
    /// The program and its arguments, without a shell.
    public var command: [String]
}

/// A GET request.
public struct HTTPGetAction: Codable, Hashable, Sendable {
    /// The path; `/` where it is absent.
    public var path: String?
    /// The container's port, by number or name.
    public var port: IntOrString
    /// The host; the pod's address where it is absent.
    public var host: String?
    /// `HTTP` or `HTTPS`.
    public var scheme: String?
    /// More header fields.
    public var httpHeaders: [HTTPHeaderField]

    /// A request.
    public init(path: String, port: IntOrString) {
        self.path = path
        self.port = port
        httpHeaders = []
    }
}

/// A header field of a probe.
public struct HTTPHeaderField: Codable, Hashable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String
}

/// A connection.
public struct TCPSocketAction: Codable, Hashable, Sendable {
    /// The container's port, by number or name.
    public var port: IntOrString
    /// The host; the pod's address where it is absent.
    public var host: String?

    /// A connection to a port of the container.
    public init(port: IntOrString) { self.port = port }
}

/// A health check over gRPC.
public struct GRPCAction: Codable, Hashable, Sendable {
    /// The container's port.
    public var port: Int
    /// The service to ask for.
    public var service: String?
}

/// What happens at the beginning and the end of a container.
public struct Lifecycle: Codable, Hashable, Sendable {
    /// Right after the start.
    public var postStart: LifecycleHandler?
    /// Before SIGTERM.
    public var preStop: LifecycleHandler?
    /// The signal instead of SIGTERM.
    public var stopSignal: String?

    /// A pause before SIGTERM.
    public init(sleepBeforeStop seconds: Int) {
        preStop = LifecycleHandler(sleep: SleepAction(seconds: seconds))
    }
}

/// What to do: one of these.
public struct LifecycleHandler: Codable, Hashable, Sendable {
    /// Run a command.
    public var exec: ExecAction?
    /// An HTTP request; 200 to 399 is a success.
    public var httpGet: HTTPGetAction?
    /// A TCP connection; that it opens is a success.
    public var tcpSocket: TCPSocketAction?
    /// A pause of so many seconds.
    public var sleep: SleepAction?

    /// A pause.
    public init(sleep: SleepAction) { self.sleep = sleep }
}

/// A pause.
public struct SleepAction: Codable, Hashable, Sendable {
    /// How long.
    public var seconds: Int

    /// A pause of some seconds.
    public init(seconds: Int) { self.seconds = seconds }
}
