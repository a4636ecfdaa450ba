// HTTP/1.1 messages, in one piece and cut.

internal import HTTP1

let http1Targets = [
    FuzzTarget("http1-requests", longest: 512) { exchange(.requests, $0) },
    FuzzTarget("http1-responses", longest: 512) { exchange(.responses, $0) },
]

private func exchange(_ role: HTTP1Parser.Role, _ input: [UInt8]) {
    var choices = Choices(input)
    let manner = choices.octet()
    let cut = Int(choices.octet())
    let octets = choices.rest
    let whole = parse(role, manner, [octets[...]])
    let parts = parse(role, manner, pieces(octets, cut))
    require(whole == parts, "pieces of \(cut) octets give \(parts), not \(whole)")
}

/// What came, with the body of each message in one piece.
private struct Parsed: Equatable {
    var heads: [HTTP1Parser.Head] = []
    var bodies: [[UInt8]] = [[]]
    var fault: HTTP1Error?
}

private func parse(_ role: HTTP1Parser.Role, _ manner: UInt8, _ pieces: [ArraySlice<UInt8>]) -> Parsed {
    var limits = HTTP1Limits()
    limits.head = 600
    limits.fields = 8
    limits.body = 500
    var parser = HTTP1Parser(role, limits: limits)
    if role == .responses {
        for bit in 0..<4 { parser.expectResponse(toHead: manner >> UInt8(bit) & 1 != 0) }
    }
    var result = Parsed()
    func note(_ event: HTTP1Parser.Event) {
        switch event {
        case .head(let head): result.heads.append(head)
        case .body(let octets):
            require(!octets.isEmpty, "an empty piece of a body")
            result.bodies[result.bodies.count - 1] += octets
        case .end: result.bodies.append([])
        }
    }
    do throws(HTTP1Error) {
        for piece in pieces { try parser.receive(Array(piece).span.bytes, note) }
        try parser.finish(note)
    } catch {
        result.fault = error
        // How much of a body had been handed out before the fault depends on the pieces.
        result.bodies = []
    }
    for body in result.bodies { require(body.count <= limits.body, "a body of \(body.count) octets") }
    return result
}
