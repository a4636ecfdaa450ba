// Who asks. The secret parts have no way into a log: the description shows the key's id alone.

/// What requests to AWS are signed with.
package struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The id of the key.
    package let accessKeyID: String
    /// The key.
    package let secretAccessKey: String
    /// What belongs to keys that expire; nil for others.
    package let sessionToken: String?
    /// Seconds since 1970 until which they hold; nil for ever.
    package let expiration: Int64?

    /// Credentials.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Int64? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
        self.expiration = expiration
    }

    /// The id of the key, and nothing secret.
    package var description: String { "the key \(accessKeyID)" }

    /// Nothing secret for those who look into values, either.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// Credentials that cannot be had.
package struct CredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence: where they were looked for, what was found, the mend.
    package let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}
