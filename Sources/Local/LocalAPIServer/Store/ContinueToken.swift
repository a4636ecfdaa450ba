// The token that carries a paged list on: the version of the list and the key after which to go on, as the real server
// encodes them (storage/continue.go): base64url without padding of a small JSON object.

internal import APIMachinery
internal import JSON
internal import SystemIO

/// Where a paged list goes on.
struct ContinueToken: Equatable {
    /// The version of the first page; -1 for "whatever is there now".
    var revision: Int64
    /// The key of the last object that was sent, relative to the list's prefix.
    var after: String

    init(revision: Int64, after: String) {
        self.revision = revision
        self.after = after
    }

    init(parsing text: String) throws(APIError) {
        let fault = APIError.badRequest("invalid continue token: continue key is not valid: \(text)")
        guard let bytes = Base64.decode(text, allowing: [.padding, .urlAlphabet]),
            let json = try? JSON(parsing: bytes)
        else { throw fault }
        guard json.v?.string == "meta.k8s.io/v1", let revision = json.rv?.int, var start = json.start?.string
        else { throw fault }
        if start.hasSuffix("\0") { start.removeLast() }
        if start.hasPrefix("/") { start.removeFirst() }
        self.revision = Int64(revision)
        after = start
    }

    var text: String {
        let json: JSON = [
            "v": "meta.k8s.io/v1", "rv": .int(revision), "start": .string("/" + after + "\0"),
        ]
        return Base64.encode(json.serialized(), padded: false, url: true)
    }
}
