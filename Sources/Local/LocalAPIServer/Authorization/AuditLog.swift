// What was asked, by whom, and what came of it: one JSON line a request, in the form of kube-apiserver's audit log
// (audit.k8s.io/v1, level Metadata). An answer that goes on, as a watch's does, is written when it begins.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import JSON
internal import SystemIO

/// Rights that a request needed besides the one that its path and method name.
final class AccessTrail: Sendable {
    private let besides = Lock<[AccessAttributes]>([])

    /// Notes one.
    func note(_ wanted: AccessAttributes) { besides.withLock { $0.append(wanted) } }

    /// All that were noted, in order.
    var all: [AccessAttributes] { besides.withLock { $0 } }
}

/// One line of the audit log.
struct AuditEvent: Sendable {
    /// The annotation with the rights that a request needed besides its own: a JSON list of resourceAttributes.
    static let besides = "ganglion.dev/needed-besides"

    let received = APITime.now
    let id = ObjectNames.uid()
    private let target: String

    /// The event of a request that arrives now.
    init(_ request: HTTPRequest) { target = request.target }

    /// The event once the answer is known.
    ///
    /// - Parameter refusal: why it was refused, nil where it was not.
    func json(_ request: APIRequest, status: Int, refusal: APIError?, isStream: Bool) -> JSON {
        let wanted = AccessAttributes(request)
        var response: JSON = ["metadata": [:], "code": JSON(status)]
        if let refusal {
            response["status"] = "Failure"
            response["message"] = .string(refusal.message)
            if !refusal.reason.isEmpty { response["reason"] = .string(refusal.reason) }
        }
        var event: JSON = [
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": .string(id),
            "stage": isStream ? "ResponseStarted" : "ResponseComplete", "requestURI": .string(target),
            "verb": .string(wanted.verb),
            "user": ["username": .string(request.user.name), "groups": JSON(request.user.groups)],
            "userAgent": .string(request.userAgent), "responseStatus": response,
            "requestReceivedTimestamp": .string(received.microText),
            "stageTimestamp": .string(APITime.now.microText),
        ]
        if !wanted.resource.isEmpty { event["objectRef"] = wanted.reference }
        let besides = request.trail.all
        if !besides.isEmpty {
            let list = JSON.array(besides.map { $0.review }).text()
            event["annotations"] = [Self.besides: .string(list)]
        }
        return event
    }
}

extension AccessAttributes {
    /// As the audit log's objectRef has it.
    fileprivate var reference: JSON {
        var reference: JSON = ["resource": .string(resource), "apiVersion": .string(version)]
        for (key, value) in [
            ("apiGroup", group), ("subresource", subresource), ("namespace", namespace), ("name", name),
        ] where !value.isEmpty { reference[key] = .string(value) }
        return reference
    }

    /// As a SubjectAccessReview's resourceAttributes has it.
    fileprivate var review: JSON {
        var review: JSON = ["verb": .string(verb), "resource": .string(resource)]
        for (key, value) in [
            ("group", group), ("subresource", subresource), ("namespace", namespace), ("name", name),
        ] where !value.isEmpty { review[key] = .string(value) }
        return review
    }

    /// Reads a review's `spec`; nil where it asks about nothing.
    init?(review spec: JSON) {
        if let wanted = spec.resourceAttributes {
            self.init(
                wanted.verb?.string ?? "",
                GroupResource(wanted.group?.string ?? "", wanted.resource?.string ?? ""),
                subresource: wanted.subresource?.string ?? "", namespace: wanted.namespace?.string ?? "",
                name: wanted.name?.string ?? "")
        } else if let wanted = spec.nonResourceAttributes {
            self.init(
                wanted.verb?.string ?? "", GroupResource("", ""), namespace: "", name: "")
            path = wanted.path?.string ?? ""
        } else {
            return nil
        }
    }
}
