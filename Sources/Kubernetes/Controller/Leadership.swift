// Of several processes only one may work. Who that is, is decided elsewhere; a manager only asks.

public import KubernetesClient

/// The right to work, which one process of several has at a time.
public protocol Leadership: Sendable {
    /// Why nobody can lead at the moment, in one sentence; nil while somebody does.
    var problem: String? { get }
    /// Until when, by the monotonic clock, no other process can have the right; zero without it. What would collide with
    /// another's work must not be sent later, whatever `keep` is doing.
    var leadsUntil: Duration { get }
    /// Waits for the right; false when `release` was called before.
    func acquire() async -> Bool
    /// Holds the right; returns when it is lost or was released.
    func keep() async
    /// Gives the right back, so that another need not wait.
    func release() async
}

extension LeaderElector: Leadership {}
