// Models come onto groups: at the start all of them, and later one at a time, when the management says so.

internal import ModelSources
internal import Models
internal import NeuronProgram
package import NeuronRuntime
internal import Observability
internal import SystemIO
internal import Text

/// Why a model could not be loaded.
struct LoadFailure: Error, Equatable {
    /// One sentence.
    let sentence: String
    /// The chips' memory is too small for it.
    let isMemory: Bool
}

extension InferenceServer {
    /// Told of each model that was no artifact, with what its compilation took.
    package typealias OnCompiled = @Sendable (_ name: String, _ took: Duration) -> Void

    /// Loads every model on every group, or on `copies` of them, and computes once with each; then the server is ready.
    ///
    /// - Throws: `ServerError` that names the model and the group; then the server never gets ready.
    package func load(
        _ claims: [any NeuronCores], compiled: @escaping OnCompiled = { _, _ in }
    ) async throws(ServerError) {
        let groups = claims.map { NeuronCoreGroup($0, pool: pool) }
        let models = models
        let copies = min(copies ?? groups.count, groups.count)
        let total = copies * models.count
        state.withLock {
            $0.claims = claims
            $0.groups = groups
            $0.phase = .loading(done: 0, total: total)
        }
        await dispatcher.onLoss { [weak self] group, sentence in
            self?.state.withLock { $0.lost[group] = sentence }
            self?.waits.end(group: group)
            self?.log?.error("group lost", ["error": sentence])
            Task { [weak self] in await self?.tellGenerators(group, sentence) }
        }
        await dispatcher.onBreakdown { [weak self] sentence in
            self?.setPhase(.failed(sentence))
            self?.brokenDown.yield(sentence)
        }
        for model in models {
            do throws(LoadFailure) {
                let answering = answering(groups)
                try await load(
                    model, on: Self.roomiest(answering, min(copies, answering.count)), compiled: compiled)
            } catch {
                setPhase(.failed(error.sentence))
                throw ServerError(error.sentence)
            }
        }
        if case .loading = phase { setPhase(.ready) }
    }

    /// The groups that have the least on them, in their order.
    private static func roomiest(_ groups: [NeuronCoreGroup], _ count: Int) -> [NeuronCoreGroup] {
        guard count < groups.count else { return groups }
        let loads = groups.map { group in group.memory.reduce(0) { $0 + $1.constants + $1.tensors } }
        let chosen = Set(groups.indices.sorted { (loads[$0], $0) < (loads[$1], $1) }.prefix(count))
        return groups.indices.filter(chosen.contains).map { groups[$0] }
    }

    /// Loads a model on groups that do not have it, and has them serve it.
    ///
    /// - Throws: why not; then no group has it, and the model's phase says so.
    func load(
        _ model: HostedModel, on groups: [NeuronCoreGroup], compiled: @escaping OnCompiled = { _, _ in }
    ) async throws(LoadFailure) {
        model.state.withLock { $0.wanted = Set(groups.map(\.cores.lowerBound)) }
        let placed: [NeuronCoreGroup]
        do throws(LoadFailure) {
            try await fetch(model)
            model.setPhase(.loading)
            try checkDegree(model, groups)
            placed = try await placeMakingRoom(model, on: groups, compiled: compiled)
        } catch {
            model.state.withLock {
                $0.phase = .failed(error.sentence)
                $0.fetched = []
            }
            throw error
        }
        await serve(model, on: placed)
    }

    /// Loads a model on groups and computes once on each. Those that do not answer are given up.
    ///
    /// - Returns: those that have it.
    /// - Throws: why not; then none of these groups has it.
    func place(
        _ model: HostedModel, on groups: [NeuronCoreGroup], compiled: @escaping OnCompiled = { _, _ in }
    ) async throws(LoadFailure) -> [NeuronCoreGroup] {
        if let content = try await openWithoutGroups(model) {
            model.state.withLock { $0.content = content }
            noteProgress(groups.count)
            return answering(groups)
        }
        var done: [NeuronCoreGroup] = []
        do throws(LoadFailure) {
            for (index, group) in answering(groups).enumerated() {
                let isThere = try await bring(model, onto: group) { if index == 0 { compiled($0, $1) } }
                if isThere {
                    done.append(group)
                    try checkMemory(group, model)
                    model.noteStep(.warmingUp)
                    let isWarm = try await warmUp(group, model)
                    if !isWarm { done.removeLast() }
                }
                noteProgress(1)
            }
        } catch {
            await unload(model, from: done)
            throw error
        }
        guard done.isEmpty, !groups.isEmpty else { return done }
        throw LoadFailure(
            sentence: "cannot load model \(model.name): no group of cores answers"
                + (fault(of: model).map { ": \($0)" } ?? ""), isMemory: false)
    }

    private func noteProgress(_ count: Int) {
        state.withLock { state in
            guard case .loading(let done, let total) = state.phase else { return }
            state.phase = .loading(done: done + count, total: total)
        }
    }

    /// A model that is on no group of ours: one that gives back what it gets, or a language model, whose engine has the cores.
    private func openWithoutGroups(_ model: HostedModel) async throws(LoadFailure) -> ModelContent? {
        let uri = model.specification.uri
        if uri.hasPrefix("identity:") {
            if let datatype = TensorDatatype(rawValue: String(uri.dropFirst(9))) {
                return .identity(datatype)
            }
            let known = TensorDatatype.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw LoadFailure(
                sentence: "cannot load model \(model.name): \(uri) names no datatype: write one of \(known)",
                isMemory: false)
        }
        let (claims, lost) = state.withLock { ($0.claims, $0.lost) }
        let cores = GeneratorCores(
            groups: claims.filter { lost[$0.cores.lowerBound] == nil },
            stepLimit: model.policy.computeTimeout,
            loadLimit: model.policy.loadTimeout, waits: waits
        ) { [weak self] cores, sentence in
            Task { await self?.lose(cores, sentence) }
        }
        let generator: (any TextGenerator)?
        do {
            var specification = try model.specification.located(at: model.place)
            let properties = model.state.withLock { $0.properties }
            specification.positions = properties.positions
            specification.sequences = properties.sequences
            generator = try await openGenerator(specification, cores)
            if let generator {
                // From now on it is told of groups that are lost.
                model.state.withLock { $0.content = .generation(generator) }
                model.noteStep(.warmingUp)
                for text in specification.warmup { try await generator.warmUp(text) }
            }
        } catch {
            throw failure(error, model, where: "the server's cores")
        }
        return generator.map { .generation($0) }
    }

    /// - Returns: false where the group was given up.
    private func bring(
        _ model: HostedModel, onto group: NeuronCoreGroup, compiled: @escaping OnCompiled
    ) async throws(LoadFailure) -> Bool {
        let place = "cores \(group.cores.spanText)"
        let start = ContinuousClock.now
        model.noteStep(.loading)
        let (encoder, program) = try await pool.run {
            [self] () -> Result<(EmbeddingModel, Program), LoadFailure> in
            do {
                let encoder = try store.model(at: model.place)
                if !encoder.isCompiled { model.noteStep(.compiling) }
                try checkProperties(of: model, encoder)
                return .success((encoder, try group.compile(encoder)))
            } catch {
                return .failure(failure(error, model, where: place))
            }
        }.get()
        model.noteStep(.partitioning)
        // A thread of its own, for a core that does not answer would keep one of everybody's.
        let thread = ComputePool(threads: 1)
        let loaded = await wait(for: group, model.policy.loadTimeout, "load model \(model.key)") { [self] in
            await thread.run { [self] () -> Result<Void, LoadFailure> in
                do {
                    return .success(try group.load(program, of: encoder, as: model.key))
                } catch {
                    return .failure(failure(error, model, where: place))
                }
            }
        }
        guard let loaded else { return false }
        try loaded.get()
        if !encoder.isCompiled { compiled(model.name, ContinuousClock.now - start) }
        model.state.withLock { $0.content = ModelContent(encoder) }
        return true
    }

    private func failure(_ error: any Error, _ model: HostedModel, where place: String) -> LoadFailure {
        let runtime = error as? NRTError
        return LoadFailure(
            sentence: "cannot load model \(model.name) on \(place): "
                + (runtime?.reason ?? (error as? HTTPProblem)?.message
                    ?? (error as? GenerationError)?.sentence ?? "\(error)"),
            isMemory: runtime?.status == .resource || runtime?.status == .hostMemory)
    }

    /// Computes once with each text, and says why what comes of it cannot be served.
    ///
    /// - Returns: false where the group was given up.
    private func warmUp(_ group: NeuronCoreGroup, _ model: HostedModel) async throws(LoadFailure) -> Bool {
        guard let encoder = model.content?.encoder else { return true }
        for text in model.specification.warmup {
            let result = await wait(for: group, model.policy.computeTimeout, "warm up model \(model.key)") {
                await group.compute([encoder.tokenize(text)], model: model.key)
            }
            guard let result else { return false }
            let what: String
            switch result {
            case .vectors(let vectors) where vectors.allSatisfy { $0 != nil }: continue
            case .vectors: what = "gave numbers that are none"
            case .failed(let sentence): what = sentence.map { "failed (\($0))" } ?? "failed"
            case .lost(let sentence):
                await lose(group.cores, sentence)
                return false
            }
            throw LoadFailure(
                sentence:
                    "cannot use model \(model.name) on cores \(group.cores.spanText): its first computation \(what):"
                    + " look whether \(ModelLocation.shown(model.specification.uri)) is the model that was meant",
                isMemory: false)
        }
        return true
    }

    /// Has groups answer requests for a model, and no others.
    func serve(_ model: HostedModel, on groups: [NeuronCoreGroup]) async {
        let chosen = groups.map(\.cores.lowerBound)
        var policy = model.policy
        if let limit = groups.first?.passLimit(of: model.key) {
            policy.texts = min(policy.texts, limit.texts ?? policy.texts)
            policy.tokens = min(policy.tokens, limit.tokens)
        }
        model.state.withLock {
            $0.groups = chosen
            $0.policy = policy
            // What has just come is not what was used longest ago.
            $0.lastUse = MonotonicClock.time
        }
        if model.content?.encoder != nil { await dispatcher.setPolicy(policy, of: model.key) }
        model.state.withLock { $0.phase = .ready }
        await tellDispatcher(state.withLock { $0.groups })
    }

    /// Tells which group has which models now.
    func tellDispatcher(_ groups: [NeuronCoreGroup]) async {
        // A group that is lost stays so until the process ends.
        for group in answering(groups) {
            let first = group.cores.lowerBound
            let keys = models.filter { model in
                model.state.withLock { $0.phase == .ready && $0.groups.contains(first) }
            }.filter { $0.content?.encoder != nil }.map(\.key)
            await dispatcher.setModels(Set(keys), of: group)
        }
    }
}
