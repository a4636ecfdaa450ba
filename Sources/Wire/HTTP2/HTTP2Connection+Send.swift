// What we send. DATA that the windows do not allow yet waits in its stream; what waits goes out in turns, a frame each,
// so that one large answer does not hold up the others.

package import HPACK

extension HTTP2Connection {
    /// Why a client cannot open a stream now.
    package enum CannotOpen: Error, Equatable, Sendable {
        /// The peer's MAX_CONCURRENT_STREAMS are open; try again when one has ended.
        case tooManyStreams
        /// GOAWAY came, the numbers are used up, or the connection has failed: a new connection is needed.
        case connectionEnding
    }

    /// Opens a stream with a request; clients only.
    ///
    /// - Returns: its number.
    package mutating func sendRequest(
        _ headers: HeaderList, endStream: Bool = false
    ) throws(CannotOpen) -> StreamID {
        guard role == .client, phase != .failed, peerLastStream == nil, nextOwnStream < 0x7fff_fff0 else {
            throw .connectionEnding
        }
        guard canOpenStream else { throw .tooManyStreams }
        let id = nextOwnStream
        nextOwnStream += 2
        streams.append(
            HTTP2Stream(
                id: id, receiveWindow: ReceiveWindow(size: limits.streamWindow),
                sendWindow: SendWindow(peerSettings.initialWindowSize)))
        write(headers, streams.count - 1, endStream: endStream)
        return id
    }

    /// Whether the peer's MAX_CONCURRENT_STREAMS leaves room for one more stream.
    package var canOpenStream: Bool { streams.count < peerSettings.maximumConcurrentStreams }

    /// Begins a response, or is one when `endStream`; nothing happens on a stream that is over.
    package mutating func sendHeaders(_ stream: StreamID, _ headers: HeaderList, endStream: Bool = false) {
        guard let index = streams.index(stream), streams[index].takesMore else { return }
        write(headers, index, endStream: endStream)
    }

    /// Sends octets of a body as far as the windows and the buffer allow; the rest waits in the stream.
    ///
    /// - Returns: whether all has been written; if not, `writable` will come.
    @discardableResult
    package mutating func sendData(_ stream: StreamID, _ bytes: [UInt8], endStream: Bool = false) -> Bool {
        guard let index = streams.index(stream), streams[index].takesMore else { return true }
        var sent = 0
        if streams[index].waitingOctets == 0 {
            while sent < bytes.count {
                let size = room(index, bytes.count - sent)
                guard size > 0 else { break }
                let isLast = sent + size == bytes.count
                writeData(index, bytes.span.bytes, sent..<sent + size, endStream: endStream && isLast)
                sent += size
                if endStream, isLast {
                    finishLocal(index)
                    return true
                }
            }
        }
        guard sent < bytes.count || endStream else { return true }
        let backlog = backlog(index)
        if backlog.head > 65_536 {
            backlog.octets.removeFirst(backlog.head)
            backlog.head = 0
        }
        backlog.octets.append(contentsOf: bytes[sent...])
        if endStream { backlog.end = .endStream }
        guard streams[index].waitingOctets > 0 else {
            writeEnd(index)
            return true
        }
        return false
    }

    /// Sends a short prefix and octets of a body as one, without joining them before.
    ///
    /// - Parameter prefix: eight octets at most, the first one in the highest bits of `octets`.
    /// - Returns: as `sendData`.
    @discardableResult
    package mutating func sendData(
        _ stream: StreamID, prefix: (octets: UInt64, count: Int), _ bytes: [UInt8]
    ) -> Bool {
        let prefixCount = min(max(prefix.count, 0), 8)
        guard let index = streams.index(stream), streams[index].takesMore else { return true }
        let count = prefixCount + bytes.count
        guard streams[index].waitingOctets == 0, room(index, count) == count else {
            var joined: [UInt8] = []
            joined.reserveCapacity(count)
            joined.append(prefix.octets, count: prefixCount)
            joined.append(contentsOf: bytes)
            return sendData(stream, joined)
        }
        spend(index, count)
        output.append(FrameHeader(length: count, type: FrameHeader.Kind.data, flags: 0, stream: stream))
        output.append(prefix.octets, count: prefixCount)
        if !bytes.isEmpty { output.append(contentsOf: bytes) }
        return true
    }

    /// Ends our side with trailers, after what waits.
    package mutating func sendTrailers(_ stream: StreamID, _ trailers: HeaderList) {
        guard let index = streams.index(stream), streams[index].takesMore else { return }
        guard streams[index].waitingOctets > 0 else {
            write(trailers, index, endStream: true)
            return
        }
        backlog(index).end = .trailers(trailers)
    }

    /// Octets of the stream that wait for room; 0 when it is over.
    package func waitingOctets(_ stream: StreamID) -> Int {
        streams.index(stream).map { streams[$0].waitingOctets } ?? 0
    }

    /// Whether the stream is open or half closed.
    package func isOpen(_ stream: StreamID) -> Bool { streams.index(stream) != nil }

    /// Ends a stream at once; what waits in it is dropped, and no event comes of it.
    package mutating func reset(_ stream: StreamID, _ code: ErrorCode) {
        guard let index = streams.index(stream), phase != .failed else { return }
        output.appendReset(stream, code)
        streams.remove(at: index)
        closed.note(stream, .resetByUs)
        noteStreamEnd()
    }

    /// Resets the streams that waited for room at the last call too and that nothing has gone out on since: the peer
    /// lives, but keeps a window shut or does not read (the "Data Dribble" of CVE-2019-9511, and window size 0). Each is
    /// told to the owner as a reset that we made.
    ///
    /// - Returns: whether streams wait now, so that another look makes sense.
    package mutating func resetStalled() -> Bool {
        guard phase != .failed else { return false }
        var waits = false
        for index in stride(from: streams.count - 1, through: 0, by: -1) {
            guard streams[index].waitingOctets > 0, let backlog = streams[index].backlog else { continue }
            guard backlog.isStalled else {
                backlog.isStalled = true
                waits = true
                continue
            }
            let id = streams[index].id
            reset(id, .cancel)
            emit(.reset(id, .cancel, byPeer: false))
        }
        return waits
    }

    /// The owner has used octets of a stream's body: the peer may send as many again.
    package mutating func consume(_ octets: Int, on stream: StreamID) {
        guard let index = streams.index(stream), streams[index].state.canReceive,
            let increment = streams[index].receiveWindow.consume(octets)
        else { return }
        output.appendWindowUpdate(stream, increment)
    }

    /// Asks the peer for a sign of life: its answer is octets that come.
    package mutating func sendPing(_ opaque: UInt64) {
        guard phase != .failed else { return }
        output.appendPing(opaque, acknowledge: false)
    }

    /// Shuts down without losing anything: open streams go on, `drained` comes after the last.
    package mutating func shutDown() {
        guard phase != .failed else { return }
        guard case .warn(let ping) = drain.start(ping: 0x6761_6e67_6c69_6f6e) else { return }
        output.appendGoAway(0x7fff_ffff, .noError)
        output.appendPing(ping, acknowledge: false)
    }

    /// Says that no more streams are taken, without waiting for the peer to know.
    package mutating func closeToNewStreams() {
        guard phase != .failed, drain.force(lastStream: highestPeerStream) else { return }
        output.appendGoAway(highestPeerStream, .noError)
        noteStreamEnd()
    }

    /// Ends the connection with GOAWAY; nothing is read any more.
    package mutating func abort(_ code: ErrorCode, _ reason: String = "") {
        guard phase != .failed else { return }
        phase = .failed
        output.appendGoAway(highestPeerStream, code, debug: reason)
        streams.removeAll()
    }

    // MARK: Inside

    /// Never above 16,384, whatever the peer allows: a longer frame only delays the others.
    private var frameLimit: Int { min(peerSettings.maximumFrameSize, 16_384) }

    /// How many of `octets` may go out on a stream now.
    private func room(_ index: Int, _ octets: Int) -> Int {
        guard output.count < limits.outputBuffer else { return 0 }
        return max(0, min(octets, frameLimit, sendWindow.available, streams[index].sendWindow.available))
    }

    private mutating func backlog(_ index: Int) -> HTTP2Stream.Backlog {
        if let backlog = streams[index].backlog { return backlog }
        let backlog = HTTP2Stream.Backlog()
        streams[index].backlog = backlog
        return backlog
    }

    private mutating func write(_ headers: HeaderList, _ index: Int, endStream: Bool) {
        // The block goes straight into the output; its length is known and written afterwards.
        let start = output.count
        let flags = FrameHeader.Flag.endHeaders | (endStream ? FrameHeader.Flag.endStream : 0)
        let id = streams[index].id
        output.append(FrameHeader(length: 0, type: FrameHeader.Kind.headers, flags: flags, stream: id))
        encoder.encode(headers, into: &output)
        let length = output.count - start - FrameHeader.size
        if length <= frameLimit {
            output.setFrameLength(length, at: start)
        } else {
            let block = Array(output[(start + FrameHeader.size)...])
            output.removeSubrange(start...)
            output.appendHeaders(id, block, endStream: endStream, maximumLength: frameLimit)
        }
        limits.controlFrames.refund()
        limits.pings?.forgive()
        if endStream { finishLocal(index) }
    }

    private mutating func spend(_ index: Int, _ octets: Int) {
        sendWindow.spend(octets)
        streams[index].sendWindow.spend(octets)
        limits.controlFrames.refund()
        limits.pings?.forgive()
    }

    private mutating func writeData(_ index: Int, _ bytes: RawSpan, _ range: Range<Int>, endStream: Bool) {
        spend(index, range.count)
        output.appendData(streams[index].id, bytes, range, endStream: endStream)
    }

    /// Writes what ends our side; all octets are out.
    private mutating func writeEnd(_ index: Int) {
        guard let backlog = streams[index].backlog else { return }
        switch backlog.end {
        case .open: return
        case .endStream:
            writeData(index, RawSpan(), 0..<0, endStream: true)
            finishLocal(index)
        case .trailers(let trailers): write(trailers, index, endStream: true)
        }
    }

    /// Our side is over. A server's answer is the end of the stream even if the client has not finished: it is told to
    /// stop without an error (§8.1).
    private mutating func finishLocal(_ index: Int) {
        streams[index].state.endLocal()
        if role == .server, streams[index].state == .halfClosedLocal {
            output.appendReset(streams[index].id, .noError)
            closed.note(streams[index].id, .resetByUs)
            streams.remove(at: index)
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
                let index = (roundStart + turn) % size
                if streams[index].waitingOctets > 0, sendOneFrame(index) {
                    progress = true
                    if streams.count < size {
                        // The stream ended and left the table.
                        size = streams.count
                        continue
                    }
                }
                turn += 1
            }
            if !streams.isEmpty { roundStart = (roundStart + 1) % streams.count }
        }
    }

    /// Sends one frame of what waits; false when there is no room.
    private mutating func sendOneFrame(_ index: Int) -> Bool {
        guard let backlog = streams[index].backlog else { return false }
        let size = room(index, streams[index].waitingOctets)
        guard size > 0 else { return false }
        let head = backlog.head
        let isLast = size == backlog.octets.count - head
        var endsHere = false
        if isLast, case .endStream = backlog.end { endsHere = true }
        writeData(index, backlog.octets.span.bytes, head..<head + size, endStream: endsHere)
        backlog.isStalled = false
        guard isLast else {
            backlog.head += size
            return true
        }
        backlog.octets = []
        backlog.head = 0
        emit(.writable(streams[index].id))
        if endsHere { finishLocal(index) } else { writeEnd(index) }
        return true
    }
}
