// What a connection knows about one stream, and the table of all that are not idle and not closed.

internal import HPACK

/// One stream that is open or half closed.
struct HTTP2Stream: Sendable {
    let id: StreamID
    var state = StreamState.open
    var receiveWindow: ReceiveWindow
    var sendWindow: SendWindow
    /// Whether the headers that begin the peer's message have come; what follows are trailers.
    var receivedHeaders = false
    /// What Content-Length leaves to come.
    var expectedOctets: Int?
    /// What waits for room in the windows; the octets before `waitingHead` are gone.
    var waiting: [UInt8] = []
    var waitingHead = 0
    /// What ends our message once `waiting` is empty.
    var end = End.open

    /// How our side of the stream ends.
    enum End: Equatable, Sendable {
        case open
        case endStream
        case trailers(HeaderList)
    }

    var waitingOctets: Int { waiting.count - waitingHead }
    var hasSomethingToSend: Bool { waitingOctets > 0 || end != .open }
}

/// The streams by number. There are at most a few hundred and numbers only rise: a sorted array is the whole index.
struct StreamTable: Sendable {
    private(set) var streams: [HTTP2Stream] = []

    var count: Int { streams.count }
    var isEmpty: Bool { streams.isEmpty }

    /// Where stream `id` is, or nil.
    func index(_ id: StreamID) -> Int? {
        if let last = streams.last, last.id == id { return streams.count - 1 }
        var low = 0
        var high = streams.count
        while low < high {
            let middle = (low + high) / 2
            if streams[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < streams.count && streams[low].id == id ? low : nil
    }

    /// Adds a stream, whose number is above all others.
    mutating func append(_ stream: HTTP2Stream) { streams.append(stream) }

    mutating func remove(at index: Int) { streams.remove(at: index) }

    mutating func removeAll() { streams.removeAll() }

    subscript(_ index: Int) -> HTTP2Stream {
        _read { yield streams[index] }
        _modify { yield &streams[index] }
    }
}

/// How the last streams were closed: frames that were on the way when we reset a stream are no fault of the peer (§5.1).
struct ClosedStreams: Sendable {
    enum Manner: Equatable, Sendable {
        /// Both sides said END_STREAM.
        case ended
        case resetByUs
        case resetByPeer
    }

    private var ring: [(id: StreamID, manner: Manner)] = []
    private var next = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func note(_ id: StreamID, _ manner: Manner) {
        if ring.count < capacity {
            ring.append((id, manner))
        } else {
            ring[next] = (id, manner)
            next = (next + 1) % capacity
        }
    }

    /// How `id` was closed, if that is remembered.
    func manner(_ id: StreamID) -> Manner? { ring.last { $0.id == id }?.manner }
}
