// An HTTP/1.1 message as it arrives (RFC 9112): octets in, events out, no I/O.
//
//     head ──▶ body by length ──▶ end of message ──▶ head ...
//        ├──▶ chunk size ──▶ chunk ──▶ chunk end ──▶ ... ──▶ trailers ──▶ end of message
//        └──▶ body until the end of the connection (responses only)
//
// Where RFC 9112 lets a parser choose, the strict way is taken: what one peer reads as the end of a message must not be
// in the middle of one for another.

/// Parses requests or responses from a stream of octets.
public struct HTTP1Parser {
    /// What this end receives.
    public enum Role: Sendable {
        case requests
        case responses
    }

    /// The start line.
    public enum StartLine: Equatable, Sendable {
        case request(method: String, target: String)
        case response(status: Int, reason: String)
    }

    /// The start line and the fields of a message.
    public struct Head: Equatable, Sendable {
        /// The first line.
        public var start: StartLine
        /// 0 or 1: HTTP/1.0 or HTTP/1.1.
        public var minorVersion: Int
        /// The field lines.
        public var headers: HTTPHeaders

        /// Whether the connection may be used for another message after this one (RFC 9112 §9.3).
        public var keepsAlive: Bool {
            if headers.contains("connection", token: "close") { return false }
            return minorVersion >= 1 || headers.contains("connection", token: "keep-alive")
        }
    }

    /// What has arrived.
    public enum Event: Equatable, Sendable {
        case head(Head)
        /// A piece of the body, never empty.
        case body([UInt8])
        /// The message is complete.
        case end
    }

    private enum State {
        case head
        case length(remaining: Int)
        case untilClose
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
        case failed(HTTP1Error)
    }

    private let role: Role
    private let limits: HTTP1Limits
    private var state = State.head
    /// A head, chunk size or trailer line that is not complete yet.
    private var pending: [UInt8] = []
    private var bodyOctets = 0
    /// For responses: the methods of requests that wait for one, since HEAD's has no body.
    private var expectsNoBody: [Bool] = []

    /// A parser at the start of a connection.
    public init(_ role: Role, limits: HTTP1Limits = HTTP1Limits()) {
        self.role = role
        self.limits = limits
    }

    /// Says that a request was sent, so that its response can be told from the body's absence.
    public mutating func expectResponse(toHead isHead: Bool) { expectsNoBody.append(isHead) }

    /// Whether nothing of a message has arrived: the connection may be closed or used.
    public var isIdle: Bool {
        if case .head = state { return pending.isEmpty }
        return false
    }

    /// Takes octets; `deliver` is called with each event as it is found.
    ///
    /// - Throws: `HTTP1Error`, and the same again for whatever comes after it.
    public mutating func receive(_ bytes: RawSpan, _ deliver: (Event) -> Void) throws(HTTP1Error) {
        var offset = 0
        do throws(HTTP1Error) {
            while try step(bytes, &offset, deliver) {}
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The connection has ended: an end of message where that is what marks it.
    public mutating func finish(_ deliver: (Event) -> Void) throws(HTTP1Error) {
        switch state {
        case .head where pending.isEmpty: return
        case .untilClose:
            state = .head
            deliver(.end)
        case .failed(let error): throw error
        default: throw .truncated
        }
    }

    /// One step of the machine; false when more octets are needed.
    private mutating func step(
        _ bytes: RawSpan, _ offset: inout Int, _ deliver: (Event) -> Void
    ) throws(HTTP1Error) -> Bool {
        switch state {
        case .head: return try takeHead(bytes, &offset, deliver)
        case .length(let remaining):
            guard let taken = takeBody(bytes, &offset, atMost: remaining, deliver) else { return false }
            if taken == remaining { end(deliver) } else { state = .length(remaining: remaining - taken) }
            return true
        case .untilClose:
            guard let taken = takeBody(bytes, &offset, atMost: .max, deliver) else { return false }
            try count(taken)
            return true
        case .chunkSize:
            guard let line = try takeLine(bytes, &offset, limit: 1024) else { return false }
            let size = try Self.chunkSize(line)
            if size > 0 { try count(size) }
            state = size == 0 ? .trailers : .chunk(remaining: size)
            return true
        case .chunk(let remaining):
            guard let taken = takeBody(bytes, &offset, atMost: remaining, deliver) else { return false }
            state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
            return true
        case .chunkEnd:
            guard let line = try takeLine(bytes, &offset, limit: 2) else { return false }
            guard line.isEmpty else { throw .chunk("a chunk is longer than its size says") }
            state = .chunkSize
            return true
        case .trailers:
            // Trailer fields are read and dropped: nothing here uses them (RFC 9110 §6.5.1 allows it).
            guard let line = try takeLine(bytes, &offset, limit: limits.head) else { return false }
            guard !line.isEmpty else {
                end(deliver)
                return true
            }
            _ = try HTTP1Head.field(line[...])
            bodyOctets += line.count
            guard bodyOctets &- limits.head <= limits.body else { throw .headTooLarge(limit: limits.head) }
            return true
        case .failed(let error): throw error
        }
    }

    private mutating func end(_ deliver: (Event) -> Void) {
        state = .head
        bodyOctets = 0
        deliver(.end)
    }

    /// Counts octets of a body whose length was not told before.
    private mutating func count(_ octets: Int) throws(HTTP1Error) {
        let (sum, overflow) = bodyOctets.addingReportingOverflow(octets)
        guard !overflow, sum <= limits.body else { throw .bodyTooLarge(limit: limits.body) }
        bodyOctets = sum
    }

    /// Delivers a piece of the body and returns its length; nil when no octets are left.
    private func takeBody(
        _ bytes: RawSpan, _ offset: inout Int, atMost limit: Int, _ deliver: (Event) -> Void
    ) -> Int? {
        let taken = min(limit, bytes.byteCount - offset)
        guard taken > 0 else { return nil }
        deliver(.body(Array(bytes, offset, taken)))
        offset += taken
        return taken
    }

    /// Takes a line without its end; nil when it is not complete. Only CR LF ends a line here: §2.2 of RFC 9112 lets a bare LF end
    /// one of the head alone, and who takes it elsewhere sees other requests than a proxy before it does.
    private mutating func takeLine(
        _ bytes: RawSpan, _ offset: inout Int, limit: Int
    ) throws(HTTP1Error) -> [UInt8]? {
        var index = offset
        while index < bytes.byteCount, bytes.octet(index) != 10 { index += 1 }
        guard pending.count + index - offset <= limit else {
            throw .chunk("a line is longer than \(limit) octets")
        }
        pending.append(contentsOf: Array(bytes, offset, index - offset))
        guard index < bytes.byteCount else {
            offset = index
            return nil
        }
        offset = index + 1
        var line = pending
        pending.removeAll(keepingCapacity: true)
        guard line.last == 13 else { throw .chunk("a line ends with LF alone") }
        line.removeLast()
        return line
    }

    /// The size that begins a chunk: hexadecimal, then extensions that are ignored (RFC 9112 §7.1.1): blanks and a semicolon before
    /// each, and no control characters.
    private static func chunkSize(_ line: [UInt8]) throws(HTTP1Error) -> Int {
        let digits = line.prefix { $0 != 59 && $0 != 32 && $0 != 9 }
        let rest = line[digits.endIndex...]
        let extensions = rest.drop { $0 == 32 || $0 == 9 }
        guard !digits.isEmpty, digits.count <= 15,
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
            digits.allSatisfy({ $0 != 43 && $0 != 45 }),
            rest.isEmpty || extensions.first == 59,
            rest.allSatisfy({ $0 == 9 || $0 >= 32 && $0 != 127 })
        else { throw .chunk("\"\(String(decoding: line.prefix(32), as: UTF8.self))\" is no chunk size") }
        return size
    }

    // MARK: Head

    private mutating func takeHead(
        _ bytes: RawSpan, _ offset: inout Int, _ deliver: (Event) -> Void
    ) throws(HTTP1Error) -> Bool {
        if pending.isEmpty, let length = Self.wholeHead(bytes, offset) {
            guard length <= limits.head else { throw .headTooLarge(limit: limits.head) }
            let text = Array(bytes, offset, length)
            offset += length
            try take(head: text, deliver)
            return true
        }
        while offset < bytes.byteCount {
            let octet = bytes.octet(offset)
            offset += 1
            // Empty lines before a start line are skipped (RFC 9112 §2.2).
            if pending.isEmpty, octet == 13 || octet == 10 { continue }
            pending.append(octet)
            guard pending.count <= limits.head else { throw .headTooLarge(limit: limits.head) }
            guard octet == 10, Self.endsWithEmptyLine(pending) else { continue }
            let text = pending
            pending.removeAll(keepingCapacity: true)
            try take(head: text, deliver)
            return true
        }
        return false
    }

    private mutating func take(head text: [UInt8], _ deliver: (Event) -> Void) throws(HTTP1Error) {
        let head = try HTTP1Head.parse(text, role: role, maximumFields: limits.fields)
        let framing = try framing(of: head)
        try checkHost(of: head)
        deliver(.head(head))
        if let framing { state = framing } else { end(deliver) }
    }

    /// The length of a head that is there from its first octet to its empty line, as it nearly always is; nil where it is not, or
    /// where empty lines come before it.
    private static func wholeHead(_ bytes: RawSpan, _ start: Int) -> Int? {
        guard start < bytes.byteCount, bytes.octet(start) != 13, bytes.octet(start) != 10 else { return nil }
        var index = start + 1
        while index < bytes.byteCount {
            if bytes.octet(index) == 10 {
                let before = bytes.octet(index - 1)
                if before == 10 || before == 13 && index >= start + 2 && bytes.octet(index - 2) == 10 {
                    return index - start + 1
                }
            }
            index += 1
        }
        return nil
    }

    /// HTTP/1.1 names its host once, and no version twice (RFC 9112 §3.2): with two, a proxy would take the one and this end the
    /// other.
    private func checkHost(of head: Head) throws(HTTP1Error) {
        guard case .request = head.start else { return }
        let hosts = head.headers.all("host")
        guard hosts.count == 1 || hosts.isEmpty && head.minorVersion == 0 else {
            throw .host(hosts.isEmpty ? "there is none" : "there are \(hosts.count)")
        }
        guard let host = hosts.first, !host.utf8.allSatisfy(HTTP1Head.mayBeInHost) else { return }
        throw .host("\"\(String(host.prefix(64)))\" is none")
    }

    private static func endsWithEmptyLine(_ bytes: [UInt8]) -> Bool {
        let count = bytes.count
        if count >= 2, bytes[count - 2] == 10 { return true }
        return count >= 3 && bytes[count - 2] == 13 && bytes[count - 3] == 10
    }

    /// How the body is delimited (RFC 9112 §6.3); nil where there is none.
    private mutating func framing(of head: Head) throws(HTTP1Error) -> State? {
        var mayUseClose = false
        if case .response(let status, _) = head.start {
            if (100..<200).contains(status), status != 101 { return nil }
            let isHead = expectsNoBody.isEmpty ? false : expectsNoBody.removeFirst()
            if isHead || status == 204 || status == 304 { return nil }
            mayUseClose = true
        }
        let codings = head.headers.all("transfer-encoding")
        let lengths = head.headers.all("content-length")
        if !codings.isEmpty {
            guard lengths.isEmpty else {
                throw .framing("both Content-Length and Transfer-Encoding are given")
            }
            guard codings.count == 1, HTTPHeaders.equal(codings[0], "chunked"), head.minorVersion >= 1 else {
                throw .framing(
                    "Transfer-Encoding \(codings.joined(separator: ", ")) is not supported: use chunked")
            }
            return .chunkSize
        }
        guard let first = lengths.first else { return mayUseClose ? .untilClose : nil }
        guard lengths.allSatisfy({ $0 == first }), !first.isEmpty,
            first.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let length = Int(first)
        else { throw .framing("Content-Length is \(lengths.joined(separator: ", "))") }
        guard length <= limits.body else { throw .bodyTooLarge(limit: limits.body) }
        return length == 0 ? nil : .length(remaining: length)
    }
}

extension RawSpan {
    /// The octet at `offset`, which the caller has checked to be inside.
    fileprivate func octet(_ offset: Int) -> UInt8 {
        unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }
}

extension Array where Element == UInt8 {
    /// A copy of `count` octets from `offset`, which the caller has checked to be inside.
    fileprivate init(_ bytes: RawSpan, _ offset: Int, _ count: Int) {
        self = bytes.extracting(droppingFirst: offset).extracting(first: count).withUnsafeBytes { Array($0) }
    }
}
