// A chip's memory holds fewer models than a server may have. Where models come and go, the one that has been used longest ago
// makes room, and comes back with the next request for it: nobody notices but by the time.

internal import Models
internal import Observability
internal import SystemIO
internal import Text

extension InferenceServer {
    /// Places a model, and takes others off the chips where there is no room for it.
    ///
    /// - Returns: the groups that have it now.
    /// - Throws: why not: `isMemory` where nothing more can go.
    func placeMakingRoom(
        _ model: HostedModel, on groups: [NeuronCoreGroup], compiled: @escaping OnCompiled = { _, _ in }
    ) async throws(LoadFailure) -> [NeuronCoreGroup] {
        while true {
            let result = await tryPlacing(model, on: groups, compiled)
            if case .failure(let failure) = result, failure.isMemory, control == .explicit,
                await makeRoom(for: model, on: groups)
            {
                continue
            }
            return try result.get()
        }
    }

    private func tryPlacing(
        _ model: HostedModel, on groups: [NeuronCoreGroup], _ compiled: @escaping OnCompiled
    ) async -> Result<[NeuronCoreGroup], LoadFailure> {
        do throws(LoadFailure) {
            return .success(try await place(model, on: groups, compiled: compiled))
        } catch {
            return .failure(error)
        }
    }

    /// Unloads the model that has been used longest ago, of those that nobody waits for and that write nothing.
    ///
    /// - Returns: false where there is none.
    private func makeRoom(for model: HostedModel, on groups: [NeuronCoreGroup]) async -> Bool {
        let wanted = Set(groups.map(\.cores.lowerBound))
        let idle = models.filter { $0 !== model }.compactMap { other -> (HostedModel, Duration)? in
            let state = other.state.withLock { $0 }
            guard state.isIdle, state.content?.takesMemory == true, !wanted.isDisjoint(with: state.groups)
            else { return nil }
            return (other, state.lastUse)
        }
        for (victim, _) in idle.sorted(by: { $0.1 < $1.1 }) {
            // A request may have come meanwhile.
            let content = victim.state.withLock { state -> ModelContent? in
                guard state.isIdle else { return nil }
                state.phase = .unloaded
                defer { state.content = state.content?.withoutMemory }
                return state.content
            }
            guard let content else { continue }
            let all = state.withLock { $0.groups }
            if case .generation(let generator) = content {
                await generator.close()
            } else {
                await tellDispatcher(all)
                await unload(victim, from: all)
            }
            metrics.unloads.increment([victim.name])
            log?.info("unloaded", ["model": victim.name, "version": victim.version, "for": model.name])
            return true
        }
        return false
    }

    /// Begins to use a model, which is brought back for that where it has been unloaded. `endUse` belongs to it.
    ///
    /// - Throws: 507 where there is no room for it, 500 where it cannot be loaded any more.
    func beginUse(_ model: HostedModel) async throws(HTTPProblem) {
        while let comeback = enter(model) {
            if let failure = await comeback.value {
                throw HTTPProblem(failure.isMemory ? 507 : 500, failure.sentence)
            }
        }
    }

    /// - Returns: what has to end first; nil where the use has begun.
    private func enter(_ model: HostedModel) -> Task<LoadFailure?, Never>? {
        model.state.withLock { state in
            if let comeback = state.comeback { return comeback }
            guard state.phase == .unloaded else {
                state.uses += 1
                return nil
            }
            let task = Task { await self.bringBack(model) }
            state.comeback = task
            return task
        }
    }

    /// Ends what `beginUse` has begun.
    func endUse(_ model: HostedModel) {
        model.state.withLock { state in
            state.uses -= 1
            state.lastUse = MonotonicClock.time
        }
    }

    /// Begins to use a language model, until the result ends or goes: it stays on its cores meanwhile.
    ///
    /// - Throws: as `beginUse`.
    func use(_ model: HostedModel) async throws(HTTPProblem) -> (generator: any TextGenerator, use: ModelUse)
    {
        try await beginUse(model)
        let use = ModelUse(model, self)
        guard case .generation(let generator) = try content(model) else {
            throw HTTPProblem(500, "model \(model.name) makes no text any more: ask again")
        }
        return (generator, use)
    }

    private func bringBack(_ model: HostedModel) async -> LoadFailure? {
        let all = state.withLock { $0.groups }
        let had = model.state.withLock { $0.groups }
        let groups = all.filter { had.contains($0.cores.lowerBound) }
        var failure: LoadFailure?
        do throws(LoadFailure) {
            let placed = try await placeMakingRoom(model, on: groups)
            await serve(model, on: placed)
        } catch {
            failure = error
        }
        model.state.withLock { $0.comeback = nil }
        return failure
    }

    /// - Throws: where a model takes more of a group's memory than was said.
    func checkMemory(_ group: NeuronCoreGroup, _ model: HostedModel) throws(LoadFailure) {
        guard let limit = model.specification.memory, let used = group.memory(of: model.key), used > limit
        else {
            return
        }
        throw LoadFailure(
            sentence:
                "model \(model.name) takes \(used) octets of the memory of cores \(group.cores.spanText), and its memory is set"
                + " to \(limit): raise it, or serve a smaller model", isMemory: false)
    }
}

/// That a model is being used. It ends with the last who has it, or before.
final class ModelUse: Sendable {
    private let model: HostedModel
    private let server: InferenceServer
    private let hasEnded = Lock(false)

    /// What `beginUse` has begun.
    init(_ model: HostedModel, _ server: InferenceServer) {
        self.model = model
        self.server = server
    }

    deinit { end() }

    /// The model may go.
    func end() {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        if isFirst { server.endUse(model) }
    }
}

extension HostedModel.State {
    /// Whether it is loaded and nobody uses it.
    fileprivate var isIdle: Bool { phase == .ready && uses == 0 && comeback == nil }
}

extension ModelContent {
    /// Whether it has memory of its groups.
    fileprivate var takesMemory: Bool { if case .identity = self { false } else { true } }

    /// What is known of it when its groups have it no more.
    fileprivate var withoutMemory: Self {
        guard case .generation(let generator) = self else { return self }
        return .generation(UnloadedGenerator(information: generator.information))
    }
}
