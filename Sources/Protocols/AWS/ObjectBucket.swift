// S3 and whatever speaks as it does: what is below a prefix, and an object from any octet on.

package import HTTP
internal import HTTP1
internal import SystemIO
package import WebClient

/// An object of a bucket.
package struct BucketObject: Equatable, Sendable {
    /// Its key.
    package var key: String
    /// Octets.
    package var size: Int
    /// What tells this content from another of the same key, with its quotation marks.
    package var tag: String
}

/// A client of one bucket.
package final class ObjectBucket: Sendable {
    /// The bucket.
    package let bucket: String
    private let client: WebClient
    /// nil for requests that are not signed.
    private let credentials: CredentialSource?
    /// An address other than AWS's own.
    private let endpoint: WebURL?
    private let isPathStyle: Bool
    private let region: Lock<String>
    private let now: @Sendable () -> Int64

    /// A client as the environment configures it: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_REGION` and the shared
    /// files as in AWS's SDKs; `S3_USE_VIRTUAL_BUCKET` and `awsAnonymousCredential` as in KServe.
    ///
    /// - Throws: `CredentialError` where it cannot be.
    package init(
        bucket: String, environment: @escaping @Sendable (String) -> String?, client: WebClient,
        now: @escaping @Sendable () -> Int64 = { WallClock.now / 1_000_000_000 }
    ) throws(CredentialError) {
        @Sendable func value(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        guard Self.isName(bucket) else {
            throw CredentialError(
                "\(bucket.prefix(80)) is no bucket's name: write 3 to 63 small letters, digits, dots and dashes"
            )
        }
        self.bucket = bucket
        self.client = client
        self.now = now
        let profile = try SharedProfile(value)
        let isAnonymous = value("awsAnonymousCredential")?.lowercased() == "true"
        credentials =
            isAnonymous ? nil : try CredentialSource(environment: environment, client: client, now: now)
        let custom = AWSRegion.custom("s3", value, profile)
        endpoint = custom.flatMap { WebURL($0) }
        if let custom, endpoint == nil {
            throw CredentialError(
                "the address \(custom.prefix(128)) of the object store is no URL: correct AWS_ENDPOINT_URL_S3"
            )
        }
        let name = AWSRegion.configured(value, profile) ?? "us-east-1"
        guard AWSRegion.isName(name) else {
            throw CredentialError("the region \(name.prefix(64)) is none: correct AWS_REGION")
        }
        region = Lock(name)
        let style = profile.settings["s3.addressing_style"]
        let isVirtual = value("S3_USE_VIRTUAL_BUCKET")?.lowercased() == "true" || style == "virtual"
        // A name with dots is under no certificate of AWS; other stores are rarely known by their buckets' names.
        isPathStyle = !isVirtual && (style == "path" || endpoint != nil || bucket.contains("."))
    }

    /// Which bucket of which store it is.
    package var place: String { (endpoint?.origin ?? "aws") + "/" + bucket }

    /// docs.aws.amazon.com, "General purpose bucket naming rules", as far as a URL depends on it.
    private static func isName(_ name: String) -> Bool {
        3...63 ~= name.utf8.count && name.first != "." && name.last != "." && !name.contains("..")
            && name.utf8.allSatisfy {
                97...122 ~= $0 || 48...57 ~= $0
                    || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
            }
    }

    /// All objects whose keys begin with a prefix, page by page.
    ///
    /// - Parameter limit: objects after which to give up.
    /// - Throws: `WebError`.
    package func list(prefix: String, limit: Int = 100_000) async throws(WebError) -> [BucketObject] {
        var objects: [BucketObject] = []
        var token: String?
        repeat {
            var query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
            if let token { query.append(("continuation-token", token)) }
            let stream = try await open("", query: query)
            let body = try await collect(stream)
            guard let page = ObjectListing(body) else {
                throw WebError("the list of s3://\(bucket)/\(prefix)", .answer("it is no listing of objects"))
            }
            objects += page.objects
            guard objects.count <= limit else {
                throw WebError(
                    "the list of s3://\(bucket)/\(prefix)", .answer("it has more than \(limit) objects"))
            }
            // A store that repeats itself would be asked for ever.
            guard page.next == nil || page.next != token else {
                throw WebError("the list of s3://\(bucket)/\(prefix)", .answer("a page leads to itself"))
            }
            token = page.next
        } while token != nil
        return objects
    }

    private func collect(_ stream: HTTPClient.Stream) async throws(WebError) -> [UInt8] {
        do throws(HTTPError) { return try await stream.collect(limit: 16 << 20) } catch {
            throw WebError("the list of s3://\(bucket)", .connection(error.description))
        }
    }

    /// One attempt to read an object from an octet on.
    ///
    /// - Parameters:
    ///   - tag: what it has to be still; nil for whatever it is.
    /// - Throws: `WebError`; its words are safe to show.
    package func openOnce(
        _ key: String, from offset: Int, tag: String?
    ) async throws(WebError) -> HTTPClient.Stream {
        var headers: HTTPHeaders = ["x-amz-checksum-mode": "ENABLED"]
        if let tag { headers["if-match"] = tag }
        if offset > 0 { headers["range"] = "bytes=\(offset)-" }
        return try await attempt("/" + SignatureV4.encodedPath(key), query: [], headers: headers)
    }

    private func open(
        _ path: String, query: [(name: String, value: String)]
    ) async throws(WebError) -> HTTPClient.Stream {
        try await client.retrying { () throws(WebError) in
            try await self.attempt(path, query: query, headers: HTTPHeaders())
        }
    }

    /// Signed anew for each attempt: the time is part of it. A bucket that is elsewhere says where.
    private func attempt(
        _ path: String, query: [(name: String, value: String)], headers: HTTPHeaders
    ) async throws(WebError) -> HTTPClient.Stream {
        let result = await exchange(path, query, headers)
        guard case .failure(let error) = result, [301, 307, 400].contains(error.status ?? 0),
            let right = error.fields["x-amz-bucket-region"], AWSRegion.isName(right),
            right != region.withLock({ $0 })
        else { return try Self.safe(result) }
        region.withLock { $0 = right }
        return try Self.safe(await exchange(path, query, headers))
    }

    /// Errors without what a store has sent back.
    private static func safe(
        _ result: Result<HTTPClient.Stream, WebError>
    ) throws(WebError) -> HTTPClient.Stream {
        switch result {
        case .success(let stream): return stream
        case .failure(let error):
            guard case .status(let status, let words) = error.cause else { throw error }
            let code = AWSAnswer.code(of: words) ?? ""
            let message = XMLText.first("Message", of: Array(words.utf8)) ?? ""
            throw WebError(
                error.subject,
                .status(status, [code, message].filter { !$0.isEmpty }.joined(separator: ": ")),
                retryAfter: error.retryAfter, fields: error.fields)
        }
    }

    private func exchange(
        _ path: String, _ query: [(name: String, value: String)], _ headers: HTTPHeaders
    ) async -> Result<HTTPClient.Stream, WebError> {
        let region = region.withLock { $0 }
        guard let url = url(path, query, region) else {
            return .failure(WebError("s3://\(bucket)", .answer("its address is no URL")))
        }
        var request = WebRequest("GET", url, headers: headers)
        request.followsRedirects = false
        do throws(CredentialError) {
            if let credentials = try await credentials?.credentials() {
                sign(&request, query, credentials, region)
            }
        } catch {
            return .failure(WebError(request.method + " \(url)", .answer(error.description)))
        }
        do throws(WebError) { return .success(try await client.openOnce(request)) } catch {
            return .failure(error)
        }
    }

    private func sign(
        _ request: inout WebRequest, _ query: [(name: String, value: String)], _ credentials: AWSCredentials,
        _ region: String
    ) {
        let fields = request.headers.fields.map { ($0.name, $0.value) } + [("host", request.url.hostField)]
        let signed = SignatureV4.Request(
            method: request.method, path: request.url.path, query: query, headers: fields)
        let added = SignatureV4(region: region, service: "s3").fields(for: signed, credentials, time: now())
        for (name, value) in added { request.headers[name] = value }
    }

    private func url(
        _ path: String, _ query: [(name: String, value: String)], _ region: String
    ) -> WebURL? {
        guard var url = endpoint ?? WebURL("https://s3.\(region).\(AWSRegion.domain(region))/") else {
            return nil
        }
        var base = url.path
        while base.hasSuffix("/") { base.removeLast() }
        if isPathStyle { base += "/" + bucket } else { url.host = "\(bucket).\(url.host)" }
        url.path = base + path
        if url.path.isEmpty { url.path = "/" }
        url.query =
            query.isEmpty
            ? nil
            : query.map { "\(SignatureV4.encoded($0.name))=\(SignatureV4.encoded($0.value))" }
                .joined(separator: "&")
        return url
    }
}
