// Questions about rights and identities, answered by the authorizer that every request meets.

internal import APIMachinery
internal import HTTP
internal import JSON

extension APIServer {
    static let reviewKinds: [String: [(String, String)]] = [
        "authorization.k8s.io": [
            ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
            ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
            ("subjectaccessreviews", "SubjectAccessReview"),
        ],
        "authentication.k8s.io": [
            ("selfsubjectreviews", "SelfSubjectReview"), ("tokenreviews", "TokenReview"),
        ],
    ]

    /// Answers a review; nil when the path is none.
    func review(
        _ request: APIRequest, group: String, version: String, _ rest: ArraySlice<String>
    ) throws(APIError) -> APIAnswer? {
        guard version == "v1", let kinds = Self.reviewKinds[group] else { return nil }
        guard rest.count == 1, let plural = rest.first, let kind = kinds.first(where: { $0.0 == plural })?.1
        else {
            throw .unknownResource
        }
        guard request.method == "POST" else { throw .methodNotAllowed }
        var review = try decode(request, kind: kind)
        review.kind = .string(kind)
        review.apiVersion = .string("\(group)/v1")
        if review.metadata == nil { review.metadata = [:] }
        switch kind {
        case "SelfSubjectReview": review.status = ["userInfo": Self.info(request.user)]
        case "TokenReview":
            if let user = user(token: review.spec?.token?.string ?? "") {
                review.status = ["authenticated": true, "user": Self.info(user)]
            } else {
                review.status = ["user": [:], "error": "invalid bearer token"]
            }
        case "SelfSubjectRulesReview":
            review.status = rulesReview(request.user, in: review.spec?.namespace?.string ?? "")
        default:
            let spec = review.spec ?? [:]
            var user = request.user
            if kind == "SubjectAccessReview" {
                user = APIUser(
                    spec.user?.string ?? "", groups: (spec.groups?.array ?? []).compactMap(\.string))
            }
            guard let wanted = AccessAttributes(review: spec) else {
                throw .invalid(
                    group: group, kind: kind, name: "",
                    [.required("spec", "exactly one of nonResourceAttributes or resourceAttributes")])
            }
            review.status = ["allowed": .bool(isAllowed(wanted, to: user))]
        }
        return .object(201, review)
    }

    private func rulesReview(_ user: APIUser, in namespace: String) -> JSON {
        guard
            !isAllowed(
                AccessAttributes("*", GroupResource("*", "*"), namespace: namespace, name: ""), to: user)
        else {
            return [
                "incomplete": false,
                "resourceRules": [["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]],
                "nonResourceRules": [["verbs": ["*"], "nonResourceURLs": ["*"]]],
            ]
        }
        var resources: [JSON] = []
        var paths: [JSON] = []
        for rule in rules(of: user, in: namespace) {
            if !rule.paths.isEmpty {
                paths.append(["verbs": JSON(rule.verbs), "nonResourceURLs": JSON(rule.paths)])
                continue
            }
            var entry: JSON = [
                "verbs": JSON(rule.verbs), "apiGroups": JSON(rule.groups), "resources": JSON(rule.resources),
            ]
            if !rule.names.isEmpty { entry["resourceNames"] = JSON(rule.names) }
            resources.append(entry)
        }
        return [
            "incomplete": false, "resourceRules": .array(resources), "nonResourceRules": .array(paths),
        ]
    }

    private static func info(_ user: APIUser) -> JSON {
        ["username": .string(user.name), "groups": JSON(user.groups)]
    }

    /// A token for a service account. The local cluster knows no service account tokens: it gives the asker's rights back
    /// under the account's name would be a lie, so it refuses.
    func tokenRequest(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        throw APIError(
            501, "NotImplemented",
            "the local cluster issues no service account tokens: use the token of its kubeconfig")
    }
}
