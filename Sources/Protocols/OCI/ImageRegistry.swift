// The distribution API (OCI distribution specification 1.1): a manifest by tag or digest, blobs by digest. A registry that
// wants to know who asks says so with a challenge; a token that it gave is used until it is refused.

internal import Digests
package import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO
internal import Text
package import WebClient

/// One repository of a registry.
package final class ImageRegistry: Sendable {
    private let reference: ImageReference
    private let client: WebClient
    private let credentials: RegistryCredentials
    private let base: WebURL
    private let authorization = Lock<String?>(nil)

    /// Octets of a manifest at most: what registries take.
    static let manifestLimit = 4 << 20

    /// - Throws: `RegistryError` for a registry whose address is none.
    package init(
        _ reference: ImageReference, credentials: RegistryCredentials, client: WebClient
    ) throws(RegistryError) {
        self.reference = reference
        self.client = client
        self.credentials = credentials
        // Docker's name for its registry is not where its API is.
        let host = reference.registry == "docker.io" ? "registry-1.docker.io" : reference.registry
        guard let secure = WebURL("https://\(host)/v2/") else {
            throw RegistryError("\(reference) names no registry")
        }
        // As all container runtimes have it: a registry on this machine needs no certificate.
        let isLocal = ["localhost", "::1"].contains(secure.host) || secure.host.hasPrefix("127.")
        base = isLocal ? WebURL("http://\(host)/v2/") ?? secure : secure
    }

    /// The layers of the image, the lowest first, and the digest of its manifest.
    ///
    /// - Parameter architecture: as Go names it, such as `amd64`, where there are several.
    package func layers(
        architecture: String
    ) async throws(RegistryError) -> (digest: String, layers: [ImageLayer]) {
        var identifier = reference.identifier
        // An index of indexes is nothing that anybody makes.
        for _ in 0..<2 {
            let (digest, octets) = try await manifest(identifier)
            switch try ImageManifest(octets) {
            case .image(let layers): return (digest, layers)
            case .index(let entries):
                guard let chosen = ImageManifest.choose(entries, architecture: architecture) else {
                    let known = entries.map(\.platform).joined(separator: ", ")
                    throw RegistryError("\(reference) has nothing for linux/\(architecture): it has \(known)")
                }
                identifier = chosen
            }
        }
        throw RegistryError("\(reference) is an index of indexes")
    }

    private func manifest(_ identifier: String) async throws(RegistryError) -> (String, [UInt8]) {
        let path = "\(path)/manifests/\(identifier)"
        let accept = ImageManifest.mediaTypes.joined(separator: ", ")
        let stream = try await open(path, ["accept": accept], attempts: client.patience.attempts)
        let octets: [UInt8]
        do throws(HTTPError) { octets = try await stream.collect(limit: Self.manifestLimit) } catch {
            throw RegistryError("the manifest of \(reference) cannot be read: \(error)", isTransient: true)
        }
        let digest = "sha256:" + MessageDigest.of(octets).hexadecimal
        let wanted =
            ImageReference.isDigest(identifier) ? identifier : stream.headers["docker-content-digest"]
        if let wanted, ImageReference.isDigest(wanted), wanted != digest {
            throw RegistryError(
                "the manifest of \(reference) has the digest \(digest) and should have \(wanted): it is not what was pushed"
            )
        }
        return (digest, octets)
    }

    /// One attempt to read a blob from an octet on.
    package func openBlob(
        _ digest: String, from offset: Int
    ) async throws(RegistryError) -> HTTPClient.Stream {
        try await open(
            "\(path)/blobs/\(digest)", offset > 0 ? ["range": "bytes=\(offset)-"] : [:], attempts: 1)
    }

    private var path: String {
        let isShort = reference.registry == "docker.io" && !reference.repository.contains("/")
        return base.path + (isShort ? "library/" : "") + reference.repository
    }

    private func open(
        _ path: String, _ headers: HTTPHeaders, attempts: Int
    ) async throws(RegistryError) -> HTTPClient.Stream {
        var url = base
        url.path = path
        var attempt = 1
        var hasAnswered = false
        while true {
            var request = WebRequest("GET", url, headers: headers)
            if let known = authorization.withLock({ $0 }) { request.headers["authorization"] = known }
            let error: WebError
            switch await result(request) {
            case .success(let stream): return stream
            case .failure(let failure): error = failure
            }
            if error.status == 401, !hasAnswered, let field = error.fields["www-authenticate"],
                let challenge = Challenge(field)
            {
                hasAnswered = true
                try await answer(challenge)
                continue
            }
            guard error.isTransient, attempt < attempts else { throw failure(error) }
            do throws(WebError) { try await client.pause(after: attempt, error) } catch {
                throw failure(error)
            }
            attempt += 1
        }
    }

    private func result(_ request: WebRequest) async -> Result<HTTPClient.Stream, WebError> {
        do throws(WebError) { return .success(try await client.openOnce(request)) } catch {
            return .failure(error)
        }
    }

    private func failure(_ error: WebError) -> RegistryError {
        let mend =
            switch error.status {
            case 401, 403: ": mount a pull secret and set DOCKER_CONFIG to its folder"
            case 404: ": look at the name and the tag"
            default: ""
            }
        return RegistryError(
            "\(reference): \(Self.sentence(error))" + mend, status: error.status,
            isTransient: error.isTransient)
    }

    /// The first error that a registry lists, by code and message.
    private static func sentence(_ error: WebError) -> String {
        guard case .status(let status, let words) = error.cause else { return error.description }
        let first = (try? JSON(parsing: Array(words.utf8), maximumDepth: 8))?["errors"]?.array?.first
        let said = [first?["code"]?.string, first?["message"]?.string].compactMap { $0 }.joined(
            separator: ": ")
        return WebError(error.subject, .status(status, said)).description
    }

    private func answer(_ challenge: Challenge) async throws(RegistryError) {
        let user = try credentials.user(of: reference.registry)
        let basic = user.map { "Basic " + Base64.encode($0.utf8) }
        if challenge.scheme == "basic" {
            guard let basic else {
                throw RegistryError(
                    "\(reference): the registry wants a user: mount a pull secret and set DOCKER_CONFIG to its folder",
                    status: 401)
            }
            return authorization.withLock { $0 = basic }
        }
        guard let realm = challenge.parameters["realm"].flatMap({ WebURL($0) }),
            realm.isSecure || !base.isSecure
        else {
            throw RegistryError(
                "\(reference): the registry names no place for tokens that can be asked safely")
        }
        var url = realm
        var query = [("scope", challenge.parameters["scope"] ?? "repository:\(reference.repository):pull")]
        if let service = challenge.parameters["service"] { query.append(("service", service)) }
        let text = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        url.query = url.query.map { $0 + "&" + text } ?? text
        var request = WebRequest("GET", url, headers: ["accept": "application/json"])
        if let basic { request.headers["authorization"] = basic }
        let response: HTTPResponse
        do throws(WebError) { response = try await client.send(request, limit: 1 << 20) } catch {
            throw failure(error)
        }
        let document = try? JSON(parsing: response.bytes, maximumDepth: 8)
        guard let token = document?["token"]?.string ?? document?["access_token"]?.string,
            token.utf8.allSatisfy({ 33...126 ~= $0 })
        else { throw RegistryError("\(reference): the registry's place for tokens gives none") }
        authorization.withLock { $0 = "Bearer " + token }
    }
}
