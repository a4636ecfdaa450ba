// What the API server is told at its start.

package import HTTP
package import JSON

/// Who makes a request.
package struct APIUser: Hashable, Sendable {
    /// The name, for example `system:node:local`.
    package var name: String
    /// The groups, for example `system:masters`.
    package var groups: [String]

    /// A user.
    package init(_ name: String, groups: [String] = ["system:authenticated"]) {
        self.name = name
        self.groups = groups
    }
}

/// A request for a container's log, for whoever runs the pod.
package struct PodLogRequest: Sendable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid.
    package var uid: String
    /// The container.
    package var container: String
    /// Whether to go on as the log grows.
    package var follow: Bool
    /// Whether the log of the container's former run is wanted.
    package var previous: Bool
    /// Whether each line starts with its time.
    package var timestamps: Bool
    /// The number of lines from the end; nil for all.
    package var tailLines: Int?
    /// The age in seconds of the oldest line wanted; nil for all.
    package var sinceSeconds: Int?
    /// The most octets wanted; nil for all.
    package var limitBytes: Int?
}

/// Answers a request for a log; it has the pod's node name besides.
package typealias PodLogSource = @Sendable (_ node: String, _ request: PodLogRequest) async -> HTTPResponse

/// Options of the API server.
package struct APIServerOptions: Sendable {
    /// Bearer tokens and whose they are.
    package var tokens: [String: APIUser]
    /// Whether requests need a token. Off only in tests.
    package var requiresToken = true
    /// Host names allowed in the Host header besides loopback names and addresses.
    package var hosts: Set<String> = []
    /// Octets a request's body may have: what the real server allows.
    package var maximumBody = 3 << 20
    /// What the store remembers.
    package var storeLimits = APIStateLimits()
    /// Seconds between bookmarks of a watch.
    package var bookmarkInterval = 60
    /// The address discovery names, `127.0.0.1:6443`.
    package var serverAddress = "127.0.0.1:6443"
    /// The second number of the addresses of services, 127.NETWORK.0.0/16: one for each cluster of a machine.
    package var serviceNetwork: UInt8 = 96
    /// Whether a watch may begin with the objects that there are (the feature gate WatchList, on since Kubernetes 1.32).
    package var hasWatchList = true
    /// Whether the streams of WatchList are compressed for clients that ask (feature gate WatchListCompression of 1.37).
    package var compressesWatchLists = true
    /// Takes each request's event of the audit log; nil where none is kept.
    package var audit: (@Sendable (JSON) -> Void)?
    /// PEM of the CA that signed the server's certificate, for `kube-root-ca.crt`; empty leaves it out.
    package var rootCertificate = ""

    /// Options with the tokens that are valid.
    package init(tokens: [String: APIUser]) { self.tokens = tokens }
}
