// Where a model is, as its URI says: `s3://BUCKET/PREFIX`, `http(s)://HOST/FILE`, `oci://REGISTRY/NAME:TAG`, and archives
// of this machine. A digest may stand behind it: `#sha256=HEX`.

internal import OCI
internal import WebClient

/// A place that a model is fetched from.
package struct ModelLocation: Sendable, Equatable {
    enum Place: Sendable, Equatable {
        /// An archive of this machine.
        case archive(path: String)
        case web(WebURL)
        case bucket(String, prefix: String)
        case image(ImageReference)
    }

    let place: Place
    /// 64 small hexadecimal digits of the file's SHA-256; nil where nobody has said it.
    let sha256: String?
    /// The URI as it may be shown: without user, query and fragment.
    package let shown: String

    /// Reads a URI.
    ///
    /// - Returns: nil for what is no place to fetch from: a folder or a file of this machine that is used where it is, and the
    ///   words of other programs.
    /// - Throws: `ModelSourceError` for a URI of a known scheme that is malformed.
    package init?(_ uri: String) throws(ModelSourceError) {
        let mark = uri.firstIndex(of: "#")
        let body = String(uri[..<(mark ?? uri.endIndex)])
        shown = Self.shown(uri)
        sha256 = try mark.map { mark throws(ModelSourceError) in
            try Self.digest(uri[uri.index(after: mark)...], Self.shown(uri))
        }
        if body.hasPrefix("http://") || body.hasPrefix("https://") {
            guard let url = WebURL(body) else {
                throw ModelSourceError(shown, .location, "it is no URL", mend: "write https://HOST/PATH/FILE")
            }
            guard !url.path.hasSuffix("/") else {
                throw ModelSourceError(
                    shown, .location, "it names a folder, which HTTP has no list of",
                    mend: "name an archive (.tar.gz) or a file")
            }
            place = .web(url)
        } else if body.hasPrefix("s3://") {
            let rest = body.dropFirst(5)
            let bucket = rest.prefix { $0 != "/" }
            let prefix = rest.dropFirst(bucket.count + 1)
            guard !bucket.isEmpty, !prefix.contains("//") else {
                throw ModelSourceError(
                    shown, .location, "it names no bucket", mend: "write s3://BUCKET/PREFIX")
            }
            place = .bucket(String(bucket), prefix: String(prefix))
        } else if body.hasPrefix("oci://") {
            guard let reference = ImageReference(body) else {
                throw ModelSourceError(
                    shown, .location, "it names no image",
                    mend: "write oci://REGISTRY/NAME:TAG, the registry with its host")
            }
            place = .image(reference)
        } else {
            let path = body.hasPrefix("file://") ? String(body.dropFirst(7)) : body
            guard ArchiveForm(name: path) != nil else { return nil }
            place = .archive(path: path)
        }
    }

    /// A URI as it may be shown: without a user's name, password and signed query, also where it cannot be read.
    package static func shown(_ uri: String) -> String {
        if let url = WebURL(uri) { return url.description }
        let text = uri.prefix { $0 != "#" }
        let isWeb = ["http:", "https:"].contains { text.lowercased().hasPrefix($0) }
        guard isWeb else { return String(text.prefix(512)) }
        // What is wrong with it may be in the password, so nothing up to the last @ is shown.
        let place = text.prefix { $0 != "?" }
        guard let mark = place.lastIndex(of: "@") else { return String(place.prefix(512)) }
        return "https://" + place[place.index(after: mark)...].prefix(512)
    }

    private static func digest(_ fragment: Substring, _ shown: String) throws(ModelSourceError) -> String {
        let value = fragment.hasPrefix("sha256=") ? fragment.dropFirst(7).lowercased() : ""
        guard ImageReference.isDigest("sha256:" + value) else {
            throw ModelSourceError(
                shown, .location, "what follows # is no digest",
                mend: "write #sha256= and 64 hexadecimal digits")
        }
        return value
    }
}

/// How a file holds several.
enum ArchiveForm: Sendable, Equatable {
    case tar
    case gzip

    /// By the end of a name; nil for what is no archive.
    init?(name: String) {
        let name = name.lowercased()
        if name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz") {
            self = .gzip
        } else if name.hasSuffix(".tar") {
            self = .tar
        } else {
            return nil
        }
    }
}
