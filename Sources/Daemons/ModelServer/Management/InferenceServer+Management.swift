// Models that come and go while the server runs, on its groups.

internal import HTTP
internal import Models
internal import SystemIO

extension InferenceServer {
    /// Loads one more model and serves it when it is ready.
    ///
    /// - Parameters:
    ///   - workers: groups that get it; nil for all.
    /// - Throws: 409 where there is one of that name and version, 507 when memory is short, 400 for what is no model; then
    ///   everything is as before.
    func register(
        _ specification: ModelSpecification, policy: BatchPolicy, workers: Int? = nil
    ) async throws(HTTPProblem) -> HostedModel {
        let groups = try groups(workers)
        let model = HostedModel(specification, policy: policy)
        guard state.withLock({ $0.registry.add(model) }) else {
            throw HTTPProblem(
                409,
                "model \(specification.name) version \(specification.version) is registered already: unregister it"
                    + " first")
        }
        do throws(LoadFailure) {
            try await load(model, on: groups)
        } catch {
            state.withLock { $0.registry.remove(model) }
            throw HTTPProblem(error.isMemory ? 507 : 400, error.sentence)
        }
        return model
    }

    /// Takes a model off its groups: who waits for it is told to go, and what is being computed comes to its end.
    func unregister(_ model: HostedModel) async {
        model.state.withLock { $0.phase = .unloading }
        let groups = state.withLock { $0.groups }
        await tellDispatcher(groups)
        await unload(model, from: groups)
        // The cache may take it away from now on.
        model.state.withLock { $0.fetched = [] }
        state.withLock { $0.registry.remove(model) }
    }

    /// Changes on how many groups a model is.
    ///
    /// - Throws: 400 for a number that there is not, 507 when memory is short; then it is where it was.
    func scale(_ model: HostedModel, workers: Int) async throws(HTTPProblem) {
        guard try content(model).encoder != nil else {
            throw HTTPProblem(400, "model \(model.name) is no model of groups: it has no workers to scale")
        }
        let all = state.withLock { $0.groups }
        let chosen = try groups(workers)
        let placed: [NeuronCoreGroup]
        let had = Set(model.state.withLock { $0.groups })
        let new = chosen.filter { !had.contains($0.cores.lowerBound) }
        let kept = all.filter { had.contains($0.cores.lowerBound) }
        do throws(LoadFailure) {
            placed = try await placeMakingRoom(model, on: new)
        } catch {
            throw HTTPProblem(error.isMemory ? 507 : 500, error.sentence)
        }
        let names = Set(chosen.map(\.cores.lowerBound))
        let there = had.union(placed.map(\.cores.lowerBound))
        model.state.withLock { $0.wanted = names }
        await serve(model, on: chosen.filter { there.contains($0.cores.lowerBound) })
        await unload(model, from: kept.filter { !names.contains($0.cores.lowerBound) })
    }

    private func groups(_ workers: Int?) throws(HTTPProblem) -> [NeuronCoreGroup] {
        let all = answering(state.withLock { $0.groups })
        guard !all.isEmpty else {
            throw HTTPProblem(503, "the server has no groups yet", headers: ["retry-after": "1"])
        }
        guard let workers else { return all }
        guard 1...all.count ~= workers else {
            throw HTTPProblem(
                400,
                "\(workers) workers are asked for, and the server has \(all.count) groups: ask for 1 to \(all.count)"
            )
        }
        return Array(all.prefix(workers))
    }
}
