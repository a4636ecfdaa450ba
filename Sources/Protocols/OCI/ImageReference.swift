// `oci://REGISTRY/NAME[:TAG][@DIGEST]`, by the grammar of the distribution specification.

internal import WebClient

/// Where an image is.
package struct ImageReference: Equatable, Sendable, CustomStringConvertible {
    /// Host and perhaps port of the registry.
    package let registry: String
    /// The repository's name in it.
    package let repository: String
    /// The tag; nil where only a digest is given.
    package let tag: String?
    /// `sha256:...`; nil where none is given.
    package let digest: String?

    /// Parses a reference, with or without `oci://`.
    ///
    /// - Returns: nil for what is none.
    package init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("oci://") { rest = rest.dropFirst(6) }
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        let host = rest[..<slash]
        rest = rest[rest.index(after: slash)...]
        // Docker's short names are somebody's guess about a registry; here one is named.
        guard host.contains(".") || host.contains(":") || host == "localhost",
            WebURL("https://\(host)/")?.user == nil, WebURL("https://\(host)/") != nil
        else { return nil }
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            let text = String(rest[rest.index(after: at)...])
            guard Self.isDigest(text) else { return nil }
            digest = text
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":") {
            let text = String(rest[rest.index(after: colon)...])
            guard Self.isTag(text) else { return nil }
            tag = text
            rest = rest[..<colon]
        }
        guard Self.isRepository(rest) else { return nil }
        registry = String(host)
        repository = String(rest)
        self.digest = digest
        self.tag = tag ?? (digest == nil ? "latest" : nil)
    }

    /// What a manifest is asked for by.
    package var identifier: String { digest ?? tag ?? "latest" }

    /// As it is written.
    package var description: String {
        "oci://\(registry)/\(repository)" + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }

    /// `sha256:` and 64 small hexadecimal digits: the one algorithm that registries use.
    package static func isDigest(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && text.utf8.count == 71
            && text.utf8.dropFirst(7).allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
    }

    private static func isTag(_ text: String) -> Bool {
        1...128 ~= text.utf8.count && text.first != "." && text.first != "-"
            && text.utf8.allSatisfy { isWord($0) || 65...90 ~= $0 || [45, 46].contains($0) }
    }

    private static func isRepository(_ name: Substring) -> Bool {
        1...255 ~= name.utf8.count
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part != "." && part != ".."
                    && part.utf8.allSatisfy { isWord($0) || [45, 46].contains($0) }
            }
    }

    private static func isWord(_ octet: UInt8) -> Bool {
        48...57 ~= octet || 97...122 ~= octet || octet == 95
    }
}
