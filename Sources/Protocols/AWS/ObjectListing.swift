// A page of ListObjectsV2. Keys come percent-encoded, since XML has no way to write some characters that a key may have.

internal import Text

/// A page.
struct ObjectListing: Equatable {
    private(set) var objects: [BucketObject] = []
    /// What asks for the next page; nil at the end.
    private(set) var next: String?

    /// - Returns: nil for what is no page.
    init?(_ octets: [UInt8]) {
        var object = BucketObject(key: "", size: -1, tag: "")
        var found: [BucketObject] = []
        var token: String?
        var isTruncated = false
        var isListing = false
        var isBroken = false
        let isWhole = XMLText.leaves(octets) { path, text in
            isListing = isListing || path == ["ListBucketResult"]
            guard path.count > 1, path[0] == "ListBucketResult" else { return }
            switch path.dropFirst().joined(separator: "/") {
            case "Contents/Key": object.key = PercentEncoding.decode(text, plusIsSpace: true)
            case "Contents/Size": object.size = Int(text) ?? -1
            case "Contents/ETag": object.tag = text
            case "Contents":
                isBroken = isBroken || object.key.isEmpty || object.size < 0
                found.append(object)
                object = BucketObject(key: "", size: -1, tag: "")
            case "NextContinuationToken": token = text
            case "IsTruncated": isTruncated = text == "true"
            default: break
            }
        }
        guard isWhole, isListing, !isBroken, !isTruncated || token != nil else { return nil }
        objects = found
        next = isTruncated ? token : nil
    }
}
