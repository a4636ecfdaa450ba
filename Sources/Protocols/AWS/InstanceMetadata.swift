// The role of the EC2 instance, by version 2 of its metadata service: a token first, which no page that was made to fetch a
// URL can get. A pod may be a hop too far for it; then nothing answers, and the wait for that is short.

internal import HTTP
internal import HTTP1
internal import HTTPProxy
internal import SystemIO
internal import WebClient

/// Credentials of an instance.
struct InstanceMetadata: Sendable {
    private let base: String
    private let client: WebClient

    /// The service at its ordinary address, or where `AWS_EC2_METADATA_SERVICE_ENDPOINT` says.
    init(_ value: (String) -> String?, _ client: WebClient) {
        var address = value("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while address.hasSuffix("/") { address.removeLast() }
        base = address
        var patience = WebPatience()
        patience.timeout = .seconds(1)
        patience.attempts = 2
        patience.backoff = client.patience.backoff
        // Not through a proxy, which would be given the proxy's own role.
        self.client = client.with(patience).through(.none)
    }

    /// Asks for the role's credentials.
    func credentials() async throws(CredentialError) -> AWSCredentials {
        do throws(WebError) {
            let token = try await ask(
                "PUT", "/latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
            let path = "/latest/meta-data/iam/security-credentials/"
            let headers: HTTPHeaders = ["x-aws-ec2-metadata-token": token]
            let role = try await ask("GET", path, headers).split(whereSeparator: \.isNewline).first ?? ""
            let answer = try await ask("GET", path + SignatureV4.encoded(String(role)), headers)
            return try Self.read(answer)
        } catch {
            throw CredentialError(
                "there are no AWS credentials in the environment or ~/.aws, and the instance's metadata service gives none"
                    + " (\(AWSAnswer.sentence(error))): give the pod a role (EKS pod identity or IRSA) or set"
                    + " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
    }

    private static func read(_ answer: String) throws(WebError) -> AWSCredentials {
        do throws(CredentialError) {
            return try AWSAnswer.credentials(Array(answer.utf8), from: "the instance's metadata service")
        } catch {
            throw WebError("GET of the role's credentials", .answer(error.description))
        }
    }

    private func ask(_ method: String, _ path: String, _ headers: HTTPHeaders) async throws(WebError)
        -> String
    {
        guard let url = WebURL(base + path) else {
            throw WebError(method, .answer("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL"))
        }
        let response = try await client.send(WebRequest(method, url, headers: headers), limit: 65_536)
        return String(decoding: response.bytes, as: UTF8.self)
    }
}
