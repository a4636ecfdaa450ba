// What a request wants, in the words in which rights are given: apiserver's RequestInfo (endpoints/request/requestinfo.go).

internal import APIMachinery
internal import HTTP

/// A request as the authorizer and the audit log see it.
struct AccessAttributes: Hashable, Sendable {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other paths the method in
    /// lower case.
    var verb: String
    var group = ""
    var version = ""
    /// The plural resource name; empty for a path that is no resource.
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    var path: String

    /// Reads a request. What names no resource keeps its path.
    init(_ request: APIRequest) {
        path = "/" + request.segments.joined(separator: "/")
        verb = request.method.lowercased()
        var rest = request.segments[...]
        switch (rest.first, rest.count) {
        case ("api", 3...):
            version = rest[1]
            rest = rest[2...]
        case ("apis", 4...):
            (group, version) = (rest[1], rest[2])
            rest = rest[3...]
        default: return
        }
        if rest.first == "namespaces" {
            if let name = rest.dropFirst().first { namespace = name }
            // `namespaces/x/status` is the namespace's own subresource; anything else stands in the namespace.
            if let third = rest.dropFirst(2).first, !["status", "finalize"].contains(third) {
                rest = rest.dropFirst(2)
            }
        }
        resource = rest.first ?? ""
        name = rest.dropFirst().first ?? ""
        subresource = rest.dropFirst(2).first ?? ""
        verb = Self.verb(request, hasName: !name.isEmpty)
        // A collection of one, as `kubectl get pod NAME --watch` asks for it, may be allowed by its name.
        if name.isEmpty, ["list", "watch", "deletecollection"].contains(verb),
            let selected = request.query["fieldSelector"], selected.hasPrefix("metadata.name="),
            !selected.contains(",")
        {
            name = String(selected.dropFirst("metadata.name=".count))
        }
    }

    private static func verb(_ request: APIRequest, hasName: Bool) -> String {
        switch request.method {
        case "POST": "create"
        case "PUT": "update"
        case "PATCH": "patch"
        case "DELETE": hasName ? "delete" : "deletecollection"
        default: request.flag("watch") ? "watch" : hasName ? "get" : "list"
        }
    }

    /// A right that a request needs besides its own.
    init(
        _ verb: String, _ resource: GroupResource, subresource: String = "", namespace: String, name: String
    ) {
        self.verb = verb
        self.group = resource.group
        self.resource = resource.resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
        path = ""
    }

    /// The resource as rules name it: `pods`, `pods/binding`.
    var qualifiedResource: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}
