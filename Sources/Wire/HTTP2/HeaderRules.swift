// What makes a message malformed (RFC 9113 §8.2, §8.3). Checked on octets, before anything is made into a string: a CR
// or NUL that gets through here ends up in somebody's HTTP/1 request.

internal import HPACK

/// Which rules hold for a header list.
enum MessagePart: Sendable {
    case request
    case response
    case trailers
}

/// What the rules found in a list.
struct HeaderFacts: Equatable, Sendable {
    /// Content-Length, if there is one.
    var contentLength: Int?
    /// The number of `:status`, for responses.
    var status: Int?
}

/// A message that breaks a rule; always a stream error PROTOCOL_ERROR (§8.1.1).
struct MalformedMessage: Error, Equatable, Sendable {
    /// One sentence.
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

extension HeaderList {
    /// Checks the list against the rules for `part`.
    func facts(_ part: MessagePart) throws(MalformedMessage) -> HeaderFacts {
        var facts = HeaderFacts()
        var seen: UInt8 = 0
        var regular = false
        for index in 0..<count {
            let known = knownName(index)
            // A decoder has looked at the octets of most fields already.
            if !isPlain(index) { try checkOctets(index) }
            let isPseudo =
                known == .other ? storage[nameRange(index).lowerBound] == UInt8(ascii: ":") : known.isPseudo
            guard isPseudo else {
                regular = true
                try checkConnectionField(index, known, &facts)
                continue
            }
            guard !regular else { throw MalformedMessage("\(self.name(index)) comes after a regular field") }
            guard part != .trailers else {
                throw MalformedMessage("\(self.name(index)) is among the trailers")
            }
            let bit = try pseudoField(index, known, part, &facts)
            guard seen & bit == 0 else { throw MalformedMessage("\(self.name(index)) is there twice") }
            seen |= bit
        }
        switch part {
        case .request:
            if seen & Pseudo.connect != 0 { break }
            guard seen & Pseudo.request == Pseudo.request else {
                throw MalformedMessage("the request lacks :method, :scheme or :path")
            }
        case .response:
            guard seen & Pseudo.status != 0 else { throw MalformedMessage("the response lacks :status") }
        case .trailers: break
        }
        return facts
    }

    private enum Pseudo {
        static let method: UInt8 = 1
        static let scheme: UInt8 = 2
        static let path: UInt8 = 4
        static let authority: UInt8 = 8
        static let status: UInt8 = 16
        /// Set beside `method` for CONNECT, which has neither scheme nor path (§8.5).
        static let connect: UInt8 = 32
        static let request = method | scheme | path
    }

    private func pseudoField(
        _ index: Int, _ known: HeaderName, _ part: MessagePart, _ facts: inout HeaderFacts
    ) throws(MalformedMessage) -> UInt8 {
        if part == .response {
            guard known == .status else {
                throw MalformedMessage("\(name(index)) is no field of a response")
            }
            let digits = storage[valueRange(index)]
            guard digits.count == 3, let status = decimal(digits), status >= 100 else {
                throw MalformedMessage(":status is no number of three digits")
            }
            facts.status = status
            return Pseudo.status
        }
        switch known {
        case .method: return hasValue(index, "CONNECT") ? Pseudo.method | Pseudo.connect : Pseudo.method
        case .path:
            guard !valueRange(index).isEmpty else { throw MalformedMessage(":path is empty") }
            return Pseudo.path
        case .scheme: return Pseudo.scheme
        // Its value is not looked at: a kubelet sends a percent-encoded path of a socket.
        case .authority: return Pseudo.authority
        default: throw MalformedMessage("\(name(index)) is no field of a request")
        }
    }

    private func checkOctets(_ index: Int) throws(MalformedMessage) {
        guard let first = storage[nameRange(index)].first else {
            throw MalformedMessage("a field has no name")
        }
        try checkValue(index)
        if first != UInt8(ascii: ":") { try checkName(index) }
    }

    /// §8.2.1: no upper case, no control characters, no colon but the first.
    private func checkName(_ index: Int) throws(MalformedMessage) {
        for octet in storage[nameRange(index)] {
            let isUpper = octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z")
            guard octet > 0x20, octet < 0x7f, !isUpper, octet != UInt8(ascii: ":") else {
                throw MalformedMessage("the name of field \(index) holds octet \(octet)")
            }
        }
    }

    /// §8.2.1: no NUL, CR or LF, no blank at the ends.
    private func checkValue(_ index: Int) throws(MalformedMessage) {
        let range = valueRange(index)
        for octet in storage[range] where octet == 0 || octet == 0x0a || octet == 0x0d {
            throw MalformedMessage("the value of \(name(index)) holds octet \(octet)")
        }
        for octet in [storage[range].first, storage[range].last] where octet == 0x20 || octet == 0x09 {
            throw MalformedMessage("the value of \(name(index)) begins or ends with a blank")
        }
    }

    /// §8.2.2 and the Content-Length of §8.1.1.
    private func checkConnectionField(
        _ index: Int, _ known: HeaderName, _ facts: inout HeaderFacts
    ) throws(MalformedMessage) {
        switch known {
        case .te:
            guard !hasValue(index, "trailers") else { return }
            throw MalformedMessage("te is something else than trailers")
        case .contentLength:
            guard let length = decimal(storage[valueRange(index)]),
                facts.contentLength == nil || facts.contentLength == length
            else { throw MalformedMessage("content-length is not one number") }
            facts.contentLength = length
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade:
            throw MalformedMessage("\(name(index)) is a field of HTTP/1")
        default: break
        }
    }

    /// A number of 1 to 15 digits.
    private func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...15).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
