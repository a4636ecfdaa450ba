// From a path and a method to a handler.

internal import APIMachinery
internal import HTTP
internal import JSON

extension APIServer {
    func route(_ request: APIRequest) async throws(APIError) -> APIAnswer {
        let segments = request.segments
        switch segments.first {
        case "api", "apis": break
        case "openapi":
            guard request.method == "GET" else { throw .methodNotAllowed }
            return try openAPI(request)
        case nil:
            return .object(
                200,
                [
                    "paths": [
                        "/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz",
                        "/version",
                    ]
                ])
        case "healthz", "livez", "readyz", "version":
            throw .methodNotAllowed
        default: throw .pageNotFound
        }
        let isCore = segments[0] == "api"
        let versionIndex = isCore ? 1 : 2
        if segments.count <= versionIndex + 1 && !(isCore && segments.count > 2) {
            if segments.count < versionIndex + 1 || segments.count == versionIndex + 1 {
                guard request.method == "GET" || request.method == "HEAD" else { throw .methodNotAllowed }
                return try discovery(request)
            }
        }
        let group = isCore ? "" : segments[1]
        let version = segments[versionIndex]
        let rest = segments[(versionIndex + 1)...]
        if let review = try review(request, group: group, version: version, rest) { return review }
        let scope = try catalog.scope(group: group, version: version, rest)
        let answer = try await serve(request, scope)
        // Events and leases come every second, and change nothing that a budget counts.
        if !["GET", "HEAD"].contains(request.method), !["events", "leases"].contains(scope.type.plural) {
            settleBudgets()
        }
        return answer
    }

    private func serve(_ request: APIRequest, _ scope: ResourceScope) async throws(APIError) -> APIAnswer {
        switch (scope.type.resource, scope.subresource) {
        case (GroupResource("", "pods"), "binding"):
            guard request.method == "POST" else { throw .methodNotAllowed }
            return try bind(request, scope)
        case (GroupResource("", "pods"), "eviction"):
            guard request.method == "POST" else { throw .methodNotAllowed }
            return try evict(request, scope)
        case (GroupResource("", "pods"), "log"):
            guard request.method == "GET" else { throw .methodNotAllowed }
            return try await log(request, scope)
        case (GroupResource("", "serviceaccounts"), "token"):
            guard request.method == "POST" else { throw .methodNotAllowed }
            return try tokenRequest(request, scope)
        default: break
        }
        if scope.subresource == "scale" { return try scale(request, scope) }
        let isObject = scope.name != nil
        switch request.method {
        case "GET", "HEAD":
            if isObject, !request.flag("watch") { return try get(request, scope) }
            return request.flag("watch") ? try watch(request, scope) : try list(request, scope)
        case "POST":
            guard !isObject else { throw .methodNotAllowed }
            return try create(request, scope)
        case "PUT":
            guard isObject else { throw .methodNotAllowed }
            return try replace(request, scope)
        case "PATCH":
            guard isObject else { throw .methodNotAllowed }
            return try patch(request, scope)
        case "DELETE":
            guard scope.subresource.isEmpty else { throw .methodNotAllowed }
            if isObject { return try delete(request, scope) }
            guard scope.type.verbs.contains("deletecollection") else { throw .methodNotAllowed }
            return try deleteCollection(request, scope)
        default: throw .methodNotAllowed
        }
    }
}
