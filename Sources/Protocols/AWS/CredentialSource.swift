// Credentials in the order in which AWS's SDKs look for them: the environment, a web identity (EKS's IRSA), the shared files,
// the container's endpoint (ECS, EKS pod identity), the instance's (IMDSv2). The first that is configured counts: one that
// is configured and fails is an error, not a reason to be somebody else.

internal import HTTP
internal import SystemIO
package import WebClient

/// Gives credentials that hold, and fetches new ones before they expire.
package actor CredentialSource {
    /// Where credentials are from.
    enum Origin: Sendable {
        case fixed(AWSCredentials)
        case webIdentity(WebIdentity)
        case container(ContainerEndpoint)
        case instance(InstanceMetadata)
    }

    /// Seconds before their end at which credentials are replaced: half of the time for which the shortest hold.
    package static let margin: Int64 = 450

    private let origin: Origin
    private let now: @Sendable () -> Int64
    private var known: AWSCredentials?
    private var fetching: Task<Result<AWSCredentials, CredentialError>, Never>?

    /// A source for the environment of a process.
    ///
    /// - Parameters:
    ///   - environment: the value of a variable.
    ///   - now: seconds since 1970.
    /// - Throws: `CredentialError` where what is configured cannot be used.
    package init(
        environment: @escaping @Sendable (String) -> String?, client: WebClient,
        now: @escaping @Sendable () -> Int64 = { WallClock.now / 1_000_000_000 }
    ) throws(CredentialError) {
        @Sendable func value(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        self.now = now
        let profile = try SharedProfile(value)
        origin = try Self.find(value, profile, client)
    }

    private static func find(
        _ value: @escaping @Sendable (String) -> String?, _ profile: SharedProfile, _ client: WebClient
    ) throws(CredentialError) -> Origin {
        switch (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY")) {
        case (let id?, let key?):
            return .fixed(
                AWSCredentials(
                    accessKeyID: id, secretAccessKey: key, sessionToken: value("AWS_SESSION_TOKEN")))
        case (nil, nil): break
        case (nil, _):
            throw CredentialError("AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID: set both")
        case (_, nil):
            throw CredentialError("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set both")
        }
        if let identity = try WebIdentity(value, profile, client) { return .webIdentity(identity) }
        if let credentials = try fixed(profile) { return .fixed(credentials) }
        if profile.name != "default", !profile.isThere {
            throw CredentialError(
                "AWS_PROFILE is \(profile.name), and no file has that profile: add it or unset the variable")
        }
        if let endpoint = try ContainerEndpoint(value, client) { return .container(endpoint) }
        guard value("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
            throw CredentialError(
                "there are no AWS credentials, and AWS_EC2_METADATA_DISABLED is set: give the pod a role (EKS pod identity or"
                    + " IRSA) or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        return .instance(InstanceMetadata(value, client))
    }

    /// What the profile says itself; ways that need a program or a browser are refused by name.
    private static func fixed(_ profile: SharedProfile) throws(CredentialError) -> AWSCredentials? {
        let settings = profile.settings
        if let id = settings["aws_access_key_id"], let key = settings["aws_secret_access_key"],
            settings["role_arn"] == nil
        {
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: key, sessionToken: settings["aws_session_token"])
        }
        for key in ["role_arn", "credential_process", "sso_session", "sso_start_url", "login_session"]
        where settings[key] != nil {
            throw CredentialError(
                "profile \(profile.name) has \(key), which is not supported here: give the pod a role (EKS pod identity or"
                    + " IRSA), or keys in the profile")
        }
        return nil
    }

    /// Credentials that hold for a while.
    ///
    /// - Throws: `CredentialError`.
    package func credentials() async throws(CredentialError) -> AWSCredentials {
        if let known, holds(known, for: Self.margin) { return known }
        if case .fixed(let credentials) = origin { return credentials }
        let task = fetching ?? Task { [origin] in await Self.fetch(origin) }
        fetching = task
        let result = await task.value
        fetching = nil
        switch result {
        case .success(let credentials):
            known = credentials
            return credentials
        case .failure(let error):
            // What is known holds still: whoever gives credentials may be away for a moment.
            if let known, holds(known, for: 0) { return known }
            throw error
        }
    }

    private func holds(_ credentials: AWSCredentials, for seconds: Int64) -> Bool {
        credentials.expiration.map { $0 - seconds > now() } ?? true
    }

    private static func fetch(_ origin: Origin) async -> Result<AWSCredentials, CredentialError> {
        do throws(CredentialError) {
            switch origin {
            case .fixed(let credentials): return .success(credentials)
            case .webIdentity(let identity): return .success(try await identity.credentials())
            case .container(let endpoint): return .success(try await endpoint.credentials())
            case .instance(let metadata): return .success(try await metadata.credentials())
            }
        } catch {
            return .failure(error)
        }
    }
}
