// What the store may hold at most: a local cluster must not eat the machine that it runs on.

/// Bounds of the API server's memory.
package struct APIStateLimits: Sendable {
    /// Changes kept per resource for watches that start in the past.
    package var historyEvents = 2_048
    /// Octets of changed objects kept per resource.
    package var historyBytes = 32 << 20
    /// Changes that may wait for one slow watcher before it is ended.
    package var watcherBacklog = 4_096
    /// Objects of one resource.
    package var objectsPerResource = 50_000
    /// Watches at a time.
    package var watchers = 2_000

    /// The usual limits.
    package init() {}
}
