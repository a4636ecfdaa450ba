// What we send. DATA that the windows do not allow yet waits in its stream; what waits goes out in turns, a frame each,
// so that one large answer does not hold up the others.

public import HPACK

extension HTTP2Connection {
    /// Why a client cannot open a stream now.
    public enum CannotOpen: Error, Equatable, Sendable {
        /// The peer's MAX_CONCURRENT_STREAMS are open; try again when one has ended.
        case tooManyStreams
        /// GOAWAY came, the numbers are used up, or the connection has failed: a new connection is needed.
        case connectionEnding
    }

    /// Opens a stream with a request; clients only.
    ///
    /// - Returns: its number.
    public mutating func sendRequest(
        _ headers: HeaderList, endStream: Bool = false
    ) throws(CannotOpen) -> StreamID {
        guard role == .client, !isFailed, peerLastStream == nil, streams.canOpen else {
            throw .connectionEnding
        }
        guard canOpenStream else { throw .tooManyStreams }
        let index = streams.open(sendWindow: peerSettings.initialWindowSize)
        let id = streams[index].id
        write(headers, index, endStream: endStream)
        return id
    }

    /// Whether the peer's MAX_CONCURRENT_STREAMS leaves room for one more stream.
    public var canOpenStream: Bool { streams.count < peerSettings.maximumConcurrentStreams }

    /// Begins a response, or is one when `endStream`; nothing happens on a stream that is over.
    public mutating func sendHeaders(_ stream: StreamID, _ headers: HeaderList, endStream: Bool = false) {
        guard let index = streams.index(stream), streams[index].takesMore else { return }
        write(headers, index, endStream: endStream)
    }

    /// Sends octets of a body as far as the windows and the buffer allow; the rest waits in the stream.
    ///
    /// - Returns: whether all has been written; if not, `writable` will come.
    @discardableResult
    public mutating func sendData(_ stream: StreamID, _ bytes: [UInt8], endStream: Bool = false) -> Bool {
        guard let index = streams.index(stream), streams[index].takesMore else { return true }
        var sent = 0
        if streams[index].backlog == nil {
            while sent < bytes.count {
                let size = room(index, bytes.count - sent)
                guard size > 0 else { break }
                let isLast = endStream && sent + size == bytes.count
                writeData(index, bytes.span.bytes, sent..<sent + size, endStream: isLast)
                sent += size
                if isLast {
                    finishLocal(index)
                    return true
                }
            }
            if sent == bytes.count {
                if endStream { writeEnd(index) }
                return true
            }
        }
        streams[index].wait(bytes[sent...], then: endStream ? .endStream : .open)
        return false
    }

    /// Sends a short prefix and octets of a body as one, without joining them before.
    ///
    /// - Parameter prefix: eight octets at most, the first one in the highest bits of `octets`.
    /// - Returns: as `sendData`.
    @discardableResult
    public mutating func sendData(
        _ stream: StreamID, prefix: (octets: UInt64, count: Int), _ bytes: [UInt8]
    ) -> Bool {
        let prefixCount = min(max(prefix.count, 0), 8)
        guard let index = streams.index(stream), streams[index].takesMore else { return true }
        let count = prefixCount + bytes.count
        guard streams[index].backlog == nil, room(index, count) == count else {
            var joined: [UInt8] = []
            joined.reserveCapacity(count)
            joined.append(prefix.octets, count: prefixCount)
            joined.append(contentsOf: bytes)
            return sendData(stream, joined)
        }
        spend(index, count)
        outbound.appendData(stream, prefix: (prefix.octets, prefixCount), bytes)
        return true
    }

    /// Ends our side with trailers, after what waits.
    public mutating func sendTrailers(_ stream: StreamID, _ trailers: HeaderList) {
        guard let index = streams.index(stream), streams[index].takesMore else { return }
        if streams[index].backlog == nil {
            write(trailers, index, endStream: true)
        } else {
            streams[index].wait([], then: .trailers(trailers))
        }
    }

    /// Octets of the stream that wait for room; 0 when it is over.
    public func waitingOctets(_ stream: StreamID) -> Int {
        streams.index(stream).map { streams[$0].waitingOctets } ?? 0
    }

    /// Whether the stream is open or half closed.
    public func isOpen(_ stream: StreamID) -> Bool { streams.index(stream) != nil }

    /// Ends a stream at once; what waits in it is dropped, and no event comes of it.
    public mutating func reset(_ stream: StreamID, _ code: ErrorCode) {
        guard let index = streams.index(stream), !isFailed else { return }
        outbound.appendReset(stream, code)
        streams.remove(at: index, as: .resetByUs)
        noteStreamEnd()
    }

    /// Resets the streams that waited for room at the last call too and that nothing has gone out on since: the peer
    /// lives, but keeps a window shut or does not read (the "Data Dribble" of CVE-2019-9511, and window size 0). Each is
    /// told to the owner as a reset that we made.
    ///
    /// - Returns: whether streams wait now, so that another look makes sense.
    public mutating func resetStalled() -> Bool {
        guard !isFailed else { return false }
        var waits = false
        for index in stride(from: streams.count - 1, through: 0, by: -1) {
            guard streams[index].backlog != nil else { continue }
            guard streams[index].isStalled() else {
                waits = true
                continue
            }
            let id = streams[index].id
            reset(id, .cancel)
            events.append(.reset(id, .cancel, byPeer: false))
        }
        return waits
    }

    /// The owner has used octets of a stream's body: the peer may send as many again.
    public mutating func consume(_ octets: Int, on stream: StreamID) {
        guard let index = streams.index(stream), let increment = streams[index].consume(octets) else {
            return
        }
        outbound.appendWindowUpdate(stream, increment)
    }

    /// Asks the peer for a sign of life: its answer is octets that come.
    public mutating func sendPing(_ opaque: UInt64) {
        guard !isFailed else { return }
        outbound.appendPing(opaque, acknowledge: false)
    }

    /// Shuts down without losing anything: open streams go on, `drained` comes after the last.
    public mutating func shutDown() {
        guard !isFailed else { return }
        guard case .warn(let ping) = drain.start(ping: 0x6761_6e67_6c69_6f6e) else { return }
        outbound.appendGoAway(0x7fff_ffff, .noError)
        outbound.appendPing(ping, acknowledge: false)
    }

    /// Says that no more streams are taken, without waiting for the peer to know.
    public mutating func closeToNewStreams() {
        guard !isFailed, drain.force(lastStream: streams.highestOfPeer) else { return }
        outbound.appendGoAway(streams.highestOfPeer, .noError)
        noteStreamEnd()
    }

    /// Ends the connection with GOAWAY; nothing is read any more.
    public mutating func abort(_ code: ErrorCode, _ reason: String = "") {
        _ = close(code, reason)
    }

    // MARK: Inside

    /// How many of `octets` may go out on a stream now.
    private func room(_ index: Int, _ octets: Int) -> Int {
        max(0, outbound.room(streams[index].room(octets)))
    }

    private mutating func write(_ headers: HeaderList, _ index: Int, endStream: Bool) {
        outbound.appendHeaders(streams[index].id, headers, endStream: endStream)
        budgets.refund()
        if endStream { finishLocal(index) }
    }

    private mutating func writeData(_ index: Int, _ bytes: RawSpan, _ range: Range<Int>, endStream: Bool) {
        spend(index, range.count)
        outbound.appendData(streams[index].id, bytes, range, endStream: endStream)
    }

    private mutating func spend(_ index: Int, _ octets: Int) {
        streams[index].spend(octets)
        budgets.refund()
    }

    /// Ends our side with DATA that is empty.
    private mutating func writeEnd(_ index: Int) {
        writeData(index, RawSpan(), 0..<0, endStream: true)
        finishLocal(index)
    }

    /// Our side is over. A server's answer is the end of the stream even if the client has not finished: it is told to
    /// stop without an error (§8.1).
    private mutating func finishLocal(_ index: Int) {
        streams[index].endSending()
        if role == .server, streams[index].canReceive {
            outbound.appendReset(streams[index].id, .noError)
            streams.remove(at: index, as: .resetByUs)
            noteStreamEnd()
        } else {
            removeIfClosed(index)
        }
    }

    /// Sends what waits, in turns.
    mutating func pump() {
        guard streams.haveBacklog else { return }
        var progress = true
        while progress {
            progress = false
            var turn = 0
            var size = streams.count
            while turn < size {
                if sendOneFrame(streams.indexOfTurn(turn)) {
                    progress = true
                    if streams.count < size {
                        // The stream ended and left the table.
                        size = streams.count
                        continue
                    }
                }
                turn += 1
            }
            streams.endRound()
        }
    }

    /// Sends one frame of what waits; false when nothing does or there is no room.
    private mutating func sendOneFrame(_ index: Int) -> Bool {
        guard let backlog = streams[index].backlog else { return false }
        let size = room(index, backlog.count)
        guard size > 0 else { return false }
        let head = backlog.head
        var endsHere = false
        if size == backlog.count, case .endStream = backlog.end { endsHere = true }
        writeData(index, backlog.octets.span.bytes, head..<head + size, endStream: endsHere)
        guard let end = streams[index].leave(size) else { return true }
        events.append(.writable(streams[index].id))
        if endsHere {
            finishLocal(index)
        } else if case .trailers(let trailers) = end {
            write(trailers, index, endStream: true)
        }
        return true
    }
}
