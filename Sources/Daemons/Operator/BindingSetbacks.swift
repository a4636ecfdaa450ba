// Bindings that the API server refuses, a policy for instance, would be refused again at once: such a pod waits, longer each
// time, while the others go on.

internal import SystemIO

/// Pods whose bindings were refused.
struct BindingSetbacks: Sendable {
    private struct Setback {
        var count: Int
        var until: Duration
        var message: String
    }

    private static let backoff = Backoff(base: .seconds(1), limit: .seconds(60))
    private var pods: [String: Setback] = [:]

    /// None.
    init() {}

    /// Another binding of a pod was refused.
    mutating func add(_ uid: String, message: String, now: Duration = MonotonicClock.time) {
        let count = (pods[uid]?.count ?? 0) + 1
        pods[uid] = Setback(count: count, until: now + Self.backoff.pause(after: count), message: message)
    }

    /// Forgets all pods but these.
    mutating func keep(_ isThere: (String) -> Bool) { pods = pods.filter { isThere($0.key) } }

    /// Pods that are not tried yet.
    func postponed(now: Duration) -> Set<String> { Set(pods.lazy.filter { $0.value.until > now }.map(\.key)) }

    /// Why these wait.
    func messages(now: Duration) -> [String: String] {
        pods.filter { $0.value.until > now }.mapValues(\.message)
    }

    /// When the next one may be tried; nil where none waits.
    func next(now: Duration) -> Duration? {
        pods.values.map { $0.until - now }.filter { $0 > .zero }.min()
    }
}
