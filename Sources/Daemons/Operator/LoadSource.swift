// Where the load of a ModelServer's pods is read: what the preset knows, or what the user says.

internal import GanglionAPI

/// What is asked of each pod, and which numbers of the answer count.
struct LoadSource: Equatable, Sendable {
    /// The pod's port.
    var port: Int
    /// The path.
    var path: String
    /// The gauges whose sum are the requests in flight.
    var gauges: [String]
    /// Counts requests; nil where none does.
    var counter: String?

    /// A source.
    init(port: Int, path: String, gauges: [String], counter: String?) {
        self.port = port
        self.path = path
        self.gauges = gauges
        self.counter = counter
    }

    /// The source of a server's load; nil where nobody knows one.
    init?(_ runtime: RuntimeSettings, _ metrics: Autoscaling.Metrics?) {
        let known = runtime.profile.metrics
        port = metrics?.port ?? known?.port ?? runtime.port
        path = metrics?.path ?? known?.path ?? "/metrics"
        gauges = metrics?.gauges ?? [known?.running, known?.waiting].compactMap { $0 }
        counter = metrics == nil ? known?.requests : metrics?.counter
        guard !gauges.isEmpty else { return nil }
    }

    /// What a pod's answer says.
    ///
    /// - Throws: `LoadFault` where it does not say how many requests there are.
    func load(_ text: [UInt8]) throws(LoadFault) -> PodLoad {
        let sums: [String: Double]
        do throws(MetricsText.Fault) {
            sums = try MetricsText.sums(text, of: gauges + [counter].compactMap { $0 })
        } catch {
            throw .malformed(error)
        }
        let found = gauges.compactMap { sums[$0] }
        guard !found.isEmpty else { throw .missing(gauges) }
        return PodLoad(inFlight: found.reduce(0, +), requests: counter.flatMap { sums[$0] })
    }
}

/// What a pod has to do.
struct PodLoad: Equatable, Sendable {
    /// Requests that it has, those that wait included.
    var inFlight: Double
    /// Requests that it has ever had; nil where nobody counts.
    var requests: Double?
}

/// Why a pod's load is not known.
enum LoadFault: Error, Equatable, CustomStringConvertible {
    case unreachable(String)
    case status(Int)
    case missing([String])
    case malformed(MetricsText.Fault)

    /// What follows "pod NAME ".
    var description: String {
        switch self {
        case .unreachable(let why): "cannot be asked: \(why)"
        case .status(let code): "answers \(code) when asked for its metrics"
        case .missing(let names): "publishes no \(names.joined(separator: " or "))"
        case .malformed(let fault): "publishes nonsense: \(fault)"
        }
    }
}
