// What a connection knows about one stream, and the table of all that are not idle and not closed.

internal import HPACK

/// One stream that is open or half closed. Small: most end before anything has to wait.
struct HTTP2Stream {
    let id: StreamID
    var state = StreamState.open
    /// Whether the headers that begin the peer's message have come; what follows are trailers.
    var receivedHeaders = false
    var receiveWindow: ReceiveWindow
    var sendWindow: SendWindow
    /// What Content-Length leaves to come.
    var expectedOctets: Int?
    /// What could not be sent at once.
    var backlog: Backlog?

    /// Octets that wait for room in the windows, and what comes after them.
    final class Backlog {
        /// The octets before `head` are gone.
        var octets: [UInt8] = []
        var head = 0
        /// What ends our message once `octets` are out.
        var end = End.open
        /// Nothing has gone out since somebody looked.
        var isStalled = false
    }

    /// How our side of the stream ends.
    enum End {
        case open
        case endStream
        case trailers(HeaderList)
    }

    var waitingOctets: Int { backlog.map { $0.octets.count - $0.head } ?? 0 }

    /// Whether more can be added to our message.
    var takesMore: Bool {
        guard state.canSend else { return false }
        guard let backlog else { return true }
        if case .open = backlog.end { return true }
        return false
    }
}

/// The streams by number. There are at most a few hundred and numbers only rise: a sorted array is the whole index.
struct StreamTable {
    private(set) var streams: [HTTP2Stream] = []

    var count: Int { streams.count }
    var isEmpty: Bool { streams.isEmpty }

    /// Whether something may wait in one of them.
    var haveBacklog: Bool { streams.contains { $0.backlog != nil } }

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
