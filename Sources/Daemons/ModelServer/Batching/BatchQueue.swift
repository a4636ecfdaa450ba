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
        /// By size, see `lane(of:)`.
        var lanes = [Lane](repeating: Lane(), count: BatchQueue.laneCount)
        /// Requests that wait or run.
        var outstanding = 0
        /// Requests with texts that are on no group.
        var waiting = 0
        /// How many requests are outstanding at a time, as far as has been seen.
        var concurrency = 0
        /// Where it is by its share of the groups' time.
        var turn = Turn()

        /// One request more is outstanding.
        mutating func begin() {
            outstanding += 1
            concurrency = max(concurrency, outstanding)
        }

        /// Changes a lane where it stands.
        mutating func modify(_ lane: Int, _ body: (inout Lane) -> Void) { body(&lanes[lane]) }
    }

    /// A group and the models that it has. What is asked at each pass is asked of `holders`.
    struct Group {
        var models: Set<String>
        /// What it computed last: another model would have to be switched to.
        var last: String?
    }

    var models: [String: Model] = [:]
    /// The models with requests that wait: a server of hundreds looks at these for each pass, not at all.
    private(set) var waitingModels: Set<String> = []
    var groups: [Int: Group] = [:]
    /// The groups that have a model, in rising order; none for a model that no group has.
    private var holders: [String: [Int]] = [:]
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
        let before = groups[group]?.models ?? []
        groups[group, default: Group(models: [])].models = names
        for name in before.subtracting(names) { setHolder(group, of: name, false) }
        for name in names.subtracting(before) { setHolder(group, of: name, true) }
        divideShares()
    }

    private mutating func setHolder(_ group: Int, of model: String, _ holds: Bool) {
        var own = holders[model] ?? []
        own.removeAll { $0 == group }
        if holds { own.insert(group, at: own.partitionIndex { $0 > group }) }
        holders[model] = own.isEmpty ? nil : own
    }

    /// Takes a group away, which is not computing.
    package mutating func remove(group: Int) {
        for name in groups[group]?.models ?? [] { setHolder(group, of: name, false) }
        groups[group] = nil
        idle.removeAll { $0 == group }
    }

    /// Groups that have a model.
    func groupCount(_ model: String) -> Int { holders[model]?.count ?? 0 }

    /// Whether a group that has a model is idle.
    func hasIdleGroup(_ model: String) -> Bool {
        guard let holders = holders[model] else { return false }
        return idle.contains { holders.contains($0) }
    }

    /// The idle group for a model: one that has computed it last, else the one that has been idle for the longest.
    func idleGroup(_ model: String) -> Int? {
        guard let holders = holders[model] else { return nil }
        let able = idle.filter { holders.contains($0) }
        return able.first { groups[$0]?.last == model } ?? able.first
    }

    /// Requests that wait, of one model or of all.
    package func waiting(_ model: String? = nil) -> Int {
        guard let model else { return waitingModels.reduce(0) { $0 + (models[$1]?.waiting ?? 0) } }
        return models[model]?.waiting ?? 0
    }

    /// Whether somebody still waits for any of a batch.
    package func isWanted(_ batch: Int) -> Bool {
        running[batch]?.items.contains { entries[$0.request] != nil } ?? false
    }

    // MARK: In

    /// Takes a request, unless too many wait already.
    package mutating func submit(_ request: Request) -> OnSubmit {
        guard groupCount(request.model) > 0, let limit = models[request.model]?.policy.queueLimit else {
            return .noGroup
        }
        let waiting = waiting(request.model)
        guard waiting < limit || waiting == 0 && hasIdleGroup(request.model) else {
            return .full(limit: limit)
        }
        models[request.model]?.begin()
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
        addWaiting(1, to: entry.request.model)
        waitingCost += cost(entry)
    }

    /// Requests of a like size share a lane: up to 32 tokens, 128, 512 and so on.
    static func lane(of request: Request) -> Int {
        let cost = request.costs.reduce(0, +)
        var lane = 0
        while lane < laneCount - 1, cost > 32 << (2 * lane) { lane += 1 }
        return lane
    }

    /// Lanes of a model.
    private static let laneCount = 9

    /// Takes a request out of its lane.
    mutating func dequeue(_ identifier: Int) {
        guard let entry = entries[identifier], !entry.waiting.isEmpty, let place = place(of: identifier)
        else { return }
        modify(Self.lane(of: entry.request), of: entry.request.model) { lane in
            let index = lane.places.partitionIndex { $0 >= place }
            if index < lane.places.count, lane.places[index] == place { lane.places.remove(at: index) }
        }
        addWaiting(-1, to: entry.request.model)
        waitingCost -= cost(entry)
    }

    private mutating func addWaiting(_ count: Int, to model: String) {
        models[model]?.waiting += count
        if models[model]?.waiting ?? 0 > 0 {
            waitingModels.insert(model)
        } else {
            waitingModels.remove(model)
        }
    }

    private func place(of identifier: Int) -> Place? {
        entries[identifier].map {
            Place(priority: $0.request.priority, sequence: $0.sequence, identifier: identifier)
        }
    }

    private func cost(_ entry: Entry) -> Int { entry.waiting.reduce(0) { $0 + entry.request.costs[$1] } }

    mutating func modify(_ lane: Int, of model: String, _ body: (inout Lane) -> Void) {
        models[model]?.modify(lane, body)
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
