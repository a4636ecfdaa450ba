// Probes and lifecycle hooks (core/v1 Probe, Lifecycle).

/// A question to a container: one of the four ways to ask, and how often.
package struct Probe: Codable, Equatable, Sendable {
    /// Run a command; it succeeds with exit code 0.
    package var exec: ExecAction?
    /// GET; it succeeds with 200 to 399.
    package var httpGet: HTTPGetAction?
    /// Connect; it succeeds when the connection is there.
    package var tcpSocket: TCPSocketAction?
    /// Ask grpc.health.v1.
    package var grpc: GRPCAction?
    /// Seconds before the first time; 0 where it is absent.
    package var initialDelaySeconds: Int?
    /// Seconds for an answer; 1 where it is absent.
    package var timeoutSeconds: Int?
    /// Seconds between two times; 10 where it is absent.
    package var periodSeconds: Int?
    /// Successes in a row that count; 1 where it is absent.
    package var successThreshold: Int?
    /// Failures in a row that count; 3 where it is absent.
    package var failureThreshold: Int?
    /// Seconds from SIGTERM to SIGKILL after a failure; the pod's own where it is absent.
    package var terminationGracePeriodSeconds: Int?

    /// A probe by GET.
    package init(httpGet: HTTPGetAction) { self.httpGet = httpGet }

    /// A probe by a connection.
    package init(tcpSocket: TCPSocketAction) { self.tcpSocket = tcpSocket }
}

/// A command in the container.
package struct ExecAction: Codable, Hashable, Sendable {
    /// The program and its arguments, without a shell.
    package var command: [String]
}

/// A GET request.
package struct HTTPGetAction: Codable, Hashable, Sendable {
    /// The path; `/` where it is absent.
    package var path: String?
    /// The container's port, by number or name.
    package var port: IntOrString
    /// The host; the pod's address where it is absent.
    package var host: String?
    /// `HTTP` or `HTTPS`.
    package var scheme: String?
    /// More header fields.
    package var httpHeaders: [HTTPHeaderField]

    /// A request.
    package init(path: String, port: IntOrString) {
        self.path = path
        self.port = port
        httpHeaders = []
    }
}

/// A header field of a probe.
package struct HTTPHeaderField: Codable, Hashable, Sendable {
    /// The name.
    package var name: String
    /// The value.
    package var value: String
}

/// A connection.
package struct TCPSocketAction: Codable, Hashable, Sendable {
    /// The container's port, by number or name.
    package var port: IntOrString
    /// The host; the pod's address where it is absent.
    package var host: String?

    /// A connection to a port of the container.
    package init(port: IntOrString) { self.port = port }
}

/// A health check over gRPC.
package struct GRPCAction: Codable, Hashable, Sendable {
    /// The container's port.
    package var port: Int
    /// The service to ask for.
    package var service: String?
}

/// What happens at the beginning and the end of a container.
package struct Lifecycle: Codable, Hashable, Sendable {
    /// Right after the start.
    package var postStart: LifecycleHandler?
    /// Before SIGTERM.
    package var preStop: LifecycleHandler?
    /// The signal instead of SIGTERM.
    package var stopSignal: String?
}

/// What to do: one of these.
package struct LifecycleHandler: Codable, Hashable, Sendable {
    /// Run a command.
    package var exec: ExecAction?
    /// GET.
    package var httpGet: HTTPGetAction?
    /// Connect.
    package var tcpSocket: TCPSocketAction?
    /// Wait.
    package var sleep: SleepAction?
}

/// A pause.
package struct SleepAction: Codable, Hashable, Sendable {
    /// How long.
    package var seconds: Int
}
