// One call as the server sees it. Held by its connection and by its handler's task, and only touched on the connection's
// loop: no lock, and no look-up by stream where the call is at hand.

internal import HTTP2
internal import SystemIO

/// A request that has begun and whose response has not ended.
final class ServerCall {
    let stream: StreamID
    let route: GRPCRouter.Route
    var context: GRPCServerContext
    /// How messages of the response are packed.
    let encoder: MessageEncoder
    /// How compressed messages of the request are coded.
    var decoding: (any GRPCCompression)?
    /// Octets of the request, unless they came all at once.
    var assembler: MessageAssembler?
    /// Requests of a stream; the handler reads them while they come.
    var inbox: RequestInbox?
    /// The handler waits for a request.
    var reader: CheckedContinuation<Void, Never>?
    /// The handler, once it runs and has not answered at once.
    var task: Task<Void, Never>?
    /// The request is complete and the handler has it.
    var hasBegun = false
    var timer: ScheduledTimer?
    var sentHeaders = false
    /// The response has ended, or nobody waits for it.
    var isOver = false
    /// Writers that wait for room.
    var writers: [CheckedContinuation<Void, any Error>] = []

    /// Octets of requests that no handler has taken.
    var waitingOctets: Int { (assembler?.waitingOctets ?? 0) + (inbox?.waitingOctets ?? 0) }

    init(
        _ stream: StreamID, _ route: GRPCRouter.Route, _ context: GRPCServerContext, _ encoder: MessageEncoder
    ) {
        self.stream = stream
        self.route = route
        self.context = context
        self.encoder = encoder
    }
}

/// The calls of a connection by stream. Numbers only rise, and the call that is asked for is mostly the last.
struct ServerCalls {
    private(set) var all: [ServerCall] = []

    /// The call on a stream, or nil.
    subscript(_ stream: StreamID) -> ServerCall? {
        let index = index(stream)
        return index < all.count && all[index].stream == stream ? all[index] : nil
    }

    /// Adds a call, whose stream is above all others.
    mutating func append(_ call: ServerCall) { all.append(call) }

    mutating func remove(_ call: ServerCall) {
        let index = index(call.stream)
        if index < all.count, all[index] === call { all.remove(at: index) }
    }

    /// Where the stream is, or would be.
    private func index(_ stream: StreamID) -> Int {
        if let last = all.last, last.stream <= stream { return all.count - (last.stream == stream ? 1 : 0) }
        var low = 0
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].stream < stream { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
