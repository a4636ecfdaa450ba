// Calls of a connection: from the headers of a request to the trailers of its response.

internal import HPACK
internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

/// What a request asked for, kept until one asks for something else.
struct RecentRequest {
    var head: RequestHead
    var path: String
    var route: GRPCRouter.Route
    var encoder = MessageEncoder()

    /// Larger header lists are not kept, so that a connection that is idle holds little.
    static let largestList = 2048
}

extension GRPCServerConnection {
    /// Takes the headers of a request.
    func begin(_ stream: StreamID, _ headers: HeaderList, _ endStream: Bool) {
        guard life.handlers < settings.limits.peer.http2.concurrentStreams else {
            transport.http2.reset(stream, .refusedStream)
            return
        }
        let request: RecentRequest
        do {
            request = try self.request(headers)
        } catch {
            if let service, !ContentType.isGRPC(headers[.contentType] ?? "") {
                service.take(.headers(stream, headers, endStream: endStream))
            } else {
                transport.http2.sendHeaders(stream, error.response, endStream: true)
            }
            return
        }
        let context = GRPCServerContext(
            path: request.path, metadata: GRPCMetadata(headers),
            deadline: request.head.timeout.map { ContinuousClock.now + $0 }, peer: client)
        let call = ServerCall(stream, request.route, context, request.encoder)
        call.decoding = request.head.decoding
        if let timeout = request.head.timeout {
            call.timer = loop.schedule(after: timeout, on: self) {
                guard let call = $0.calls[stream] else { return }
                $0.finish(call, GRPCStatus(.deadlineExceeded, "the deadline has passed"))
                $0.settle()
            }
        }
        calls.append(call)
        if case .streaming = request.route {
            call.inbox = RequestInbox(messageLimit: settings.limits.messageSize, decoding: call.decoding)
            if endStream { call.inbox?.receiveEnd() }
            begin(call, [])
        } else if endStream {
            receiveEnd(call)
        }
    }

    /// Finds out what a request asks for.
    ///
    /// - Throws: the answer, where it asks for nothing that is there.
    private func request(_ headers: HeaderList) throws(RequestRefusal) -> RecentRequest {
        if let recent, recent.head.headers.isSame(as: headers) { return recent }
        let head = try RequestHead(headers, settings.codings)
        var request: RecentRequest
        if let recent, head.isPath(recent.path) {
            request = recent
            request.head = head
        } else {
            let path = head.path
            guard let route = settings.router.routes[path] else {
                throw RequestRefusal(settings.router.unimplemented(path))
            }
            request = RecentRequest(head: head, path: path, route: route)
        }
        request.encoder = MessageEncoder(coding: settings.codings.agreed(with: headers))
        recent = headers.size <= RecentRequest.largestList ? request : nil
        return request
    }

    /// Octets of a request have come and it goes on.
    func receiveMore(_ call: ServerCall) {
        guard call.inbox == nil else {
            wakeReader(call)
            return
        }
        guard !call.hasBegun else { return }
        do throws(GRPCStatus) {
            // Faults of the prefix are told at once, not after megabytes.
            _ = try call.assembler?.hasMessage()
        } catch {
            finish(call, error)
        }
    }

    /// A request is complete.
    func receiveEnd(_ call: ServerCall) {
        guard call.inbox == nil else {
            call.inbox?.receiveEnd()
            wakeReader(call)
            return
        }
        guard !call.hasBegun else { return }
        do throws(GRPCStatus) {
            guard let message = try call.assembler?.next() else {
                throw GRPCStatus(.internal, "the request ends before its message is complete")
            }
            guard call.assembler?.waitingOctets == 0 else {
                throw GRPCStatus(.internal, "the request has more than one message and the method takes one")
            }
            call.context.isRequestCompressed = call.assembler?.wasCompressed == true
            call.assembler = nil
            begin(call, message)
        } catch {
            finish(call, error)
        }
    }

    /// Runs the handler.
    ///
    /// - Parameter message: the request, where the method takes one.
    // Inlined, and so are its callers: the compiler sees through `Task.immediate` where it stands in the loop over events.
    // Elsewhere each call would note an executor preference that it does not have, a thousand instructions.
    @inline(__always)
    func begin(_ call: ServerCall, _ message: [UInt8]) {
        call.hasBegun = true
        life.handlerBegan()
        // Immediate: a handler that does not wait answers before the next frame is looked at, without a hop.
        let task = Task.immediate { await self.serve(call, message) }
        if !call.isOver { call.task = task }
    }

    private func serve(_ call: ServerCall, _ message: [UInt8]) async {
        do {
            switch call.route {
            case .unary(let handler): try send(try await handler(message, call.context), call)
            case .serverStreaming(let handler):
                try await handler(
                    message, call.context, ServerCallWriter(connection: self, stream: call.stream))
            case .streaming(let handler):
                try await handler(
                    ServerCallReader(connection: self, stream: call.stream), call.context,
                    ServerCallWriter(connection: self, stream: call.stream))
            }
            finish(call, GRPCStatus(.ok))
        } catch {
            finish(call, GRPCStatus(handlerError: error))
        }
        finishHandler()
    }

    // MARK: Requests

    /// The next request of a stream, nil after the last.
    ///
    /// - Throws: what is wrong with the request, or CANCELLED when the call is over.
    func nextRequest(_ stream: StreamID) async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            guard let call = calls[stream], let next = try call.inbox?.next() else {
                throw GRPCStatus(.cancelled, "the call is over")
            }
            switch next {
            case .message(let message, let consumed):
                transport.http2.consume(consumed, on: stream)
                scheduleSettle()
                return message
            case .end: return nil
            case .wait: break
            }
            guard call.reader == nil else {
                throw GRPCStatus(.failedPrecondition, "a request stream has one reader at a time")
            }
            await suspend {
                // In a copy: a request that has come meanwhile must not be lost.
                var copy = call.inbox
                guard !Task.isCancelled, !call.isOver, case .wait? = try? copy?.next() else { return false }
                return true
            } keeping: {
                call.reader = $0
            }
        }
    }

    /// Whether the last request that was read was compressed.
    func wasCompressed(_ stream: StreamID) -> Bool { calls[stream]?.inbox?.wasCompressed == true }

    /// Lets the handler of a stream look again whether there is a request.
    func wakeReader(_ stream: StreamID) {
        if let call = calls[stream] { wakeReader(call) }
    }

    private func wakeReader(_ call: ServerCall) {
        guard let reader = call.reader else { return }
        call.reader = nil
        reader.resume()
    }

    // MARK: Responses

    /// Sends a message of a call.
    ///
    /// - Returns: nil when all is written; else what ends the waiting for that early.
    func send(_ message: [UInt8], on stream: StreamID) throws -> (@Sendable () -> Void)? {
        guard let call = calls[stream] else { throw GRPCStatus(.cancelled, "the call is over") }
        try send(message, call)
        scheduleSettle()
        guard transport.http2.waitingOctets(stream) > 0 else { return nil }
        return { [weak self] in
            guard let self else { return }
            self.loop.execute(on: self) {
                if let call = $0.calls[stream] { $0.resumeWriters(call, CancellationError()) }
            }
        }
    }

    /// Waits until nothing of the stream waits for room.
    func waitUntilWritten(_ stream: StreamID) async throws {
        try Task.checkCancellation()
        // Looked at inside: others may have run between the call and the suspension.
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            if let call = calls[stream], transport.http2.waitingOctets(stream) > 0 {
                call.writers.append(writer)
            } else {
                writer.resume()
            }
        }
    }

    private func send(_ message: [UInt8], _ call: ServerCall) throws(GRPCStatus) {
        guard !call.isOver else { throw GRPCStatus(.cancelled, "the call is over") }
        let packed = try call.encoder.packed(message, call.context.response.compression)
        if !call.sentHeaders { sendHeaders(call) }
        let prefix = MessageAssembler.prefix(
            (packed ?? message).count, flag: packed == nil ? 0 : MessageAssembler.compressedFlag)
        let isWritten = transport.http2.sendData(call.stream, prefix: prefix, packed ?? message)
        if !isWritten { watchStalls() }
    }

    private func sendHeaders(_ call: ServerCall) {
        call.sentHeaders = true
        var head = settings.codings.responseHead(call.encoder.coding)
        if call.context.response.isSet { head.add(call.context.response.initial) }
        transport.http2.sendHeaders(call.stream, head)
    }

    /// Lets writers that wait for room go on.
    func resumeWriters(_ call: ServerCall, _ error: (any Error)?) {
        guard !call.writers.isEmpty else { return }
        let writers = call.writers
        call.writers = []
        for writer in writers {
            if let error { writer.resume(throwing: error) } else { writer.resume() }
        }
    }

    /// Ends a call with a status, if it has not ended.
    func finish(_ call: ServerCall, _ status: GRPCStatus) {
        guard !call.isOver else { return }
        let fields = call.context.response
        if !call.sentHeaders, fields.isSet, !fields.initial.fields.isEmpty { sendHeaders(call) }
        let trailing = fields.isSet ? fields.trailing : GRPCMetadata()
        if status.code != .ok, transport.http2.waitingOctets(call.stream) > 0 {
            // The client does not read: trailers would wait behind what it has no room for.
            transport.http2.reset(call.stream, .cancel)
        } else if call.sentHeaders {
            transport.http2.sendTrailers(call.stream, ResponseHead.trailers(status, trailing))
        } else {
            transport.http2.sendHeaders(
                call.stream, ResponseHead.trailersOnly(status, trailing), endStream: true)
        }
        drop(call, status)
    }

    /// Forgets a call and lets its handler know.
    func drop(_ call: ServerCall, _ status: GRPCStatus) {
        guard !call.isOver else { return }
        call.isOver = true
        calls.remove(call)
        call.timer?.cancel()
        call.task?.cancel()
        wakeReader(call)
        // Asked first: to pass the status as an error allocates, also where no writer waits for it.
        if !call.writers.isEmpty { resumeWriters(call, status) }
    }
}
