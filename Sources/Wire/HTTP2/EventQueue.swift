// Nearly always a frame makes one event, which is taken before the next frame is looked at: that one needs no array.

/// Events that the owner has not taken yet, in their order.
struct EventQueue {
    private var first: HTTP2Event?
    /// Those after it.
    private var rest: [HTTP2Event] = []
    /// How many of `rest` have been taken.
    private var taken = 0

    var isEmpty: Bool { first == nil && taken == rest.count }

    mutating func append(_ event: HTTP2Event) {
        if first == nil, rest.isEmpty { first = event } else { rest.append(event) }
    }

    /// The next event, or nil when all are taken.
    mutating func next() -> HTTP2Event? {
        if let event = first.take() { return event }
        if taken < rest.count {
            defer { taken += 1 }
            return rest[taken]
        }
        if taken > 0 {
            rest.removeAll(keepingCapacity: true)
            taken = 0
        }
        return nil
    }
}
