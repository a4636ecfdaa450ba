// What is sent, how often, and over how many connections.

internal import HTTP1
internal import SystemIO

/// A load to put on servers.
struct LoadPlan: Sendable {
    enum Mode: Equatable, Sendable {
        case closed(clients: Int)
        /// Requests a second.
        case open(rate: Double)
    }

    var mode: Mode
    var targets: [LoadTarget]
    /// Each client asks the URLs in their order from a place of its own; else in a random one.
    var isRandom = false
    var method = "GET"
    var headers = HTTPHeaders()
    /// Sent in turn; none for requests without a body.
    var bodies: [[UInt8]] = []
    /// Requests in all; nil for any number.
    var requests: Int?
    /// Nil for as long as the requests last.
    var duration: Duration?
    var timeout = Duration.seconds(30)
    /// Connections to each server at most; nil for one for each client, and `openConnections` of an open loop.
    var connections: Int?
    /// What TLS is made by, for a host; nil where there is none.
    var security: (@Sendable (_ host: String) throws -> any SecureLayerFactory)?
    /// Whether answers in one piece are read for how many tokens they have, as those of language models say.
    var readsTokens = false
    var seed: UInt64 = 1

    /// What an open loop has to each server where nobody says otherwise.
    static let openConnections = 64

    /// Connections to each server at most.
    var connectionLimit: Int {
        switch mode {
        case .closed(let clients): min(connections ?? clients, clients)
        case .open: connections ?? Self.openConnections
        }
    }
}

/// The octets of a plan's requests.
struct LoadRequests: Sendable {
    private let targets: [LoadTarget]
    private let start: [UInt8]
    private let fields: [UInt8]
    /// What comes behind the fields: the body and its length.
    private let tails: [[UInt8]]

    init(_ plan: LoadPlan) {
        targets = plan.targets
        start = Array((plan.method + " ").utf8)
        var encoded: [UInt8] = []
        HTTP1Encoder.request(method: "", target: "", headers: plan.headers, into: &encoded)
        // Only the fields, without the line in front and the empty one behind.
        fields = Array(encoded[((encoded.firstIndex(of: 10) ?? -1) + 1)...].dropLast(2))
        tails =
            plan.bodies.isEmpty
            ? [Array("\r\n".utf8)]
            : plan.bodies.map { Array("content-length: \($0.count)\r\n\r\n".utf8) + $0 }
    }

    /// The octets of a request to one of the targets; bodies take turns.
    func octets(target: Int, number: Int) -> [UInt8] {
        let target = targets[target]
        let tail = tails[number % tails.count]
        var octets: [UInt8] = []
        octets.reserveCapacity(
            64 + target.path.utf8.count + target.authority.utf8.count + fields.count + tail.count)
        octets += start
        octets += target.path.utf8
        octets += " HTTP/1.1\r\nhost: ".utf8
        octets += target.authority.utf8
        octets += [13, 10]
        octets += fields
        octets += tail
        return octets
    }
}
