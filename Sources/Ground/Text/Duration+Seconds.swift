// Metrics, logs and Kubernetes count in seconds.

extension Duration {
    /// The duration in seconds, as near as a double comes.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
