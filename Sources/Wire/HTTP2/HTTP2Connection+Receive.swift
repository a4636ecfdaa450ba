// What each frame of the peer does (RFC 9113 §6). Frames are taken one at a time, so that an owner can answer an event
// before the next frame is looked at.

internal import HPACK

extension HTTP2Connection {
    /// Deals with one frame. False when none is complete.
    mutating func receiveFrame() -> Bool {
        do throws(Fault) {
            guard let (header, start) = try nextFrame() else { return false }
            try headers.check(header)
            try receive(header, at: start)
        } catch {
            switch error {
            case .connection(let error): fail(error)
            case .stream(let error): fail(error)
            }
        }
        return true
    }

    private mutating func nextFrame() throws(Fault) -> (header: FrameHeader, start: Int)? {
        do throws(ConnectionError) {
            return try inbound.nextFrame()
        } catch {
            throw .connection(error)
        }
    }

    private mutating func receive(_ header: FrameHeader, at start: Int) throws(Fault) {
        switch try Frame.parse(header, inbound.octets.span.bytes, at: start) {
        case .data(let stream, let payload, let flow, let endStream):
            try receiveData(stream, payload, flow, endStream)
        case .headers(let stream, let block, let endStream, let endHeaders):
            guard endHeaders else {
                try headers.begin(.init(stream, endStream: endStream, Array(inbound.octets[block])))
                return
            }
            try receiveBlock(stream, inbound.octets, block, endStream)
        case .continuation(let stream, let block, let endHeaders):
            guard let whole = try headers.append(inbound.octets[block], endHeaders: endHeaders) else {
                return
            }
            try receiveBlock(stream, whole.octets, whole.octets.indices, whole.endStream)
        case .priority: try budgets.spendControlFrame()
        case .reset(let stream, let code): try receiveReset(stream, code)
        case .settings(let entries): try receiveSettings(entries)
        case .settingsAcknowledgement: settingsAcknowledged = true
        case .pushPromise:
            throw .connection(.protocolError, "the peer sent PUSH_PROMISE, which we do not allow")
        case .ping(let opaque):
            try budgets.spendControlFrame()
            if role == .server { try budgets.spendPing(isIdle: streams.isEmpty) }
            outbound.appendPing(opaque, acknowledge: true)
        case .pingAcknowledgement(let opaque): receivePingAcknowledgement(opaque)
        case .goAway(let lastStream, let code, let debug):
            try budgets.spendControlFrame()
            receiveGoAway(lastStream, code, debug)
        case .windowUpdate(let stream, let increment): try receiveWindowUpdate(stream, increment)
        case .unknown: try budgets.spendControlFrame()
        }
    }

    // MARK: DATA

    private mutating func receiveData(
        _ stream: StreamID, _ payload: Range<Int>, _ flow: Int, _ endStream: Bool
    ) throws(Fault) {
        guard receiveWindow.receive(flow) else {
            throw .connection(
                .flowControlError, "the peer sent more octets than the connection's window allows")
        }
        // The connection's window only bounds what is on the way: the streams' windows hold back what nobody consumes.
        if let increment = receiveWindow.consume(flow) { outbound.appendWindowUpdate(0, increment) }
        if payload.isEmpty, !endStream { try budgets.spendControlFrame() }
        guard let index = streams.index(stream) else {
            guard !streams.isIdle(stream) else {
                throw .connection(.protocolError, "DATA came on idle stream \(stream)")
            }
            if streams.manner(stream) == .resetByUs { return }
            throw .connection(.streamClosed, "DATA came on closed stream \(stream)")
        }
        try streams[index].receiveData(payload.count, flow: flow, endStream: endStream)
        let padding = flow - payload.count
        if padding > 0, !endStream { consume(padding, on: stream) }
        events.append(.data(stream, payload, endStream: endStream))
        if endStream { removeIfClosed(index) }
    }

    // MARK: HEADERS

    private mutating func receiveBlock(
        _ stream: StreamID, _ octets: [UInt8], _ range: Range<Int>, _ endStream: Bool
    ) throws(Fault) {
        var list = HeaderList()
        let outcome = try headers.decode(octets.span.bytes.extracting(range), into: &list)
        let index: Int
        if let known = streams.index(stream) {
            index = known
        } else {
            guard let opened = try open(stream) else { return }
            index = opened
        }
        let isFirst = try streams[index].beginsMessage()
        guard outcome == .complete else {
            throw .stream(
                stream, .enhanceYourCalm, "the header list is larger than \(headers.listLimit) octets")
        }
        if isFirst {
            try receiveHeaders(stream, index, list, endStream)
        } else {
            _ = try facts(stream, list, .trailers)
            try streams[index].receiveTrailers(endStream: endStream)
            events.append(.trailers(stream, list))
            removeIfClosed(index)
        }
    }

    private mutating func facts(
        _ stream: StreamID, _ list: HeaderList, _ part: MessagePart
    ) throws(Fault) -> HeaderFacts {
        do throws(MalformedMessage) {
            return try headers.facts(list, part)
        } catch {
            throw .stream(stream, .protocolError, error.reason)
        }
    }

    private mutating func receiveHeaders(
        _ stream: StreamID, _ index: Int, _ list: HeaderList, _ endStream: Bool
    ) throws(Fault) {
        let facts = try facts(stream, list, role == .server ? .request : .response)
        if let status = facts.status, status < 200 {
            guard !endStream, status != 101 else {
                throw .stream(stream, .protocolError, "status \(status) cannot end a response")
            }
            try budgets.spendControlFrame()
            events.append(.informational(stream, list))
            return
        }
        if endStream, let expected = facts.contentLength, expected != 0, role == .server {
            throw streams[index].wrongLength
        }
        streams[index].receiveHeaders(contentLength: facts.contentLength, endStream: endStream)
        events.append(.headers(stream, list, endStream: endStream))
        if endStream { removeIfClosed(index) }
    }

    /// Opens a stream of the peer, or says what its HEADERS are instead. Nil when they are to be ignored.
    private mutating func open(_ stream: StreamID) throws(Fault) -> Int? {
        guard streams.isIdle(stream) else {
            switch streams.manner(stream) {
            case .resetByUs: return nil
            case .ended, .resetByPeer:
                throw .connection(.streamClosed, "HEADERS came on closed stream \(stream)")
            case nil:
                throw .connection(
                    .protocolError, "HEADERS came on stream \(stream), which was skipped or is long over")
            }
        }
        guard role == .server, stream % 2 == 1 else {
            throw .connection(.protocolError, "the peer cannot open stream \(stream)")
        }
        if drain.ignores(stream) { return nil }
        streams.noteUsed(stream)
        guard streams.count < concurrentStreams else {
            throw .stream(stream, .refusedStream, "\(concurrentStreams) streams are open already")
        }
        return streams.open(stream, sendWindow: peerSettings.initialWindowSize)
    }

    // MARK: Control

    private mutating func receiveReset(_ stream: StreamID, _ code: ErrorCode) throws(Fault) {
        guard !streams.isIdle(stream) else {
            throw .connection(.protocolError, "RST_STREAM came on idle stream \(stream)")
        }
        try budgets.spendReset()
        guard let index = streams.index(stream) else { return }
        streams.remove(at: index, as: .resetByPeer)
        events.append(.reset(stream, code, byPeer: true))
        noteStreamEnd()
    }

    private mutating func receiveSettings(_ entries: Range<Int>) throws(Fault) {
        try budgets.spendControlFrame()
        guard entries.count / 6 <= settingsEntries else {
            throw .connection(
                .enhanceYourCalm, "a SETTINGS frame has more than \(settingsEntries) entries")
        }
        var settings = peerSettings
        do {
            try settings.apply(inbound.octets.span.bytes, entries, fromServer: role == .client)
        } catch {
            throw .connection(error)
        }
        let change = settings.initialWindowSize - peerSettings.initialWindowSize
        peerSettings = settings
        outbound.apply(settings)
        if change != 0 {
            for index in streams.indices {
                guard streams[index].changeSendWindow(by: change) else {
                    throw .connection(
                        .flowControlError, "INITIAL_WINDOW_SIZE makes a window larger than 2^31-1")
                }
            }
        }
        outbound.appendSettingsAcknowledgement()
        events.append(.settings)
        if change > 0 { pump() }
    }

    private mutating func receivePingAcknowledgement(_ opaque: UInt64) {
        guard drain.acknowledge(ping: opaque, lastStream: streams.highestOfPeer) else { return }
        outbound.appendGoAway(streams.highestOfPeer, .noError)
        noteStreamEnd()
    }

    private mutating func receiveGoAway(_ lastStream: StreamID, _ code: ErrorCode, _ debug: Range<Int>) {
        if role == .client {
            peerLastStream = min(peerLastStream ?? lastStream, lastStream)
            // §6.8: what is above was not and will not be processed.
            while let stream = streams.last, stream.id > lastStream {
                streams.remove(at: streams.count - 1, as: .resetByUs)
                events.append(.reset(stream.id, .refusedStream, byPeer: true))
            }
        }
        events.append(
            .goAway(lastStream: lastStream, code, debug: Array(inbound.octets[debug].prefix(256))))
    }

    private mutating func receiveWindowUpdate(_ stream: StreamID, _ increment: Int) throws(Fault) {
        guard stream != 0 else {
            guard outbound.openWindow(by: increment) else {
                throw .connection(
                    .flowControlError, "WINDOW_UPDATE makes the connection's window larger than 2^31-1")
            }
            pump()
            return
        }
        guard let index = streams.index(stream) else {
            guard !streams.isIdle(stream) else {
                throw .connection(.protocolError, "WINDOW_UPDATE came on idle stream \(stream)")
            }
            return
        }
        guard streams[index].changeSendWindow(by: increment) else {
            throw .stream(
                stream, .flowControlError, "WINDOW_UPDATE makes the stream's window larger than 2^31-1")
        }
        pump()
    }
}
