// Groups that do not answer. Nothing ends a call to a core from outside, so whoever waits for one goes on after a while: the
// group is given up, and what it had goes on others. Its cores come back with a new process only.

internal import Models
internal import SystemIO
internal import Text

extension InferenceServer {
    /// Those of some groups that answer.
    func answering(_ groups: [NeuronCoreGroup]) -> [NeuronCoreGroup] {
        let lost = state.withLock { $0.lost }
        return groups.filter { lost[$0.cores.lowerBound] == nil }
    }

    /// Gives cores up: no model of theirs is asked any more, and none comes onto them.
    func lose(_ cores: Range<Int>, _ sentence: String) async {
        await dispatcher.lose(cores.lowerBound, sentence)
    }

    /// Language models ask cores that are lost nothing more.
    func tellGenerators(_ group: Int, _ sentence: String) async {
        for model in models {
            guard case .generation(let generator) = model.content else { continue }
            await generator.lose(group, sentence)
        }
    }

    /// Waits for a group as long as it may take; one that takes longer is given up.
    ///
    /// - Parameter what: what it does then: "compute model m/1".
    /// - Returns: nil where it was given up.
    @discardableResult
    func wait<Result: Sendable>(
        for group: NeuronCoreGroup, _ limit: Duration, _ what: String,
        _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        if let result = await waits.wait(for: group.cores.lowerBound, limit, work) { return result }
        await lose(group.cores, "cores \(group.cores.spanText) \(what) for more than \(limit.inSeconds) s")
        return nil
    }

    /// Takes a model off groups, after what they compute. One that does not answer has it for ever, and nobody minds.
    func unload(_ model: HostedModel, from groups: [NeuronCoreGroup]) async {
        // What is being computed may take as long as it may, and then it is given back.
        let limit = model.policy.computeTimeout * 2
        for group in answering(groups) {
            await wait(for: group, limit, "give back model \(model.key)") { await group.unload(model.key) }
        }
    }

    /// Why a model is not on all of the groups that it was to be on; nil where it is.
    func fault(of model: HostedModel) -> String? {
        let lost = state.withLock { $0.lost }
        guard !lost.isEmpty else { return nil }
        let missing = model.state.withLock { $0.wanted }.filter { lost[$0] != nil }
        return missing.min().flatMap { lost[$0] }
    }
}
