// The fields that every peer knows (RFC 7541 appendix A).

/// The static table; indices are from 1 to 61.
enum StaticTable {
    /// The number of entries.
    static let count = 61

    /// Entry `index` of the RFC is `fields[index - 1]`.
    static let fields: [(String, String)] = [
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""),
    ]

    /// The same as a list, so that its octets can be copied.
    static let entries: HeaderList = {
        var list = HeaderList()
        for (name, value) in fields { list.add(name, value) }
        return list
    }()

    /// The index of an entry with this name, which starts at `first`, and with this value if there is one.
    static func find(
        _ name: HeaderName, first: Int, value: UnsafeBufferPointer<UInt8>
    ) -> (index: Int, hasValue: Bool) {
        let entries = Self.entries
        var index = first
        while index <= count, entries.knownName(index - 1) == name {
            if entries.hasValue(index - 1, octets: value) { return (index, true) }
            index += 1
        }
        return (first, false)
    }
}
