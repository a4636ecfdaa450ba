// A file of a web server. One octet of it is asked for to learn size and validator: a HEAD would be refused where the URL was
// signed for GET.

internal import HTTP
internal import HTTP1
internal import Text
internal import WebClient

extension ModelFetcher {
    func webPlan(_ location: ModelLocation, _ url: WebURL) async throws(ModelSourceError) -> FetchPlan {
        let name = String(PercentEncoding.decode(url.path).split(separator: "/").last ?? "model")
        guard let parts = try? Unpacker.parts(name, limit: 255), parts.count == 1 else {
            throw ModelSourceError(location.shown, .location, "its last part is no name of a file")
        }
        // What the digest says is known without asking; only who has the digest gets it.
        let probe = location.sha256 == nil ? try await probe(url, location.shown) : WebProbe()
        let file = RemoteFile(path: parts[0], size: probe.size, sha256: location.sha256) {
            await self.openWeb(url, location.shown, from: $0, probe)
        }
        // Without a validator nobody can say that it is still the same: it is fetched for this start alone.
        let identity =
            location.sha256.map { ["sha256", $0] }
            ?? ["web", url.origin + url.target, probe.validator ?? "\(UInt64.random(in: 0 ... .max))"]
            + [probe.size.map(String.init) ?? ""]
        return Self.single(file, identity)
    }

    /// The plan of one file, which may be an archive.
    static func single(_ file: RemoteFile, _ identity: [String]) -> FetchPlan {
        let form = ArchiveForm(name: file.path)
        var plan = FetchPlan(
            key: FetchPlan.key(identity + [form == nil ? file.path : "bundle"]), files: [file])
        if let form {
            plan.archives = [FetchPlan.Archive(file: file.path, content: form == .gzip ? .gzip : .tar)]
        } else {
            plan.single = file.path
        }
        return plan
    }

    private func probe(_ url: WebURL, _ shown: String) async throws(ModelSourceError) -> WebProbe {
        do throws(WebError) {
            let stream = try await client.open(WebRequest("GET", url, headers: ["range": "bytes=0-0"]))
            await stream.close()
            return WebProbe(stream)
        } catch {
            // A file of no octets has no first one.
            guard error.status == 416 else { throw ModelSourceError(shown, error) }
            return WebProbe()
        }
    }

    private func openWeb(
        _ url: WebURL, _ shown: String, from offset: Int, _ probe: WebProbe
    ) async -> Result<HTTPClient.Stream, OpenFailure> {
        var headers = HTTPHeaders()
        if offset > 0 {
            headers["range"] = "bytes=\(offset)-"
            if let tag = probe.strongTag { headers["if-range"] = tag }
        }
        do throws(WebError) {
            let stream = try await client.openOnce(WebRequest("GET", url, headers: headers))
            if let tag = probe.strongTag, let other = stream.headers["etag"], other != tag {
                await stream.close()
                return .failure(
                    OpenFailure(
                        error: ModelSourceError(
                            shown, .refused, "it was replaced while it was being fetched", mend: "start again"
                        ),
                        isTransient: false, retryAfter: nil))
            }
            return .success(stream)
        } catch {
            return .failure(OpenFailure(shown, error))
        }
    }
}

/// What a web server says of a file.
struct WebProbe: Sendable {
    var size: Int?
    var strongTag: String?
    var validator: String?

    /// Nothing is known.
    init() {}

    init(_ stream: HTTPClient.Stream) {
        if stream.status == 206 {
            size = stream.headers["content-range"].flatMap {
                $0.split(separator: "/").last.flatMap { Int($0) }
            }
        } else if stream.headers["content-encoding"] == nil {
            size = stream.headers["content-length"].flatMap { Int($0) }
        }
        let tag = stream.headers["etag"]
        strongTag = tag.flatMap { $0.hasPrefix("W/") ? nil : $0 }
        validator = tag ?? stream.headers["last-modified"]
    }
}

extension OpenFailure {
    /// A failure of a request.
    init(_ uri: String, _ error: WebError) {
        self.init(
            error: ModelSourceError(uri, error), isTransient: error.isTransient, retryAfter: error.retryAfter)
    }
}
