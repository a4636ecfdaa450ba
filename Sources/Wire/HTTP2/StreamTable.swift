// The streams by number. There are at most a few hundred and numbers only rise: a sorted array is the whole index. Beside
// those that are open it knows which numbers were never used, and how the last ones were closed.

/// The streams of a connection.
struct StreamTable {
    private var streams: [HTTP2Stream] = []
    private var closed: ClosedStreams
    private let role: HTTP2Role
    /// The highest stream that the peer has opened.
    private(set) var highestOfPeer: StreamID = 0
    /// The number of the next stream that we open.
    private var nextOwn: StreamID
    /// Where the round over the waiting streams goes on, so that all get their turn.
    private var roundStart = 0
    /// What the peer may send on a stream before we have consumed it, in octets.
    private let receiveWindow: Int

    init(_ role: HTTP2Role, _ limits: HTTP2Limits) {
        self.role = role
        nextOwn = role == .server ? 2 : 1
        receiveWindow = limits.streamWindow
        closed = ClosedStreams(capacity: max(64, limits.concurrentStreams * 2))
    }

    var count: Int { streams.count }
    var isEmpty: Bool { streams.isEmpty }
    var indices: Range<Int> { streams.indices }
    var last: HTTP2Stream? { streams.last }

    subscript(_ index: Int) -> HTTP2Stream {
        _read { yield streams[index] }
        _modify { yield &streams[index] }
    }

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

    // MARK: Begin and end

    /// Whether a stream that is not in the table has never been used.
    func isIdle(_ id: StreamID) -> Bool {
        let isOwn = id % 2 == (role == .client ? 1 : 0)
        return isOwn ? id >= nextOwn : id > highestOfPeer
    }

    /// Whether a number is left for a stream of ours.
    var canOpen: Bool { nextOwn < 0x7fff_fff0 }

    /// Opens a stream of ours.
    ///
    /// - Returns: where it is.
    mutating func open(sendWindow: Int) -> Int {
        defer { nextOwn += 2 }
        return append(nextOwn, sendWindow)
    }

    /// The peer uses a number for a stream; those below it can no longer be opened (§5.1.1).
    mutating func noteUsed(_ id: StreamID) { highestOfPeer = id }

    /// Opens a stream of the peer, whose number is above all others.
    ///
    /// - Returns: where it is.
    mutating func open(_ id: StreamID, sendWindow: Int) -> Int { append(id, sendWindow) }

    private mutating func append(_ id: StreamID, _ sendWindow: Int) -> Int {
        streams.append(HTTP2Stream(id, receiveWindow: receiveWindow, sendWindow: sendWindow))
        return streams.count - 1
    }

    /// Forgets a stream, but for how it was closed.
    mutating func remove(at index: Int, as manner: ClosedStreams.Manner) {
        closed.note(streams[index].id, manner)
        streams.remove(at: index)
    }

    /// A stream was reset that had not got into the table.
    mutating func noteReset(_ id: StreamID) { closed.note(id, .resetByUs) }

    /// How a stream was closed, if that is remembered.
    func manner(_ id: StreamID) -> ClosedStreams.Manner? { closed.manner(id) }

    mutating func removeAll() { streams.removeAll() }

    // MARK: What waits

    /// Whether something waits in one of them.
    var haveBacklog: Bool { streams.contains { $0.backlog != nil } }

    /// The stream whose turn it is, `turn` after the first of the round.
    func indexOfTurn(_ turn: Int) -> Int { (roundStart + turn) % streams.count }

    /// The round is over: the next begins with the next stream.
    mutating func endRound() {
        if !streams.isEmpty { roundStart = (roundStart + 1) % streams.count }
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
