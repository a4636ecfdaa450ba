// What each frame of the peer does (RFC 9113 §6). Frames are taken one at a time, so that an owner can answer an event
// before the next frame is looked at.

internal import HPACK

extension HTTP2Connection {
    /// Deals with one frame. False when none is complete.
    mutating func receiveFrame() -> Bool {
        guard phase != .failed, receivePreface() else { return false }
        guard phase != .failed else { return true }
        do throws(Fault) {
            guard let header = try frameHeader() else { return false }
            let start = inboundHead + FrameHeader.size
            guard inbound.count - start >= header.length else { return false }
            inboundHead = start + header.length
            try receive(header, at: start)
        } catch {
            switch error {
            case .connection(let error): fail(error)
            case .stream(let error): fail(error)
            }
        }
        return true
    }

    private func frameHeader() throws(Fault) -> FrameHeader? {
        do {
            return try FrameHeader.parse(inbound.span.bytes, at: inboundHead, maximumLength: limits.frameSize)
        } catch {
            throw .connection(error)
        }
    }

    /// Checks the client's preface, octet by octet: what is not HTTP/2 is noticed at its first line (§3.4). False while
    /// octets of it are missing; where it is wrong, the connection has failed.
    private mutating func receivePreface() -> Bool {
        guard case .preface(var matched) = phase else { return true }
        while matched < Self.preface.count, inboundHead < inbound.count {
            guard inbound[inboundHead] == Self.preface[matched] else {
                fail(ConnectionError(.protocolError, "the peer does not begin with the preface of HTTP/2"))
                return true
            }
            matched += 1
            inboundHead += 1
        }
        phase = matched == Self.preface.count ? .settings : .preface(matched)
        return phase == .settings
    }

    private mutating func receive(_ header: FrameHeader, at start: Int) throws(Fault) {
        if phase == .settings {
            guard header.type == FrameHeader.Kind.settings, header.flags & FrameHeader.Flag.acknowledge == 0
            else {
                throw .connection(
                    .protocolError, "the peer's first frame is not SETTINGS but type \(header.type)")
            }
            phase = .open
        }
        if let pendingBlock {
            // §6.10: nothing may come between the frames of one header block.
            guard header.type == FrameHeader.Kind.continuation, header.stream == pendingBlock.stream else {
                throw .connection(
                    .protocolError,
                    "a frame of type \(header.type) comes inside of the header block of stream \(pendingBlock.stream)"
                )
            }
        }
        switch try Frame.parse(header, inbound.span.bytes, at: start) {
        case .data(let stream, let payload, let flow, let endStream):
            try receiveData(stream, payload, flow, endStream)
        case .headers(let stream, let block, let endStream, let endHeaders):
            guard endHeaders else {
                try begin(PendingBlock(stream: stream, endStream: endStream, octets: Array(inbound[block])))
                return
            }
            try receiveBlock(stream, inbound, block, endStream)
        case .continuation(let stream, let block, let endHeaders):
            try receiveContinuation(stream, block, endHeaders)
        case .priority: try spendControlFrame()
        case .reset(let stream, let code): try receiveReset(stream, code)
        case .settings(let entries): try receiveSettings(entries)
        case .settingsAcknowledgement: settingsAcknowledged = true
        case .pushPromise:
            throw .connection(.protocolError, "the peer sent PUSH_PROMISE, which we do not allow")
        case .ping(let opaque):
            try spendControlFrame()
            try countPing()
            output.appendPing(opaque, acknowledge: true)
        case .pingAcknowledgement(let opaque): receivePingAcknowledgement(opaque)
        case .goAway(let lastStream, let code, let debug):
            try spendControlFrame()
            receiveGoAway(lastStream, code, debug)
        case .windowUpdate(let stream, let increment): try receiveWindowUpdate(stream, increment)
        case .unknown: try spendControlFrame()
        }
    }

    /// Whether a stream without an entry has never been used.
    func isIdle(_ stream: StreamID) -> Bool {
        let isOwn = stream % 2 == (role == .client ? 1 : 0)
        return isOwn ? stream >= nextOwnStream : stream > highestPeerStream
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
        if let increment = receiveWindow.consume(flow) { output.appendWindowUpdate(0, increment) }
        if payload.isEmpty, !endStream { try spendControlFrame() }
        guard let index = streams.index(stream) else {
            guard !isIdle(stream) else {
                throw .connection(.protocolError, "DATA came on idle stream \(stream)")
            }
            if closed.manner(stream) == .resetByUs { return }
            throw .connection(.streamClosed, "DATA came on closed stream \(stream)")
        }
        guard streams[index].state.canReceive else {
            throw .stream(stream, .streamClosed, "DATA came after END_STREAM")
        }
        guard streams[index].receivedHeaders else {
            throw .stream(stream, .protocolError, "DATA came before the headers")
        }
        guard streams[index].receiveWindow.receive(flow) else {
            throw .stream(
                stream, .flowControlError, "the peer sent more octets than the stream's window allows")
        }
        if let expected = streams[index].expectedOctets {
            let rest = expected - payload.count
            guard rest >= 0, !endStream || rest == 0 else {
                throw .stream(stream, .protocolError, "the body is not as long as content-length says")
            }
            streams[index].expectedOctets = rest
        }
        let padding = flow - payload.count
        if padding > 0, !endStream { consume(padding, on: stream) }
        emit(.data(stream, payload, endStream: endStream))
        if endStream { endRemote(index) }
    }

    // MARK: HEADERS

    private mutating func begin(_ block: PendingBlock) throws(Fault) {
        guard block.octets.count <= limits.headerBlockSize else {
            throw .connection(
                .enhanceYourCalm, "a header block is longer than \(limits.headerBlockSize) octets")
        }
        pendingBlock = block
    }

    private mutating func receiveContinuation(
        _ stream: StreamID, _ block: Range<Int>, _ endHeaders: Bool
    ) throws(Fault) {
        guard var pending = pendingBlock else {
            throw .connection(.protocolError, "CONTINUATION came without a header block to continue")
        }
        pendingBlock = nil
        pending.continuations += 1
        guard pending.continuations <= limits.continuations,
            pending.octets.count + block.count <= limits.headerBlockSize
        else {
            throw .connection(.enhanceYourCalm, "a header block has too many CONTINUATION frames or octets")
        }
        pending.octets.append(contentsOf: inbound[block])
        guard endHeaders else {
            pendingBlock = pending
            return
        }
        try receiveBlock(stream, pending.octets, pending.octets.indices, pending.endStream)
    }

    private mutating func receiveBlock(
        _ stream: StreamID, _ octets: [UInt8], _ range: Range<Int>, _ endStream: Bool
    ) throws(Fault) {
        // Whatever becomes of the stream: the block is decoded, for the tables have to stay in step (§4.3).
        var list = HeaderList()
        let outcome: HPACKDecoder.Outcome
        do {
            outcome = try decoder.decode(octets.span.bytes.extracting(range), into: &list)
        } catch {
            throw .connection(.compressionError, error.description)
        }
        let index: Int
        if let known = streams.index(stream) {
            index = known
        } else {
            guard let opened = try open(stream) else { return }
            index = opened
        }
        guard streams[index].state.canReceive else {
            throw .stream(stream, .streamClosed, "HEADERS came after END_STREAM")
        }
        guard outcome == .complete else {
            throw .stream(
                stream, .enhanceYourCalm, "the header list is larger than \(limits.headerListSize) octets")
        }
        try receiveList(stream, index, list, endStream)
    }

    private mutating func receiveList(
        _ stream: StreamID, _ index: Int, _ list: HeaderList, _ endStream: Bool
    ) throws(Fault) {
        let isFirst = !streams[index].receivedHeaders
        let part: MessagePart = isFirst ? (role == .server ? .request : .response) : .trailers
        let facts: HeaderFacts
        if let checked, checked.part == part, checked.list.isSame(as: list) {
            facts = checked.facts
        } else {
            do {
                facts = try list.facts(part)
            } catch {
                throw .stream(stream, .protocolError, error.reason)
            }
            // Only a small one is kept, so that a connection that is idle holds little.
            checked = list.size <= 2048 ? CheckedList(list: list, part: part, facts: facts) : nil
        }
        guard isFirst else {
            guard endStream else { throw .stream(stream, .protocolError, "trailers came without END_STREAM") }
            if let expected = streams[index].expectedOctets, expected != 0 {
                throw .stream(stream, .protocolError, "the body is not as long as content-length says")
            }
            emit(.trailers(stream, list))
            endRemote(index)
            return
        }
        if let status = facts.status, status < 200 {
            guard !endStream, status != 101 else {
                throw .stream(stream, .protocolError, "status \(status) cannot end a response")
            }
            try spendControlFrame()
            emit(.informational(stream, list))
            return
        }
        if endStream, let expected = facts.contentLength, expected != 0, role == .server {
            throw .stream(stream, .protocolError, "the body is not as long as content-length says")
        }
        streams[index].receivedHeaders = true
        streams[index].expectedOctets = facts.contentLength
        emit(.headers(stream, list, endStream: endStream))
        if endStream { endRemote(index) }
    }

    /// Opens a stream of the peer, or says what its HEADERS are instead. Nil when they are to be ignored.
    private mutating func open(_ stream: StreamID) throws(Fault) -> Int? {
        guard isIdle(stream) else {
            switch closed.manner(stream) {
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
        highestPeerStream = stream
        guard streams.count < limits.concurrentStreams else {
            throw .stream(stream, .refusedStream, "\(limits.concurrentStreams) streams are open already")
        }
        streams.append(
            HTTP2Stream(
                id: stream, receiveWindow: ReceiveWindow(size: limits.streamWindow),
                sendWindow: SendWindow(peerSettings.initialWindowSize)))
        return streams.count - 1
    }

    // MARK: Control

    private mutating func receiveReset(_ stream: StreamID, _ code: ErrorCode) throws(Fault) {
        guard !isIdle(stream) else {
            throw .connection(.protocolError, "RST_STREAM came on idle stream \(stream)")
        }
        guard limits.resets.take(at: now) else {
            throw .connection(.enhanceYourCalm, "the peer resets too many streams")
        }
        guard let index = streams.index(stream) else { return }
        streams.remove(at: index)
        closed.note(stream, .resetByPeer)
        emit(.reset(stream, code, byPeer: true))
        noteStreamEnd()
    }

    private mutating func receiveSettings(_ entries: Range<Int>) throws(Fault) {
        try spendControlFrame()
        guard entries.count / 6 <= limits.settingsEntries else {
            throw .connection(
                .enhanceYourCalm, "a SETTINGS frame has more than \(limits.settingsEntries) entries")
        }
        var settings = peerSettings
        do {
            try settings.apply(inbound.span.bytes, entries, fromServer: role == .client)
        } catch {
            throw .connection(error)
        }
        let change = settings.initialWindowSize - peerSettings.initialWindowSize
        peerSettings = settings
        encoder.setTableLimit(settings.headerTableSize)
        if change != 0 {
            for index in 0..<streams.count {
                guard streams[index].sendWindow.change(by: change) else {
                    throw .connection(
                        .flowControlError, "INITIAL_WINDOW_SIZE makes a window larger than 2^31-1")
                }
            }
        }
        output.appendSettingsAcknowledgement()
        emit(.settings)
        if change > 0 { pump() }
    }

    /// The words of GOAWAY are those that clients look for (gRFC A8).
    private mutating func countPing() throws(Fault) {
        guard role == .server, limits.pings?.note(at: now, isIdle: streams.isEmpty) == false else { return }
        throw .connection(.enhanceYourCalm, "too_many_pings")
    }

    private mutating func receivePingAcknowledgement(_ opaque: UInt64) {
        guard drain.acknowledge(ping: opaque, lastStream: highestPeerStream) else { return }
        output.appendGoAway(highestPeerStream, .noError)
        noteStreamEnd()
    }

    private mutating func receiveGoAway(_ lastStream: StreamID, _ code: ErrorCode, _ debug: Range<Int>) {
        if role == .client {
            peerLastStream = min(peerLastStream ?? lastStream, lastStream)
            // §6.8: what is above was not and will not be processed.
            while let stream = streams.streams.last, stream.id > lastStream {
                streams.remove(at: streams.count - 1)
                closed.note(stream.id, .resetByUs)
                emit(.reset(stream.id, .refusedStream, byPeer: true))
            }
        }
        emit(.goAway(lastStream: lastStream, code, debug: Array(inbound[debug].prefix(256))))
    }

    private mutating func receiveWindowUpdate(_ stream: StreamID, _ increment: Int) throws(Fault) {
        guard stream != 0 else {
            guard sendWindow.change(by: increment) else {
                throw .connection(
                    .flowControlError, "WINDOW_UPDATE makes the connection's window larger than 2^31-1")
            }
            pump()
            return
        }
        guard let index = streams.index(stream) else {
            guard !isIdle(stream) else {
                throw .connection(.protocolError, "WINDOW_UPDATE came on idle stream \(stream)")
            }
            return
        }
        guard streams[index].sendWindow.change(by: increment) else {
            throw .stream(
                stream, .flowControlError, "WINDOW_UPDATE makes the stream's window larger than 2^31-1")
        }
        pump()
    }

    /// The peer's side of a stream is over.
    private mutating func endRemote(_ index: Int) {
        streams[index].state.endRemote()
        removeIfClosed(index)
    }

    /// Forgets a stream of which both sides are over.
    mutating func removeIfClosed(_ index: Int) {
        guard streams[index].state == .closed else { return }
        closed.note(streams[index].id, .ended)
        streams.remove(at: index)
        noteStreamEnd()
    }

    /// A stream is gone: perhaps it was the last that a shutdown waited for.
    mutating func noteStreamEnd() {
        if streams.isEmpty, drain.finish() { emit(.drained) }
    }
}
