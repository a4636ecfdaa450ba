// A token of somebody whom AWS believes, such as the cluster of a ServiceAccount, for credentials of a role: STS's
// AssumeRoleWithWebIdentity, which nobody has to sign. The token's file is read anew each time: the kubelet renews it.

internal import HTTP
internal import HTTP1
internal import SystemIO
internal import WebClient

/// A role that is assumed with a token.
struct WebIdentity: Sendable {
    private let tokenFile: String
    private let role: String
    private let session: String
    private let endpoint: WebURL
    private let client: WebClient

    /// - Returns: nil where no role is configured so.
    /// - Throws: where one is, and something of it is missing.
    init?(
        _ value: (String) -> String?, _ profile: SharedProfile, _ client: WebClient
    ) throws(CredentialError) {
        let file = value("AWS_WEB_IDENTITY_TOKEN_FILE") ?? profile.settings["web_identity_token_file"]
        guard let file else { return nil }
        guard let role = value("AWS_ROLE_ARN") ?? profile.settings["role_arn"] else {
            throw CredentialError("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN: set both")
        }
        tokenFile = file
        self.role = role
        session =
            value("AWS_ROLE_SESSION_NAME") ?? profile.settings["role_session_name"]
            ?? "ganglion-\(MonotonicClock.now)"
        let address = try AWSRegion.endpoint("sts", value, profile)
        guard let url = WebURL(address) else {
            throw CredentialError("the address \(address) of STS is no URL: correct AWS_ENDPOINT_URL_STS")
        }
        endpoint = url
        self.client = client
    }

    /// Asks STS.
    func credentials() async throws(CredentialError) -> AWSCredentials {
        let token: String
        do throws(SystemError) { token = try Files.readText(tokenFile) } catch {
            throw CredentialError("\(error.description): it is the token of AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", token.filter { !$0.isNewline }),
        ].map { "\($0.0)=\(SignatureV4.encoded($0.1))" }.joined(separator: "&")
        let request = WebRequest(
            "POST", endpoint,
            headers: ["content-type": "application/x-www-form-urlencoded", "accept": "application/xml"],
            body: Array(form.utf8))
        let response: HTTPResponse
        do throws(WebError) { response = try await client.send(request, limit: 1 << 20) } catch {
            throw CredentialError(
                "STS gives no credentials for \(role): \(AWSAnswer.sentence(error)): look at the role's trust policy"
            )
        }
        func leaf(_ name: String) -> String? { XMLText.first(name, of: response.bytes) }
        guard let id = leaf("AccessKeyId"), let key = leaf("SecretAccessKey"),
            let token = leaf("SessionToken"),
            let end = leaf("Expiration").flatMap(WallClock.parse)
        else {
            throw CredentialError("STS's answer for \(role) has no credentials: look at AWS_ENDPOINT_URL_STS")
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: key, sessionToken: token, expiration: end / 1_000_000_000)
    }
}
