// Takes an edit back: what the annotation ganglion.dev/rollback-to asks for. The spec is written anew, so the pods follow as
// after any edit, and the history gets one revision more.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI

/// What an annotation asks for.
struct Rollback: Equatable, Sendable {
    /// A JSON patch that does it; nil where there is no such revision.
    var patch: JSON?
    /// What is said of it.
    var sentence: String

    /// What a server's annotation asks for; nil where there is none.
    ///
    /// 0 means the revision before the present one, as in `kubectl rollout undo`.
    init?(_ server: ModelServer) {
        guard let value = server.metadata.annotations[WellKnown.rollbackAnnotation], let spec = server.spec
        else { return nil }
        let revisions = server.status?.revisions ?? []
        let wanted = Int(value)
        let found =
            wanted == 0
            ? revisions.last { $0.spec != spec.podPart } : revisions.first { $0.revision == wanted }
        guard let found, let part = found.spec else {
            let known = revisions.map { String($0.revision) }.joined(separator: ", ")
            sentence =
                "\(WellKnown.rollbackAnnotation) is \"\(value.prefix(40))\": give one of the revisions \(known), or 0 for the one before the present one"
            return
        }
        patch = .array(
            [
                // What is taken back is this version, and none that somebody has written meanwhile.
                [
                    "op": "replace", "path": "/metadata/resourceVersion",
                    "value": .string(server.metadata.resourceVersion),
                ],
                ["op": "remove", "path": .string(Self.pointer)],
            ] + spec.steps(to: part))
        sentence = "pods are made from revision \(found.revision) again"
    }

    /// Takes the annotation away and does nothing else.
    static let withdrawal: JSON = ["metadata": ["annotations": [WellKnown.rollbackAnnotation: .null]]]

    private static let pointer =
        "/metadata/annotations/" + WellKnown.rollbackAnnotation.split(separator: "/").joined(separator: "~1")
}

extension ModelServerSpec {
    /// The steps of a JSON patch that makes pods of something else.
    fileprivate func steps(to part: JSON) -> [JSON] {
        let present = podPart
        return Self.podFields.compactMap { field in
            let path = JSON.string("/spec/\(field)")
            if let value = part[field] { return ["op": "add", "path": path, "value": value] }
            return present[field] == nil ? nil : ["op": "remove", "path": path]
        }
    }
}
