// The pods of one shape that wait, in the order in which they are placed. Only the first is ever tried: where it does not fit,
// none of them does.

internal import KubernetesAPI

/// Where a pod stands among those that wait: higher priority first, then older, then by name.
struct QueuePlace: Comparable, Hashable, Sendable {
    private let priority: Int
    private let created: Int64
    private let key: ObjectKey
    /// The pod.
    let uid: String

    init(_ pod: PodInfo) {
        priority = pod.priority
        created = pod.pod.metadata.creationTimestamp?.microseconds ?? 0
        key = pod.key
        uid = pod.uid
    }

    static func < (left: QueuePlace, right: QueuePlace) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        if left.created != right.created { return left.created < right.created }
        return left.key == right.key ? left.uid < right.uid : left.key < right.key
    }
}

/// Places in order; what comes last mostly is the newest.
struct WaitingPods: Sendable {
    private var places: [QueuePlace] = []
    /// Those before it have gone.
    private var head = 0

    var isEmpty: Bool { head == places.count }
    /// All that wait, in order.
    var all: ArraySlice<QueuePlace> { places[head...] }
    /// Who is the next.
    var first: QueuePlace? { isEmpty ? nil : places[head] }

    /// The next one from `place` on that is not in `others`.
    func first(notIn others: Set<String>) -> QueuePlace? {
        others.isEmpty ? first : places[head...].first { !others.contains($0.uid) }
    }

    private func index(of place: QueuePlace) -> Int {
        var (low, high) = (head, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ place: QueuePlace) {
        guard let last = places.last, head < places.count, place < last else {
            places.append(place)
            return
        }
        let index = index(of: place)
        if places[index] != place { places.insert(place, at: index) }
    }

    mutating func remove(_ place: QueuePlace) {
        let index = index(of: place)
        guard index < places.count, places[index] == place else { return }
        if index == head {
            head += 1
            if head > 64, head * 2 > places.count {
                places.removeFirst(head)
                head = 0
            }
        } else {
            places.remove(at: index)
        }
    }
}
