// The endpoint that ECS and EKS pod identity give to a container. Its address is a variable, so it is held to where such an
// endpoint can be: over plain HTTP only this machine and the agents' own addresses.

internal import HTTP
internal import HTTP1
internal import HTTPProxy
internal import JSON
internal import SystemIO
internal import WebClient

/// Credentials of a container.
struct ContainerEndpoint: Sendable {
    private let url: WebURL
    private let tokenFile: String?
    private let token: String?
    private let client: WebClient

    /// - Returns: nil where the container has none.
    /// - Throws: for an address that cannot be one.
    init?(_ value: (String) -> String?, _ client: WebClient) throws(CredentialError) {
        let relative = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        guard
            let text = relative.map({ "http://169.254.170.2" + $0 })
                ?? value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        else { return nil }
        guard let url = WebURL(text) else {
            throw CredentialError("AWS_CONTAINER_CREDENTIALS_FULL_URI is no http or https URL: correct it")
        }
        guard url.isSecure || Self.isNear(url.host) else {
            throw CredentialError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(url.host) over plain http: it may be this machine,"
                    + " 169.254.170.2, 169.254.170.23 or [fd00:ec2::23] only, else write https")
        }
        self.url = url
        tokenFile = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        // An agent of this machine: what it gives is nothing for a proxy to see.
        self.client = client.through(.none)
    }

    private static func isNear(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") && host.allSatisfy({ "0123456789.".contains($0) })
            || ["::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(host)
    }

    /// Asks the endpoint.
    func credentials() async throws(CredentialError) -> AWSCredentials {
        var headers: HTTPHeaders = ["accept": "application/json"]
        if let token = try authorization() { headers["authorization"] = token }
        let response: HTTPResponse
        do throws(WebError) {
            response = try await client.send(WebRequest("GET", url, headers: headers), limit: 1 << 20)
        } catch {
            throw CredentialError(
                "the container's endpoint gives no credentials: \(AWSAnswer.sentence(error))")
        }
        return try AWSAnswer.credentials(response.bytes, from: "the container's endpoint")
    }

    /// The file is read anew each time: the kubelet renews it.
    private func authorization() throws(CredentialError) -> String? {
        var text = token
        if let tokenFile {
            do throws(SystemError) { text = try Files.readText(tokenFile) } catch {
                throw CredentialError("\(error.description): it is AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            }
        }
        while text?.last?.isNewline == true { text?.removeLast() }
        guard text?.utf8.allSatisfy({ 32...126 ~= $0 }) ?? true else {
            throw CredentialError("the container's authorization token has a character that no header takes")
        }
        return text
    }
}
