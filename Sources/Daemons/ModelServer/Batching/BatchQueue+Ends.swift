// The ends of requests: computed, failed, left, or waited for too long.

extension BatchQueue {
    /// How a pass has ended.
    package enum Outcome: Equatable, Sendable {
        case computed
        /// The group could not compute it, and goes on.
        case failed
        /// The group will not compute any more.
        case groupLost
    }

    /// What a pass's end means for requests.
    package struct OnFinish: Equatable, Sendable {
        /// Those whose last text was in it.
        package var complete: [Int] = []
        /// Those that cannot be computed.
        package var failed: [Int] = []
        /// Those of models that no group has any more.
        package var stranded: [Int] = []
    }

    /// A request that has left by time alone.
    package struct Expired: Equatable, Sendable {
        package let request: Int
        /// Whether it was the client who has stopped to wait, and not the queue that has taken too long.
        package let byClient: Bool
    }

    /// Nobody waits for a request any more. What of it is on a group is computed there, and counts for nothing.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package mutating func leave(_ identifier: Int) -> Bool {
        guard let entry = entries[identifier] else { return false }
        dequeue(identifier)
        entries[identifier] = nil
        models[entry.request.model]?.outstanding -= 1
        return true
    }

    /// Takes out those that have waited too long.
    package mutating func expire(now: Duration) -> [Expired] {
        guard let earliestExpiry, earliestExpiry <= now else { return [] }
        var expired: [(sequence: Int, Expired)] = []
        var next: Duration?
        for (identifier, entry) in entries {
            let startBy = entry.hasBegun ? nil : entry.request.startBy
            let (byClient, byQueue) = (entry.request.deadline ?? .maximum, startBy ?? .maximum)
            let time = min(byClient, byQueue)
            if time <= now {
                expired.append((entry.sequence, Expired(request: identifier, byClient: byClient <= byQueue)))
            } else if time < .maximum {
                next = min(next ?? time, time)
            }
        }
        self.earliestExpiry = next
        expired.sort { $0.sequence < $1.sequence }
        for (_, one) in expired { leave(one.request) }
        return expired.map(\.1)
    }

    /// A pass has ended; its group is idle again, or lost.
    package mutating func finish(_ identifier: Int, _ outcome: Outcome) -> OnFinish {
        guard let batch = running.removeValue(forKey: identifier) else { return OnFinish() }
        var result = OnFinish()
        var order: [Int] = []
        for item in batch.items where order.last != item.request { order.append(item.request) }
        let wanted = order.filter { entries[$0] != nil }
        if outcome == .groupLost {
            remove(group: batch.group)
        } else if groups[batch.group] != nil {
            idle.append(batch.group)
        }
        for request in wanted {
            let own = batch.items.filter { $0.request == request }.map(\.index)
            switch outcome {
            case .computed:
                entries[request]?.done += own.count
                if let entry = entries[request], entry.done == entry.request.costs.count {
                    leave(request)
                    result.complete.append(request)
                }
            case .failed where order.count > 1: putBack(own, of: request, isAlone: true)
            case .failed:
                leave(request)
                result.failed.append(request)
            case .groupLost:
                entries[request]?.losses += 1
                // It may be what breaks groups: not a third one.
                if (entries[request]?.losses ?? 0) > 1 {
                    leave(request)
                    result.failed.append(request)
                } else {
                    putBack(own, of: request, isAlone: order.count > 1)
                }
            }
        }
        if outcome == .groupLost { result.stranded = strand() }
        return result
    }

    private mutating func putBack(_ indices: [Int], of request: Int, isAlone: Bool) {
        dequeue(request)
        guard let entry = entries[request] else { return }
        entries[request]?.waiting = (indices + entry.waiting).sorted()
        if isAlone { entries[request]?.isAlone = true }
        enqueue(request)
    }

    /// Lets those go who would wait for ever: no group has their model.
    package mutating func strand() -> [Int] {
        let stranded = entries.filter { groupCount($0.value.request.model) == 0 && !$0.value.waiting.isEmpty }
            .sorted { $0.value.sequence < $1.value.sequence }.map(\.key)
        for request in stranded { leave(request) }
        return stranded
    }
}

extension Duration {
    /// Later than any time.
    static let maximum = Duration.seconds(Int64.max / 4)
}
