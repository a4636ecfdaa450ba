// What services answer. Errors show code and message and nothing else of the body: S3 sends back what it thinks was signed,
// the session token in it.

internal import JSON
internal import SystemIO
internal import WebClient

/// Reads answers.
enum AWSAnswer {
    /// What a failure says, in one sentence without secrets.
    static func sentence(_ error: WebError) -> String {
        guard case .status(let status, let words) = error.cause else { return error.description }
        let code = code(of: words)
        let message = XMLText.first("Message", of: Array(words.utf8)) ?? leaf("Message", words)
        let said = [code, message].compactMap { $0 }.joined(separator: ": ")
        return WebError(error.subject, .status(status, said)).description
    }

    /// The code of an error, such as `NoSuchBucket`; nil where there is none.
    static func code(of words: String) -> String? { leaf("Code", words) }

    /// An element's text, though the document may have been cut.
    private static func leaf(_ name: String, _ words: String) -> String? {
        guard let start = words.firstRange(of: "<\(name)>"),
            let end = words[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        return String(words[start.upperBound..<end.lowerBound])
    }

    /// Credentials as the endpoints of containers and instances write them.
    static func credentials(_ octets: [UInt8], from place: String) throws(CredentialError) -> AWSCredentials {
        guard let document = try? JSON(parsing: octets, maximumDepth: 4),
            let id = document["AccessKeyId"]?.string, let key = document["SecretAccessKey"]?.string
        else { throw CredentialError("\(place) answers without credentials") }
        if let code = document["Code"]?.string, code != "Success" {
            throw CredentialError("\(place) answers with \(code.prefix(64))")
        }
        let end = document["Expiration"]?.string.flatMap(WallClock.parse)
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: key, sessionToken: document["Token"]?.string,
            expiration: end.map { $0 / 1_000_000_000 })
    }
}

/// Where services are.
enum AWSRegion {
    /// The region that is configured; nil for none.
    static func configured(_ value: (String) -> String?, _ profile: SharedProfile) -> String? {
        value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? profile.settings["region"]
    }

    /// The address of a service: one that is configured for it or for all, else AWS's own.
    static func endpoint(
        _ service: String, _ value: (String) -> String?, _ profile: SharedProfile
    ) throws(CredentialError) -> String {
        if let custom = custom(service, value, profile) { return custom }
        // Without a region, the one that there was first.
        guard let region = configured(value, profile) else { return "https://\(service).amazonaws.com" }
        guard isName(region) else {
            throw CredentialError("the region \(region.prefix(64)) is none: correct AWS_REGION")
        }
        return "https://\(service).\(region).\(domain(region))"
    }

    /// The address that is configured; nil for none.
    static func custom(
        _ service: String, _ value: (String) -> String?, _ profile: SharedProfile
    ) -> String? {
        guard value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() != "true" else { return nil }
        return value("AWS_ENDPOINT_URL_" + service.uppercased()) ?? value("AWS_ENDPOINT_URL")
            ?? profile.settings["endpoint_url"]
    }

    /// A region becomes part of a host's name.
    static func isName(_ region: String) -> Bool {
        1...63 ~= region.utf8.count
            && region.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 || $0 == UInt8(ascii: "-") }
    }

    static func domain(_ region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}
