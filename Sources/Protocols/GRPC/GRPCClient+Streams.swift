// What the ends of a stream, its reader and its writers, ask of the connection, and how calls are ended from our side.

internal import HPACK
internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

extension GRPCClient {
    /// The next message of a stream, nil at its good end.
    func nextMessage(_ stream: StreamID) async throws -> [UInt8]? {
        while true {
            guard calls[stream] != nil else { return nil }
            do throws(GRPCStatus) {
                if let (message, consumed) = try calls[stream]?.call.take() {
                    transport.http2.consume(consumed, on: stream)
                    scheduleSettle()
                    return message
                }
            } catch {
                // The message cannot be unpacked: whatever the server says about the call, it went wrong.
                release(stream)
                throw error
            }
            if let status = calls[stream]?.call.end {
                let isEndDelivered = calls[stream]?.isEndDelivered == true
                calls[stream]?.isEndDelivered = true
                if status.code == .ok || isEndDelivered { return nil }
                throw status
            }
            guard calls[stream]?.reader == nil else {
                throw GRPCStatus(.failedPrecondition, "a response stream has one reader at a time")
            }
            await waitForProgress(stream)
        }
    }

    // MARK: Requests of a stream

    /// Sends a request and waits until the windows and the socket have taken it.
    ///
    /// - Throws: the status with which the call has ended meanwhile.
    func send(
        _ message: [UInt8], on stream: StreamID, _ compression: GRPCCompressionUse
    ) async throws(GRPCStatus) {
        try check(stream)
        let octets = try calls[stream]?.encoder.frame(message, compression) ?? []
        transport.http2.sendData(stream, octets)
        scheduleSettle()
        while transport.http2.waitingOctets(stream) > 0 {
            await suspend {
                guard let pending = calls[stream], pending.call.end == nil else { return false }
                return transport.http2.waitingOctets(stream) > 0
            } keeping: {
                calls[stream]?.writers.append($0)
            }
            try check(stream)
        }
    }

    /// Says that no more requests come.
    func finishRequests(_ stream: StreamID) {
        transport.http2.sendData(stream, [], endStream: true)
        scheduleSettle()
    }

    func check(_ stream: StreamID) throws(GRPCStatus) {
        guard let pending = calls[stream] else { throw GRPCStatus(.cancelled, "the call is over") }
        guard let status = pending.call.end else { return }
        throw status.code == .ok
            ? GRPCStatus(.cancelled, "the server ended the call before it had all requests") : status
    }

    func wakeWriters(_ stream: StreamID) {
        guard let writers = calls[stream]?.writers, !writers.isEmpty else { return }
        calls[stream]?.writers = []
        for writer in writers { writer.resume() }
    }

    // MARK: Metadata of a stream

    /// The response's headers; waits for them.
    func initialMetadata(_ stream: StreamID) async throws(GRPCStatus) -> GRPCMetadata {
        while let pending = calls[stream], pending.call.initialMetadata == nil, pending.call.end == nil {
            guard pending.headersReader == nil else {
                throw GRPCStatus(.failedPrecondition, "metadata has one reader at a time")
            }
            await suspend {
                guard let pending = calls[stream] else { return false }
                return pending.call.initialMetadata == nil && pending.call.end == nil
            } keeping: {
                calls[stream]?.headersReader = $0
            }
        }
        return calls[stream]?.call.initialMetadata ?? GRPCMetadata()
    }

    /// Whether the last message that was read was compressed.
    func wasCompressed(_ stream: StreamID) -> Bool { calls[stream]?.call.wasCompressed == true }

    /// What came with the status; nothing before the end.
    func trailingMetadata(_ stream: StreamID) -> GRPCMetadata {
        calls[stream]?.call.trailingMetadata ?? GRPCMetadata()
    }

    /// Ends a call from our side.
    func cancel(_ stream: StreamID, _ status: GRPCStatus = GRPCStatus(.cancelled, "the call was cancelled")) {
        guard let pending = calls[stream], pending.call.end == nil else { return }
        transport.http2.reset(stream, .cancel)
        finish(stream, status)
        scheduleSettle()
    }

    /// Ends a call of which nobody will read any more.
    func release(_ stream: StreamID) {
        cancel(stream)
        wake(stream)
        calls.removeValue(forKey: stream)?.timer?.cancel()
    }

    func finish(_ stream: StreamID, _ status: GRPCStatus, isUnprocessed: Bool = false) {
        calls[stream]?.call.finish(status, isUnprocessed: isUnprocessed)
        calls[stream]?.timer?.cancel()
        wake(stream)
        wakeQueue()
    }

    func wake(_ stream: StreamID) {
        if calls[stream]?.call.end != nil { wakeWriters(stream) }
        if let reader = calls[stream]?.headersReader {
            calls[stream]?.headersReader = nil
            reader.resume()
        }
        guard let reader = calls[stream]?.reader else { return }
        calls[stream]?.reader = nil
        reader.resume()
    }

    func wakeQueue() {
        let waiting = queue
        queue = []
        for caller in waiting { caller.resume() }
    }
}
