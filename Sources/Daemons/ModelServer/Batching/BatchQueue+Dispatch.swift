// Out of the queue: the next pass, and when to look again.

extension BatchQueue {
    private struct Candidate {
        let model: String
        let lane: Int
        let order: (priority: Int, turn: Int, tag: Int, lane: Int, sequence: Int)
    }

    /// The next pass for an idle group; nil when there is none now. Asked again until it is nil.
    package mutating func next(now: Duration) -> Batch? {
        guard !idle.isEmpty, waitingCost > 0 else { return nil }
        var best: Candidate?
        for name in waitingModels where hasIdleGroup(name) {
            guard let model = models[name] else { continue }
            let turn = shares == nil ? 0 : model.turn.tag
            for (number, lane) in model.lanes.enumerated() {
                guard let head = lane.places.first, isRipe(lane, model, now: now) else { continue }
                let order = (head.priority, turn, lane.tag, number, head.sequence)
                if let best, best.order < order { continue }
                best = Candidate(model: name, lane: number, order: order)
            }
        }
        guard let best, let group = idleGroup(best.model) else { return nil }
        return dispatch(best.model, lane: best.lane, to: group, now: now)
    }

    /// When something changes by time alone: a delay is over or a request has waited too long. Nil for never.
    package func nextWake(now: Duration) -> Duration? {
        var wake = earliestExpiry
        guard !idle.isEmpty else { return wake }
        for name in waitingModels {
            guard let model = models[name], model.policy.delay > .zero, hasIdleGroup(name) else { continue }
            for lane in model.lanes where !lane.places.isEmpty && !isRipe(lane, model, now: now) {
                guard let oldest = oldest(lane) else { continue }
                wake = min(wake ?? .seconds(Int64.max / 2), oldest + model.policy.delay)
            }
        }
        return wake
    }

    private func oldest(_ lane: Lane) -> Duration? {
        lane.places.compactMap { entries[$0.identifier]?.request.arrival }.min()
    }

    /// Whether a lane may go while a group is idle: at once without a delay; else when the pass is full, when its oldest
    /// request has waited for the delay, and when nobody would join, since all who ask at a time have asked.
    private func isRipe(_ lane: Lane, _ model: Model, now: Duration) -> Bool {
        let policy = model.policy
        guard policy.delay > .zero, model.outstanding < model.concurrency else { return true }
        if let head = lane.places.first, entries[head.identifier]?.isAlone == true { return true }
        if let oldest = oldest(lane), oldest + policy.delay <= now { return true }
        let full = policy.preferred.last { $0 <= policy.texts } ?? policy.texts
        var texts = 0
        var cost = 0
        for place in lane.places {
            guard let entry = entries[place.identifier] else { continue }
            texts += entry.waiting.count
            cost += entry.waiting.reduce(0) { $0 + entry.request.costs[$1] }
            if texts >= full || cost >= policy.tokens { return true }
        }
        return false
    }

    private mutating func dispatch(_ name: String, lane: Int, to group: Int, now: Duration) -> Batch? {
        guard let model = models[name] else { return nil }
        let (items, cost) = select(model.lanes[lane].places, model.policy, groups: groupCount(name))
        guard !items.isEmpty else { return nil }
        // Some went in vain: fewer ask at a time than was thought.
        if model.policy.delay > .zero, model.outstanding < model.concurrency {
            models[name]?.concurrency = (model.concurrency + model.outstanding) / 2
        }
        virtualTime = max(virtualTime, model.lanes[lane].tag)
        take(items)
        modify(lane, of: name) { $0.tag += max(1, cost) }
        takeTurn(name, tokens: cost)
        idle.removeAll { $0 == group }
        groups[group]?.last = name
        let batch = Batch(
            identifier: newBatchIdentifier(), group: group, model: name, items: items, cost: cost)
        running[batch.identifier] = batch
        return batch
    }

    /// What one pass takes from the front of a lane.
    private func select(
        _ places: [Place], _ policy: BatchPolicy, groups: Int
    ) -> (items: [Item], cost: Int) {
        // Below an eighth of a pass its fixed cost would weigh more than an idle group.
        let share = (waitingCost + groups - 1) / max(1, groups)
        let most = min(policy.tokens, max(share, policy.tokens / 8))
        let available = places.reduce(0) { $0 + (entries[$1.identifier]?.waiting.count ?? 0) }
        let limit = policy.preferredSize(of: available) ?? policy.texts
        var items: [Item] = []
        var cost = 0
        for place in places {
            guard let entry = entries[place.identifier] else { continue }
            if entry.isAlone, !items.isEmpty { break }
            for index in entry.waiting {
                let own = entry.request.costs[index]
                guard items.isEmpty || items.count < limit && cost + own <= most else {
                    return (items, cost)
                }
                items.append(Item(request: place.identifier, index: index))
                cost += own
            }
            if entry.isAlone { break }
        }
        return (items, cost)
    }

    /// Takes texts off the front of their requests, and requests without any more out of their lane.
    private mutating func take(_ items: [Item]) {
        var counts: [(request: Int, count: Int)] = []
        for item in items {
            if counts.last?.request == item.request {
                counts[counts.count - 1].count += 1
            } else {
                counts.append((item.request, 1))
            }
        }
        for (identifier, count) in counts {
            guard let entry = entries[identifier] else { continue }
            if count == entry.waiting.count {
                dequeue(identifier)
                entries[identifier]?.waiting = []
            } else {
                waitingCost -= entry.waiting.prefix(count).reduce(0) { $0 + entry.request.costs[$1] }
                entries[identifier]?.waiting.removeFirst(count)
            }
            entries[identifier]?.hasBegun = true
        }
    }
}
