// Every refusal is a Status object whose code, reason and message clients act on; they are made here, in the words of
// Kubernetes 1.36.

internal import CEL
package import JSON

/// A refusal: an HTTP status and the Status object that goes with it.
package struct APIError: Error, Equatable, Sendable {
    /// The HTTP status.
    package var code: Int
    /// The machine-readable reason; empty for the few errors that have none.
    package var reason: String
    /// The sentence for people.
    package var message: String
    /// The Status's details; nil leaves the member out.
    var details: JSON?
    /// The Status's metadata, where an expired list puts its next continue token.
    var metadata: JSON
    /// Seconds for the Retry-After header.
    package var retryAfter: Int?
    /// Whether the answer is `404 page not found` in plain text instead of a Status.
    package var plain: Bool

    /// A refusal with its parts.
    package init(
        _ code: Int, _ reason: String, _ message: String, details: JSON? = nil, metadata: JSON = [:],
        retryAfter: Int? = nil, plain: Bool = false
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata
        self.retryAfter = retryAfter
        self.plain = plain
    }

    /// The Status object.
    package var status: JSON {
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": .string(message), "code": JSON(code),
        ]
        if !reason.isEmpty { status.reason = .string(reason) }
        if let details { status.details = details }
        return status
    }
}

extension APIError {
    /// `{"name":…,"group":…,"kind":…}` without empty members.
    package static func details(name: String = "", group: String, kind: String) -> JSON {
        var details: JSON = ["kind": .string(kind)]
        if !name.isEmpty { details.name = .string(name) }
        if !group.isEmpty { details.group = .string(group) }
        return details
    }

    /// No such path at all.
    package static let pageNotFound = APIError(404, "NotFound", "404 page not found", plain: true)

    /// A path in a known group that names no resource.
    package static let unknownResource = APIError(
        404, "NotFound", "the server could not find the requested resource", details: [:])

    /// A verb that the resource has not got.
    package static let methodNotAllowed = APIError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
        details: [:])

    /// An object that is not there.
    package static func notFound(_ resource: GroupResource, _ name: String) -> APIError {
        APIError(
            404, "NotFound", "\(resource.qualified) \(quoted(name)) not found",
            details: details(name: name, group: resource.group, kind: resource.resource))
    }

    /// A name that is taken.
    package static func alreadyExists(_ resource: GroupResource, _ name: String) -> APIError {
        APIError(
            409, "AlreadyExists", "\(resource.qualified) \(quoted(name)) already exists",
            details: details(name: name, group: resource.group, kind: resource.resource))
    }

    /// A conflict about an object, with its explanation.
    package static func conflict(_ resource: GroupResource, _ name: String, _ detail: String) -> APIError {
        APIError(
            409, "Conflict",
            "Operation cannot be fulfilled on \(resource.qualified) \(quoted(name)): \(detail)",
            details: details(name: name, group: resource.group, kind: resource.resource))
    }

    /// A write against an old resourceVersion.
    package static func modified(_ resource: GroupResource, _ name: String) -> APIError {
        conflict(
            resource, name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }

    /// Faults of an object's fields.
    package static func invalid(
        group: String, kind: String, name: String, _ errors: [FieldError]
    ) -> APIError {
        let qualified = group.isEmpty ? kind : "\(kind).\(group)"
        let sentences = errors.map(\.sentence)
        let list = sentences.count == 1 ? sentences[0] : "[" + sentences.joined(separator: ", ") + "]"
        var details = details(name: name, group: group, kind: kind)
        details.causes = .array(
            errors.map {
                [
                    "reason": .string($0.reason), "message": .string($0.message),
                    "field": .string($0.shownField),
                ]
            })
        return APIError(
            422, "Invalid", "\(qualified) \(quoted(name)) is invalid: \(list)", details: details)
    }

    /// A request that makes no sense.
    package static func badRequest(_ message: String) -> APIError { APIError(400, "BadRequest", message) }

    /// A request that is not allowed for this object.
    package static func forbidden(_ resource: GroupResource, _ name: String, _ detail: String) -> APIError {
        let object = name.isEmpty ? "" : " \(quoted(name))"
        return APIError(
            403, "Forbidden", "\(resource.qualified)\(object) is forbidden: \(detail)",
            details: details(name: name, group: resource.group, kind: resource.resource))
    }

    /// No valid token.
    package static let unauthorized = APIError(401, "Unauthorized", "Unauthorized")

    /// A version that history no longer reaches.
    package static func expired(_ message: String, metadata: JSON = [:]) -> APIError {
        APIError(410, "Expired", message, metadata: metadata)
    }

    /// A fault of the server itself.
    package static func internalError(_ message: String) -> APIError {
        APIError(500, "InternalError", "Internal error occurred: \(message)")
    }

    /// A body format that the resource does not take.
    package static func unsupportedMediaType(_ accepted: [String]) -> APIError {
        APIError(
            415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }
}
