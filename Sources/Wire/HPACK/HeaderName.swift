// The same fifty names stand in nearly all headers of the world. Once recognised, where they enter, they are compared as
// numbers: rules and tables then cost a request no look at its octets.

internal import Glibc

/// The name of a field, if it is one of those that are known.
public enum HeaderName: UInt8, Sendable {
    /// A name that is not known.
    case other = 0
    // Those of the static table have the index of their first entry (RFC 7541 appendix A).
    case authority = 1, method, path = 4, scheme = 6, status = 8, acceptCharset = 15
    case acceptEncoding, acceptLanguage, acceptRanges, accept, accessControlAllowOrigin, age
    case allow, authorization, cacheControl, contentDisposition, contentEncoding, contentLanguage
    case contentLength, contentLocation, contentRange, contentType, cookie, date, etag, expect
    case expires, from, host, ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince
    case lastModified, link, location, maxForwards, proxyAuthenticate, proxyAuthorization, range
    case referer, refresh, retryAfter, server, setCookie, strictTransportSecurity
    case transferEncoding, userAgent, vary, via, wwwAuthenticate
    // Of HTTP/1 and of gRPC.
    case te = 62, connection, proxyConnection, keepAlive, upgrade, grpcTimeout, grpcEncoding
    case grpcAcceptEncoding, grpcStatus, grpcMessage

    /// Whether it begins with a colon (RFC 9113 §8.3).
    @inlinable public var isPseudo: Bool { rawValue >= 1 && rawValue < HeaderName.acceptCharset.rawValue }

    private static let own = [
        "te", "connection", "proxy-connection", "keep-alive", "upgrade", "grpc-timeout", "grpc-encoding",
        "grpc-accept-encoding", "grpc-status", "grpc-message",
    ]

    /// The index in the static table of the first entry with this name, or nil.
    var staticIndex: Int? { self != .other && rawValue < HeaderName.te.rawValue ? Int(rawValue) : nil }

    /// Recognises a name by its octets.
    init(_ octets: UnsafeBufferPointer<UInt8>) { self = Self.table.find(octets) }

    /// Recognises a name.
    init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self.table.find($0) }
    }

    private static let table = Table(StaticTable.fields.map(\.0) + own)

    /// Names by a hash of their length and two of their octets. Made once and never given back.
    private struct Table: @unchecked Sendable {
        // @unchecked: the memory is written once, before anybody else can see it.
        private let slots: UnsafeMutablePointer<UInt8>
        private let names: UnsafeMutablePointer<UnsafeBufferPointer<UInt8>>
        private static let size = 512

        init(_ texts: [String]) {
            slots = .allocate(capacity: Self.size)
            slots.initialize(repeating: 0, count: Self.size)
            names = .allocate(capacity: texts.count + 1)
            names.initialize(repeating: UnsafeBufferPointer(start: nil, count: 0), count: texts.count + 1)
            for (index, text) in texts.enumerated() {
                let octets = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
                _ = octets.initialize(from: text.utf8)
                let name = UnsafeBufferPointer(octets)
                names[index + 1] = name
                // The first entry of a name is the one that counts.
                guard find(name) == .other else { continue }
                var slot = Self.hash(name)
                while slots[slot] != 0 { slot = (slot + 1) % Self.size }
                slots[slot] = UInt8(index + 1)
            }
        }

        func find(_ octets: UnsafeBufferPointer<UInt8>) -> HeaderName {
            guard octets.count > 1 else { return .other }
            var slot = Self.hash(octets)
            while slots[slot] != 0 {
                if names[Int(slots[slot])].isEqual(to: octets) {
                    return HeaderName(rawValue: slots[slot]) ?? .other
                }
                slot = (slot + 1) % Self.size
            }
            return .other
        }

        private static func hash(_ octets: UnsafeBufferPointer<UInt8>) -> Int {
            let count = octets.count
            let middle = Int(octets[count / 2]) &* 5
            return (count &* 37 &+ Int(octets[count - 1]) &* 11 &+ Int(octets[1]) &* 3 &+ middle) % size
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether both hold the same octets.
    func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}
