// Which texts are computed next, and where; without threads, and with time as the caller says it is.
//
//     submit ──▶ waiting ──next──▶ running ──finish──▶ complete
//                   │ ▲               │
//       leave, expire └── put back ───┤  the pass failed: each request of it goes alone, so that a bad one fails alone
//                   ▼                 ▼  (again on another group where the group is lost)
//                 gone             failed
//
// What is dispatched is a pass: as many texts as one execution takes. A request with many texts is several passes, on
// whatever groups are idle, so nothing holds a group for longer than a pass. Requests wait in lanes, by model and by size:
// behind one lane's passes no other waits, for of those of one priority the lane goes next that has had the fewest tokens
// computed since it began to wait (start-time fair queueing: Goyal, Vin and Cheng, 1996); where models have shares of the
// groups' time, the model goes first by them (`BatchQueue+Shares`). Within a lane it is first come,
// first served. A pass is not more than a group's share of all that waits (guided self-scheduling: Polychronopoulos and
// Kuck, 1987), so that towards the end no group idles beside one with much to do.

/// Requests that wait for a group, and those that are computed.
package struct BatchQueue: Sendable {
    /// A request as it is scheduled.
    package struct Request: Equatable, Sendable {
        package let identifier: Int
        package let model: String
        /// What each of its texts costs in tokens, at least one text.
        package let costs: [Int]
        /// From 1, the highest.
        package var priority = 1
        /// Times are counted from any one point, the same for all.
        package let arrival: Duration
        /// When a group must have begun with it, else it has waited too long; nil for never.
        package var startBy: Duration?
        /// When the client stops to wait for it, begun or not; nil for never.
        package var deadline: Duration?
    }

    /// One text of a request.
    package struct Item: Hashable, Sendable {
        package let request: Int
        package let index: Int
    }

    /// Texts that a group computes together.
    package struct Batch: Equatable, Sendable {
        package let identifier: Int
        package let group: Int
        package let model: String
        package let items: [Item]
        /// Tokens of all of them.
        package let cost: Int
    }

    /// Whether a request has been let in.
    package enum OnSubmit: Equatable, Sendable {
        case queued
        case full(limit: Int)
        /// No group has its model.
        case noGroup
    }

    struct Entry {
        let request: Request
        let sequence: Int
        /// Texts that are on no group, in their order.
        var waiting: [Int]
        /// Texts that have been computed.
        var done = 0
        var hasBegun = false
        /// It was in a pass that failed: it goes alone.
        var isAlone = false
        /// Groups that were lost with it.
        var losses = 0
    }

    /// The order within a lane.
    struct Place: Comparable {
        let priority: Int
        let sequence: Int
        let identifier: Int

        static func < (one: Place, other: Place) -> Bool {
            (one.priority, one.sequence) < (other.priority, other.sequence)
        }
    }

    struct Lane {
        var places: [Place] = []
        /// Tokens that it has had, on the clock of `virtualTime`.
        var tag = 0
    }

    struct Model {
        var policy: BatchPolicy
        var lanes: [Int: Lane] = [:]
        /// Requests that wait or run.
        var outstanding = 0
        /// Requests with texts that are on no group.
        var waiting = 0
        /// How many requests are outstanding at a time, as far as has been seen.
        var concurrency = 0
        /// Where it is by its share of the groups' time.
        var turn = Turn()
    }

    /// A group and the models that it has.
    struct Group {
        var models: Set<String>
        /// What it computed last: another model would have to be switched to.
        var last: String?
    }

    var models: [String: Model] = [:]
    var groups: [Int: Group] = [:]
    /// Groups with nothing to do, those that became so first before others.
    var idle: [Int] = []
    var entries: [Int: Entry] = [:]
    var running: [Int: Batch] = [:]
    /// Tokens of all texts that are on no group.
    var waitingCost = 0
    var virtualTime = 0
    /// Where the models are that have a share of the groups' time; nil while none has.
    var shares: Shares?
    var earliestExpiry: Duration?
    private var nextSequence = 0
    private var nextBatch = 0

    /// A queue without models and groups.
    package init() {}

    // MARK: What there is

    /// Says how a model's requests are batched.
    package mutating func setPolicy(_ policy: BatchPolicy, of model: String) {
        models[model, default: Model(policy: policy)].policy = policy
        divideShares()
    }

    /// A group has these models from now on. It is idle when it is new.
    package mutating func setModels(_ names: Set<String>, of group: Int) {
        if groups[group] == nil { idle.append(group) }
        groups[group, default: Group(models: [])].models = names
        divideShares()
    }

    /// Takes a group away, which is not computing.
    package mutating func remove(group: Int) {
        groups[group] = nil
        idle.removeAll { $0 == group }
    }

    /// Groups that have a model.
    func groupCount(_ model: String) -> Int {
        groups.values.reduce(0) { $0 + ($1.models.contains(model) ? 1 : 0) }
    }

    /// Requests that wait, of one model or of all.
    package func waiting(_ model: String? = nil) -> Int {
        guard let model else { return models.values.reduce(0) { $0 + $1.waiting } }
        return models[model]?.waiting ?? 0
    }

    /// Whether somebody still waits for any of a batch.
    package func isWanted(_ batch: Int) -> Bool {
        running[batch]?.items.contains { entries[$0.request] != nil } ?? false
    }

    // MARK: In

    /// Takes a request, unless too many wait already.
    package mutating func submit(_ request: Request) -> OnSubmit {
        guard var model = models[request.model], groupCount(request.model) > 0 else { return .noGroup }
        let canBegin = idle.contains { groups[$0]?.models.contains(request.model) ?? false }
        guard model.waiting < model.policy.queueLimit || canBegin && model.waiting == 0 else {
            return .full(limit: model.policy.queueLimit)
        }
        model.outstanding += 1
        model.concurrency = max(model.concurrency, model.outstanding)
        models[request.model] = model
        nextSequence += 1
        entries[request.identifier] = Entry(
            request: request, sequence: nextSequence, waiting: Array(request.costs.indices))
        enqueue(request.identifier)
        for time in [request.startBy, request.deadline].compactMap({ $0 }) {
            earliestExpiry = min(earliestExpiry ?? time, time)
        }
        return .queued
    }

    /// Puts a request that has texts to wait for into its lane, where its age says.
    mutating func enqueue(_ identifier: Int) {
        guard let entry = entries[identifier], let place = place(of: identifier) else { return }
        let lane = Self.lane(of: entry.request)
        let virtualTime = virtualTime
        modify(lane, of: entry.request.model) { lane in
            if lane.places.isEmpty { lane.tag = max(lane.tag, virtualTime) }
            let index = lane.places.partitionIndex { $0 > place }
            lane.places.insert(place, at: index)
        }
        if models[entry.request.model]?.waiting == 0 { enterTurn(entry.request.model) }
        models[entry.request.model]?.waiting += 1
        waitingCost += cost(entry)
    }

    /// Requests of a like size share a lane: up to 32 tokens, 128, 512 and so on.
    static func lane(of request: Request) -> Int {
        let cost = request.costs.reduce(0, +)
        var lane = 0
        while lane < 8, cost > 32 << (2 * lane) { lane += 1 }
        return lane
    }

    /// Takes a request out of its lane.
    mutating func dequeue(_ identifier: Int) {
        guard let entry = entries[identifier], !entry.waiting.isEmpty, let place = place(of: identifier)
        else { return }
        modify(Self.lane(of: entry.request), of: entry.request.model) { lane in
            let index = lane.places.partitionIndex { $0 >= place }
            if index < lane.places.count, lane.places[index] == place { lane.places.remove(at: index) }
        }
        models[entry.request.model]?.waiting -= 1
        waitingCost -= cost(entry)
    }

    private func place(of identifier: Int) -> Place? {
        entries[identifier].map {
            Place(priority: $0.request.priority, sequence: $0.sequence, identifier: identifier)
        }
    }

    private func cost(_ entry: Entry) -> Int { entry.waiting.reduce(0) { $0 + entry.request.costs[$1] } }

    mutating func modify(_ lane: Int, of model: String, _ body: (inout Lane) -> Void) {
        guard
            var known = models[model]?.lanes.removeValue(forKey: lane) ?? (models[model].map { _ in Lane() })
        else {
            return
        }
        body(&known)
        models[model]?.lanes[lane] = known
    }

    mutating func newBatchIdentifier() -> Int {
        nextBatch += 1
        return nextBatch
    }
}

extension Array {
    /// The first index whose element is beyond the partition, of an array that is parted by it.
    func partitionIndex(_ isBeyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
