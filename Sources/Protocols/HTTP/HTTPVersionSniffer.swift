// Which version a client speaks: TLS has agreed on it (ALPN), or a client that knows the server begins with the preface of
// HTTP/2, which is no request of HTTP/1.1 (RFC 9113 §3.3, §3.4).

internal import HTTP2
internal import SystemIO

/// Looks at the first octets of a connection.
struct HTTPVersionSniffer {
    enum Verdict: Equatable {
        /// These octets are HTTP/1.1.
        case first([UInt8])
        /// These octets are HTTP/2.
        case second([UInt8])
        /// More are needed.
        case undecided
    }

    private var received: [UInt8] = []

    /// Takes octets, or looks again when there are none.
    ///
    /// - Parameter agreed: what TLS has agreed on; nil without TLS.
    mutating func receive(_ bytes: RawSpan, agreed: String?) -> Verdict {
        bytes.withUnsafeBytes { received.append(contentsOf: $0) }
        if let agreed { return agreed == "h2" ? .second(received) : .first(received) }
        let preface = HTTP2Connection.preface
        guard preface.starts(with: received.prefix(preface.count)) else { return .first(received) }
        return received.count < preface.count ? .undecided : .second(received)
    }
}
