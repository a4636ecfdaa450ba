// How many files the process may have open. Each connection is one; where the system allows fewer than the server would take,
// nobody could be let in any more, the probes among them, while the server still waits for room of its own making.

internal import Glibc

/// The limit RLIMIT_NOFILE of the process.
enum DescriptorLimit {
    /// Descriptors that are not connections: devices, models, the loop, standard streams.
    private static let others = 64

    /// Raises the limit as far as the process may, as Go's runtime does, and returns it.
    static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        if raised.rlim_cur > limit.rlim_cur, setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// The connections that a server of this process takes: what it wants, unless there are fewer descriptors.
    ///
    /// - Parameter limit: descriptors that the process may have.
    static func connections(wanted: Int, limit: Int) -> Int { min(wanted, max(16, limit - others)) }
}
