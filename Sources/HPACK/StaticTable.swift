// The fields that every peer knows (RFC 7541 appendix A).

/// The static table; indices are from 1 to 61.
enum StaticTable {
    /// The number of entries.
    static let count = 61

    /// Entry `index` of the RFC is field `index - 1` of the list.
    static let entries: HeaderList = [
        ":authority": "",
        ":method": "GET",
        ":method": "POST",
        ":path": "/",
        ":path": "/index.html",
        ":scheme": "http",
        ":scheme": "https",
        ":status": "200",
        ":status": "204",
        ":status": "206",
        ":status": "304",
        ":status": "400",
        ":status": "404",
        ":status": "500",
        "accept-charset": "",
        "accept-encoding": "gzip, deflate",
        "accept-language": "",
        "accept-ranges": "",
        "accept": "",
        "access-control-allow-origin": "",
        "age": "",
        "allow": "",
        "authorization": "",
        "cache-control": "",
        "content-disposition": "",
        "content-encoding": "",
        "content-language": "",
        "content-length": "",
        "content-location": "",
        "content-range": "",
        "content-type": "",
        "cookie": "",
        "date": "",
        "etag": "",
        "expect": "",
        "expires": "",
        "from": "",
        "host": "",
        "if-match": "",
        "if-modified-since": "",
        "if-none-match": "",
        "if-range": "",
        "if-unmodified-since": "",
        "last-modified": "",
        "link": "",
        "location": "",
        "max-forwards": "",
        "proxy-authenticate": "",
        "proxy-authorization": "",
        "range": "",
        "referer": "",
        "refresh": "",
        "retry-after": "",
        "server": "",
        "set-cookie": "",
        "strict-transport-security": "",
        "transfer-encoding": "",
        "user-agent": "",
        "vary": "",
        "via": "",
        "www-authenticate": "",
    ]

    /// The first entry of each name, so that the encoder need not walk the table.
    static let firstOfName: [ArraySlice<UInt8>: Int] = {
        var first: [ArraySlice<UInt8>: Int] = [:]
        for index in 0..<count {
            let name = entries.storage[entries.nameRange(index)]
            if first[name] == nil { first[name] = index + 1 }
        }
        return first
    }()

    /// The index of an entry with this name and, where one has it too, this value.
    static func find(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) -> (index: Int, hasValue: Bool)? {
        guard let first = firstOfName[name] else { return nil }
        var index = first
        while index <= count, entries.storage[entries.nameRange(index - 1)] == name {
            if entries.storage[entries.valueRange(index - 1)] == value { return (index, true) }
            index += 1
        }
        return (first, false)
    }
}
