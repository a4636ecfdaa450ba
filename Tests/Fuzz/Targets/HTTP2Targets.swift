// Frames, and both ends of a connection with an owner that answers, streams or is slow. Each conversation takes place
// twice, in one piece and cut: the same events and the same octets must come of it.

internal import HPACK
internal import HTTP2

let http2Targets = [
    FuzzTarget("http2-frames", longest: 256) { input in
        var offset = 0
        while let header = try? FrameHeader.parse(input.span.bytes, at: offset, maximumLength: 16_384) {
            let start = offset + FrameHeader.size
            guard input.count - start >= header.length else { return }
            if let frame = try? Frame.parse(header, input.span.bytes, at: start) {
                let end = start + header.length
                for range in frame.ranges {
                    require(
                        range.lowerBound >= start && range.upperBound <= end, "\(frame) of \(start)..<\(end)")
                }
            }
            offset = start + header.length
        }
    },
    FuzzTarget("http2-server") { converse(.server, $0) },
    FuzzTarget("http2-client") { converse(.client, $0) },
]

extension Frame {
    /// The places in the buffer that the frame speaks of.
    fileprivate var ranges: [Range<Int>] {
        switch self {
        case .data(_, let range, _, _), .headers(_, let range, _, _), .settings(let range),
            .pushPromise(_, _, let range, _), .goAway(_, _, let range), .continuation(_, let range, _):
            [range]
        case .priority, .reset, .settingsAcknowledgement, .ping, .pingAcknowledgement, .windowUpdate,
            .unknown:
            []
        }
    }
}

/// What the owner of the connection does.
private struct Owner {
    let answers: Bool
    let answerOctets: Int
    let consumes: Bool
    let resets: Bool
    let shutsDown: Bool

    init(_ octet: UInt8) {
        answers = octet & 1 != 0
        answerOctets = [0, 10, 20_000, 200_000][Int(octet >> 1 & 3)]
        consumes = octet & 8 != 0
        resets = octet & 16 != 0
        shutsDown = octet & 32 != 0
    }
}

private func converse(_ role: HTTP2Role, _ input: [UInt8]) {
    var choices = Choices(input)
    let manner = choices.octet()
    let owner = Owner(choices.octet())
    let cut = Int(choices.octet())
    // Either octets as they are, or a compact form of frames, whose lengths are always right.
    let octets = manner & 1 == 0 ? choices.rest : frames(&choices)
    var hello: [UInt8] = []
    if manner & 2 == 0 {
        if role == .server { hello = HTTP2Connection.preface }
        hello += [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]
    }
    // What the socket takes in between changes what happens: it takes nothing where two ways are compared.
    guard cut > 0 else {
        _ = play(role, owner, hello, pieces(octets, 100), draining: true)
        return
    }
    let whole = play(role, owner, hello, [octets[...]], draining: false)
    let parts = play(role, owner, hello, pieces(octets, cut), draining: false)
    require(whole == parts, "pieces of \(cut) octets give other events")
}

private func play(
    _ role: HTTP2Role, _ owner: Owner, _ hello: [UInt8], _ pieces: [ArraySlice<UInt8>], draining: Bool
) -> Trace {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 4
    limits.headerListSize = 1000
    limits.headerBlockSize = 2000
    limits.streamWindow = 65_535
    limits.connectionWindow = 65_535
    var connection = HTTP2Connection(role, limits: limits)
    if role == .client {
        for _ in 0..<3 {
            _ = try? connection.sendRequest(
                [":method": "POST", ":scheme": "http", ":path": "/"], endStream: !owner.answers)
        }
    }
    var trace = Trace()
    for piece in [hello[...]] + pieces {
        connection.receive(Array(piece).span.bytes)
        while let event = connection.next() { react(event, &connection, owner, &trace) }
        require(connection.openStreams <= 4, "\(connection.openStreams) streams are open")
        if draining { connection.drainOutput { trace.add($0.byteCount) } }
    }
    if owner.shutsDown { connection.shutDown() }
    var rest = 0
    while connection.hasOutput, rest < 100 {
        connection.drainOutput { _ in rest += 1 }
        while let event = connection.next() { react(event, &connection, owner, &trace) }
    }
    return trace
}

private func react(
    _ event: HTTP2Event, _ connection: inout HTTP2Connection, _ owner: Owner, _ trace: inout Trace
) {
    switch event {
    case .headers(let stream, let list, let end):
        trace.add([1, end ? 1 : 0])
        trace.add(stream)
        trace.add(list.storage)
        require(list.size <= 1000, "a list of \(list.size) octets")
        if owner.resets { connection.reset(stream, .cancel) }
        if connection.role == .server, owner.answers { connection.sendHeaders(stream, [":status": "200"]) }
        if end || connection.role == .client { answer(stream, &connection, owner) }
    case .informational(let stream, let list):
        trace.add(stream)
        trace.add(list.storage)
    case .data(let stream, let range, let end):
        var body: [UInt8] = []
        connection.copy(range, to: &body)
        require(body.count == range.count, "DATA of \(range) is not in the buffer")
        trace.add([2, end ? 1 : 0])
        trace.add(stream)
        trace.add(body)
        if owner.consumes { connection.consume(body.count, on: stream) }
        if end { answer(stream, &connection, owner) }
    case .trailers(let stream, let list):
        trace.add([3])
        trace.add(stream)
        trace.add(list.storage)
        answer(stream, &connection, owner)
    case .reset(let stream, let code, let byPeer):
        trace.add([4, byPeer ? 1 : 0])
        trace.add(stream)
        trace.add(code.rawValue)
    case .writable(let stream): if owner.resets { connection.reset(stream, .cancel) }
    case .settings: trace.add([6])
    case .goAway(let stream, let code, let debug):
        trace.add([7])
        trace.add(stream)
        trace.add(code.rawValue)
        trace.add(debug)
    case .drained: break
    case .failed(let error):
        trace.add([9])
        trace.add(error.code.rawValue)
        require(connection.isFailed, "a failure that is none: \(error)")
    }
}

private func answer(_ stream: StreamID, _ connection: inout HTTP2Connection, _ owner: Owner) {
    guard owner.answers else { return }
    connection.sendData(stream, [UInt8](repeating: 1, count: owner.answerOctets))
    connection.sendTrailers(stream, ["grpc-status": "0"])
}

/// Frames from a compact form: type, flags, stream, length, payload.
private func frames(_ choices: inout Choices) -> [UInt8] {
    var octets: [UInt8] = []
    while !choices.isEmpty {
        let type = choices.octet()
        let flags = choices.octet()
        let stream = choices.octet()
        let payload = choices.octets(Int(choices.octet()))
        octets += [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream]
        octets += payload
    }
    return octets
}
