// Which handler belongs to an event of epoll. Places are used again, so each use has a number of its own: an event that
// was on its way when its watch ended must not reach whoever came next.

/// Handlers by identifier.
struct RegistrationTable {
    /// What is called; in a struct of its own, for a closure that passes through generic code is wrapped each time.
    struct Handler: Sendable {
        let run: @Sendable (Readiness) -> Void
    }

    private struct Place {
        var use: UInt32
        var handler: Handler?
    }

    private var places: [Place] = []
    private var free: [Int] = []

    /// Adds a handler.
    ///
    /// - Returns: its identifier, never 0.
    mutating func add(_ run: @escaping @Sendable (Readiness) -> Void) -> UInt64 {
        let index = free.popLast() ?? places.count
        if index == places.count { places.append(Place(use: 0, handler: nil)) }
        // Skips 0 when it goes round.
        places[index].use = places[index].use == .max ? 1 : places[index].use + 1
        places[index].handler = Handler(run: run)
        return UInt64(places[index].use) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
    }

    /// The handler of an identifier, nil after `remove`.
    subscript(_ identifier: UInt64) -> Handler? {
        let index = Int(identifier & 0xffff_ffff)
        guard index < places.count, UInt64(places[index].use) == identifier >> 32 else { return nil }
        return places[index].handler
    }

    /// Removes a handler; false when it was not there.
    mutating func remove(_ identifier: UInt64) -> Bool {
        guard self[identifier] != nil else { return false }
        let index = Int(identifier & 0xffff_ffff)
        places[index].handler = nil
        free.append(index)
        return true
    }

    /// Whether there is no handler.
    var isEmpty: Bool { places.count == free.count }

    /// Removes all handlers, and gives them to the caller to let go of.
    mutating func removeAll() -> [Handler] {
        let handlers = places.compactMap(\.handler)
        for index in places.indices where places[index].handler != nil {
            places[index].handler = nil
            free.append(index)
        }
        return handlers
    }
}
