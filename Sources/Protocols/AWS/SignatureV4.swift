// AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"), by the Authorization header. A pure
// function of the request, the key and the time.

internal import Digests
internal import SystemIO
internal import Text

/// Signs requests to one service of one region.
package struct SignatureV4: Sendable {
    /// Such as `us-east-1`.
    package var region: String
    /// Such as `s3`.
    package var service: String

    /// A signer.
    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    /// What is signed of a request.
    package struct Request: Sendable {
        /// `GET` and so on.
        package var method: String
        /// The path, percent-encoded once, as it is sent.
        package var path: String
        /// Names and values, decoded, in any order.
        package var query: [(name: String, value: String)]
        /// The fields, Host among them.
        package var headers: [(name: String, value: String)]
        /// The body.
        package var body: [UInt8]

        /// A request.
        package init(
            method: String, path: String, query: [(name: String, value: String)] = [],
            headers: [(name: String, value: String)], body: [UInt8] = []
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
        }
    }

    /// The fields to add: `X-Amz-Date`, `Authorization`, and where they belong `X-Amz-Security-Token` and
    /// `X-Amz-Content-Sha256`.
    ///
    /// - Parameter time: seconds since 1970.
    package func fields(
        for request: Request, _ credentials: AWSCredentials, time: Int64
    ) -> [(name: String, value: String)] {
        let stamp = Self.stamp(time)
        let payload = MessageDigest.of(request.body).hexadecimal
        var added: [(name: String, value: String)] = [("X-Amz-Date", stamp)]
        if let token = credentials.sessionToken { added.append(("X-Amz-Security-Token", token)) }
        // S3 wants to be told what was signed for the body; to others it is no field of their protocol.
        if isObjectStore { added.append(("X-Amz-Content-Sha256", payload)) }
        let (canonical, names) = canonicalRequest(request, added, payload)
        let scope = "\(stamp.prefix(8))/\(region)/\(service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n" + MessageDigest.of(canonical.utf8).hexadecimal
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(stamp.prefix(8)), region, service, "aws4_request"] {
            key = hmacSHA256(key: key, Array(part.utf8))
        }
        let signature = hmacSHA256(key: key, Array(text.utf8)).hexadecimal
        added.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names),"
                    + " Signature=\(signature)"
            ))
        return added
    }

    private var isObjectStore: Bool { service == "s3" }

    func canonicalRequest(
        _ request: Request, _ added: [(name: String, value: String)], _ payload: String
    ) -> (text: String, names: String) {
        let query = request.query.map { (Self.encoded($0.name), Self.encoded($0.value)) }
            .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
        // Values of one name are one line, in their order.
        var fields: [String: [String]] = [:]
        for (name, value) in request.headers + added {
            fields[name.lowercased(), default: []].append(Self.trimmed(value))
        }
        let names = fields.keys.sorted()
        let lines = names.map { "\($0):\((fields[$0] ?? []).joined(separator: ","))\n" }.joined()
        let list = names.joined(separator: ";")
        return (
            [request.method, path(request.path), query, lines, list, payload].joined(separator: "\n"), list
        )
    }

    /// S3 signs the path as it is sent; others without dots and empty parts, and encoded once more.
    private func path(_ path: String) -> String {
        guard !isObjectStore else { return path.isEmpty ? "/" : path }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let end = path.hasSuffix("/") && !parts.isEmpty ? "/" : ""
        return PercentEncoding.encode("/" + parts.joined(separator: "/") + end, keeping: "/")
    }

    /// As the query and S3's keys are encoded: all but the unreserved characters, in UTF-8.
    package static func encoded(_ text: String) -> String { PercentEncoding.encode(text) }

    /// A key as a path: its slashes stay.
    package static func encodedPath(_ key: String) -> String { PercentEncoding.encode(key, keeping: "/") }

    /// Without white space at either end, and one blank for several.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "\t" }).joined(separator: " ")
    }

    /// `20150830T123600Z`.
    static func stamp(_ time: Int64) -> String {
        RFC3339(seconds: time).text().filter { $0 != "-" && $0 != ":" }
    }
}
