// Probes: what to ask, how often, and how many answers in a row count. The asking itself is a closure, so
// that the rule is tested without a socket.

internal import JSON

/// One probe of a container.
struct Probe: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case http(port: UInt16, path: String, host: String?, headers: [String: String])
        case tcp(port: UInt16, host: String?)
        case exec([String])
    }

    enum Kind: String, Sendable {
        case startup = "Startup"
        case liveness = "Liveness"
        case readiness = "Readiness"

        var member: String { rawValue.lowercased() + "Probe" }
    }

    var kind: Kind
    var action: Action
    var initialDelay: Duration
    var period: Duration
    var timeout: Duration
    var successThreshold: Int
    var failureThreshold: Int

    /// nil where the container has no such probe, or one of a kind that is not supported (grpc).
    init?(_ kind: Kind, of container: Container) {
        guard let json = container.json[kind.member] else { return nil }
        if let http = json.httpGet, let port = container.port(http.port) {
            let headers = (http.httpHeaders?.array ?? []).compactMap { header -> (String, String)? in
                guard let name = header.name?.string, let value = header.value?.string else { return nil }
                return (name, value)
            }
            action = .http(
                port: port, path: http.path?.string ?? "/", host: http.host?.string,
                headers: Dictionary(headers, uniquingKeysWith: { _, last in last }))
        } else if let tcp = json.tcpSocket, let port = container.port(tcp.port) {
            action = .tcp(port: port, host: tcp.host?.string)
        } else if let command = json.exec?.command?.array?.compactMap(\.string), !command.isEmpty {
            action = .exec(command)
        } else {
            return nil
        }
        func seconds(_ member: JSON?, _ fallback: Int) -> Duration { .seconds(member?.int ?? fallback) }
        self.kind = kind
        initialDelay = seconds(json.initialDelaySeconds, 0)
        period = max(seconds(json.periodSeconds, 10), .seconds(1))
        timeout = max(seconds(json.timeoutSeconds, 1), .seconds(1))
        successThreshold = max(1, json.successThreshold?.int ?? 1)
        failureThreshold = max(1, json.failureThreshold?.int ?? 3)
    }
}

/// What a probe found.
enum ProbeResult: Equatable, Sendable {
    case success
    /// Why, as `describe` shows it.
    case failure(String)
}

/// Counts results of a probe: so many in a row change its word.
struct ProbeCounter: Equatable {
    var successThreshold: Int
    var failureThreshold: Int
    private var last: Bool?
    private var run = 0

    init(successThreshold: Int, failureThreshold: Int) {
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }

    /// A result came.
    ///
    /// - Returns: the probe's word if there are enough in a row, else nil.
    mutating func receive(_ success: Bool) -> Bool? {
        run = last == success ? run + 1 : 1
        last = success
        return run >= (success ? successThreshold : failureThreshold) ? success : nil
    }
}

/// Asks a container how it is.
protocol Prober: Sendable {
    /// - Parameters:
    ///   - address: the pod's.
    ///   - environment: the container's, for exec.
    func check(_ probe: Probe, address: String, environment: [String: String], directory: String) async
        -> ProbeResult
}
