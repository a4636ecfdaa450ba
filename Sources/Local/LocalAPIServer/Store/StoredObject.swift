// Objects are kept as values and as the bytes that lists and watches send: an object is serialised once, when it is
// written, however many clients read it.

internal import APIMachinery
internal import JSON

/// An object at one version.
struct StoredObject: Sendable {
    /// The object, with `apiVersion` and `kind` of the version it was stored in.
    let json: JSON
    /// The object as JSON text without `apiVersion` and `kind`, which depend on who asks.
    let body: [UInt8]
    /// Its resourceVersion.
    let revision: Int64

    /// Takes an object whose metadata.resourceVersion is already set.
    init(_ json: JSON, revision: Int64) {
        self.json = json
        self.revision = revision
        var bare = json
        bare.apiVersion = nil
        bare.kind = nil
        body = bare.serialized()
    }

    /// The object as JSON text of a version and kind.
    func encoded(apiVersion: String, kind: String) -> [UInt8] {
        var bytes = Array(#"{"kind":"\#(kind)","apiVersion":"\#(apiVersion)""#.utf8)
        bytes.reserveCapacity(bytes.count + body.count + 1)
        if body.count > 2 {
            bytes.append(44)
            bytes.append(contentsOf: body[1...])
        } else {
            bytes.append(125)
        }
        return bytes
    }
}

/// One change of one object.
package struct StoreEvent: Sendable {
    /// What happened.
    enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
    }

    /// The change's resourceVersion.
    let revision: Int64
    /// What happened.
    let kind: Kind
    /// Whose change it is.
    let name: ObjectName
    /// The object after the change; for a deletion its last state with the deletion's version.
    let object: StoredObject
    /// The object before the change; nil for a creation.
    let previous: StoredObject?
}
