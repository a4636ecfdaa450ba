// Triton's statistics extension: how often a model was asked, and where the time went. The same counts as in /metrics.

internal import JSON
internal import SystemIO

/// What the extension tells of one version of a model.
struct InferenceStatistics: Equatable, Sendable {
    /// How often something was done, and how long it took in all.
    struct Total: Equatable, Sendable {
        var count: UInt64
        var nanoseconds: UInt64

        init(_ count: Int, _ time: Duration) {
            self.count = UInt64(max(0, count))
            let (seconds, attoseconds) = time.components
            nanoseconds =
                UInt64(max(0, seconds)) &* 1_000_000_000 &+ UInt64(max(0, attoseconds / 1_000_000_000))
        }
    }

    let name: String
    let version: String
    /// Of the last request, in milliseconds since 1970; 0 before the first.
    let last: UInt64
    /// Texts or tensors answered, and passes that answered them.
    let inferences: UInt64
    let executions: UInt64
    let success: Total
    let failure: Total
    let queue: Total
    let compute: Total

    init(_ model: HostedModel) {
        let counts = model.meter.counts
        name = model.name
        version = model.version
        last = UInt64(max(0, counts.last / 1_000_000))
        inferences = UInt64(counts.texts)
        executions = UInt64(counts.passes)
        success = Total(counts.successes, counts.successTime)
        failure = Total(counts.failures.values.reduce(0, +), counts.failureTime)
        queue = Total(counts.passes, counts.queueTime)
        compute = Total(counts.passes, counts.computeTime)
    }

    /// As REST has it. What is not measured apart is nothing: inputs and outputs are part of the computation, and answers are not
    /// cached.
    var json: JSON {
        func total(_ total: Total) -> JSON {
            [
                "count": .int(Int64(clamping: total.count)),
                "ns": .int(Int64(clamping: total.nanoseconds)),
            ]
        }
        let none = total(Total(0, .zero))
        return [
            "name": .string(name), "version": .string(version),
            "last_inference": .int(Int64(clamping: last)),
            "inference_count": .int(Int64(clamping: inferences)),
            "execution_count": .int(Int64(clamping: executions)),
            "inference_stats": [
                "success": total(success), "fail": total(failure), "queue": total(queue),
                "compute_input": none, "compute_infer": total(compute), "compute_output": none,
                "cache_hit": none, "cache_miss": none,
            ],
            "batch_stats": [],
        ]
    }
}

extension InferenceServer {
    /// Of all models, of all versions of one, or of one version.
    ///
    /// - Throws: 404 for a name or version that is not there.
    func statistics(
        of name: String? = nil, version: String? = nil
    ) throws(HTTPProblem) -> [InferenceStatistics] {
        guard let name else { return models.map(InferenceStatistics.init) }
        let model = try model(name, version: version)
        guard version == nil else { return [InferenceStatistics(model)] }
        return state.withLock { $0.registry.versions(of: name) }.map(InferenceStatistics.init)
    }
}
