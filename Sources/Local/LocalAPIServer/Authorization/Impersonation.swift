// `kubectl --as`: a request in another's name. Whoever makes it needs the right to, for the user and for each group; then only
// the other's rights count (endpoints/filters/impersonation.go).

internal import APIMachinery
internal import CEL
internal import HTTP1

/// Whom a request's headers name.
struct Impersonation: Equatable, Sendable {
    /// `Impersonate-User`; empty for nobody.
    var user: String
    /// Each `Impersonate-Group`.
    var groups: [String]
    /// Headers that are not obeyed, in lower case.
    var others: [String]

    init(_ headers: HTTPHeaders) {
        user = headers["impersonate-user"] ?? ""
        groups = []
        others = []
        for header in headers.fields {
            let name = header.name.lowercased()
            if name == "impersonate-group" {
                groups.append(header.value)
            } else if name.hasPrefix("impersonate-"), name != "impersonate-user" {
                others.append(name)
            }
        }
    }

    /// The user that the request is taken for.
    var impersonated: APIUser {
        var groups = self.groups
        let parts = user.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if let account = Self.account(parts), groups.isEmpty {
            groups = ["system:serviceaccounts", "system:serviceaccounts:\(account.namespace)"]
        }
        let mark = user == "system:anonymous" ? "system:unauthenticated" : "system:authenticated"
        if !groups.contains(mark) { groups.append(mark) }
        return APIUser(user, groups: groups)
    }

    /// What one needs the right `impersonate` for.
    var wanted: [AccessAttributes] {
        let parts = user.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let first =
            if let account = Self.account(parts) {
                AccessAttributes(
                    "impersonate", GroupResource("", "serviceaccounts"), namespace: account.namespace,
                    name: account.name)
            } else {
                AccessAttributes("impersonate", GroupResource("", "users"), namespace: "", name: user)
            }
        return [first]
            + groups.map {
                AccessAttributes("impersonate", GroupResource("", "groups"), namespace: "", name: $0)
            }
    }

    private static func account(_ parts: [String]) -> (namespace: String, name: String)? {
        guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount", !parts[2].isEmpty,
            !parts[3].isEmpty
        else { return nil }
        return (parts[2], parts[3])
    }
}

extension APIServer {
    /// The user that a request counts for.
    ///
    /// - Throws: 403 for one who may not, 400 for headers without a user, 501 for what is not obeyed here.
    func impersonate(_ impersonation: Impersonation, by user: APIUser) throws(APIError) -> APIUser {
        guard impersonation.others.isEmpty else {
            throw APIError(
                501, "NotImplemented",
                "the local cluster takes requests in the name of users and groups: leave out the header "
                    + impersonation.others[0])
        }
        if impersonation.user.isEmpty {
            guard impersonation.groups.isEmpty else {
                throw APIError(
                    500, "InternalError",
                    "Internal error occurred: requested [\(impersonation.groups.joined(separator: " "))] without "
                        + "impersonating a user")
            }
            return user
        }
        for wanted in impersonation.wanted where !isAllowed(wanted, to: user) {
            let place =
                wanted.namespace.isEmpty
                ? "at the cluster scope" : "in the namespace \(quoted(wanted.namespace))"
            throw .forbidden(
                GroupResource("", wanted.resource), wanted.name,
                "User \(quoted(user.name)) cannot impersonate resource \(quoted(wanted.resource)) in API group \"\""
                    + " \(place)")
        }
        return impersonation.impersonated
    }
}
