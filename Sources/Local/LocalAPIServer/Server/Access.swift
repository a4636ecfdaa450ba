// Who may come in: a Host header of this machine (a page in a browser must not reach the server by another name), and a
// bearer token.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import HTTP1
internal import JSON

extension APIServer {
    /// Refuses requests that were meant for another host, which is how DNS rebinding looks.
    func checkHost(_ header: String?) throws(APIError) {
        guard let header, !header.isEmpty else {
            throw APIError(400, "BadRequest", "the request has no Host header: HTTP/1.1 requires one")
        }
        let host: String
        if header.hasPrefix("[") {
            host = String(header.dropFirst().prefix { $0 != "]" })
        } else {
            host = String(header.prefix { $0 != ":" })
        }
        if ["localhost", "::1"].contains(host) || host.hasPrefix("127.") && Self.isIPv4(host) { return }
        if options.hosts.contains(host) { return }
        throw APIError(
            421, "MisdirectedRequest",
            "the Host \(quoted(host)) is not this server's: use localhost or 127.0.0.1")
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The user of a bearer token.
    func authenticate(_ header: String?) throws(APIError) -> APIUser {
        guard options.requiresToken else { return APIUser("system:admin", groups: ["system:masters"]) }
        guard let header, let user = user(of: header) else { throw .unauthorized }
        return user
    }

    private func user(of header: String) -> APIUser? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return user(token: String(parts[1]))
    }

    /// The user of a token. Compares every token whole, whatever the first difference.
    func user(token: String) -> APIUser? {
        let given = Array(token.utf8)
        var found: APIUser?
        for (known, user) in options.tokens {
            let bytes = Array(known.utf8)
            guard bytes.count == given.count, !bytes.isEmpty else { continue }
            var difference: UInt8 = 0
            for (a, b) in zip(bytes, given) { difference |= a ^ b }
            if difference == 0 { found = user }
        }
        return found
    }

    /// What needs no token: health and version.
    func openAnswer(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == "GET" || request.method == "HEAD" else { return nil }
        switch request.path {
        case "/healthz", "/livez", "/readyz":
            var text = "ok"
            if request.query("verbose") != nil {
                text = [
                    "ping", "log", "informer-sync", "poststarthook/start-system-namespaces-controller",
                    "shutdown",
                ]
                .map { "[+]\($0) ok\n" }.joined()
                text += "\(request.path.dropFirst()) check passed\n"
            }
            var response = HTTPResponse.text(200, text)
            response.headers["x-content-type-options"] = "nosniff"
            return response
        case "/version":
            return HTTPResponse(
                200, headers: ["content-type": "application/json"],
                body: .bytes(Self.versionInfo.serialized(pretty: true)))
        default: return nil
        }
    }

    private static let versionInfo: JSON = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": .string(version), "gitCommit": "ganglion",
        "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swiftc",
        "platform": "linux/amd64",
    ]
}
