// A model's files come before the model: from wherever its URI says, through the node's cache; and what its folder says of it,
// before any of it is read.

internal import ModelSources
internal import Models
internal import NeuronProgram
internal import SystemIO

extension InferenceServer {
    /// Brings a model's files onto this machine, where they are somewhere else, and reads its `serving.properties`.
    ///
    /// - Throws: why not, in one sentence without secrets.
    func fetch(_ model: HostedModel) async throws(LoadFailure) {
        guard model.state.withLock({ $0.place }) == nil, !model.specification.uri.hasPrefix("identity:")
        else { return }
        try readDefaults(model)
        var uri = try await place(of: model.specification.uri, model)
        // A folder may name another place; what that one says of itself counts less, and where it is nothing any more.
        if let next = try readProperties(uri, model) {
            uri = try await place(of: next, model)
            let first = model.state.withLock { ($0.properties, $0.policy) }
            _ = try readProperties(uri, model)
            model.state.withLock { ($0.properties, $0.policy) = first }
        }
        model.state.withLock { $0.place = uri }
    }

    /// Where a URI's files are on this machine: a URI of this machine again.
    private func place(of uri: String, _ model: HostedModel) async throws(LoadFailure) -> String {
        do throws(ModelSourceError) {
            guard let location = try ModelLocation(uri) else { return uri }
            guard let fetcher else {
                throw ModelSourceError(
                    location.shown, .location, "this server has no model cache",
                    mend: "start it with --model-cache")
            }
            model.setPhase(.downloading(FetchProgress()))
            let fetched = try await fetcher.fetch(location) { model.setPhase(.downloading($0)) }
            model.state.withLock { $0.fetched.append(fetched) }
            return fetched.path
        } catch {
            throw LoadFailure(
                sentence: "cannot load model \(model.name): \(error.description)", isMemory: false)
        }
    }

    /// What holds where the model's folder says nothing.
    private func readDefaults(_ model: HostedModel) throws(LoadFailure) {
        do throws(HTTPProblem) {
            let properties = try ModelProperties(properties, place: "the environment")
            model.state.withLock { $0.properties = properties }
        } catch {
            throw LoadFailure(sentence: "cannot load model \(model.name): \(error.message)", isMemory: false)
        }
    }

    /// Reads what a model's folder says.
    ///
    /// - Returns: where the model is, if not in the folder.
    private func readProperties(_ uri: String, _ model: HostedModel) throws(LoadFailure) -> String? {
        let path = uri.hasPrefix("file://") ? String(uri.dropFirst(7)) : uri
        let file = path + "/serving.properties"
        do {
            let own = try ServingProperties.read(directory: path)
            let read = try ModelProperties(own, place: file)
            var properties = model.state.withLock { $0.properties }
            properties.degree = read.degree ?? properties.degree
            properties.positions = read.positions ?? properties.positions
            properties.sequences = read.sequences ?? properties.sequences
            var policy = model.policy
            try policy.read(own, place: file)
            model.state.withLock {
                $0.properties = properties
                $0.policy = policy
            }
            guard let location = read.location else { return nil }
            return location.contains("://") || location.hasPrefix("/") ? location : path + "/" + location
        } catch {
            let problem = (error as? HTTPProblem)?.message ?? "\(error)"
            throw LoadFailure(sentence: "cannot load model \(model.name): \(problem)", isMemory: false)
        }
    }

    /// - Throws: where the model's folder wants other groups than the server has.
    func checkDegree(_ model: HostedModel, _ groups: [NeuronCoreGroup]) throws(LoadFailure) {
        let degree = model.state.withLock { $0.properties.degree }
        guard let degree, let group = groups.first, group.cores.count != degree else { return }
        throw LoadFailure(
            sentence:
                "cannot load model \(model.name): its option.tensor_parallel_degree is \(degree), and the server's groups have"
                + " \(group.cores.count) cores: start it with --tensor-parallel-degree \(degree)",
            isMemory: false)
    }

    /// - Throws: 400 for what only language models can be told.
    func checkProperties(of model: HostedModel, _ encoder: EmbeddingModel) throws(HTTPProblem) {
        let properties = model.state.withLock { $0.properties }
        let named =
            properties.positions.map { ("option.n_positions", $0) }
            ?? properties.sequences.map { ("option.max_rolling_batch_size", $0) }
        guard let (key, value) = named else { return }
        throw HTTPProblem(
            400,
            "\(key) is \(value), which is for language models: this one cuts texts at \(encoder.configuration.maximumTokens)"
                + " tokens, and max_batch_tokens bounds a pass")
    }
}

extension HostedModel {
    /// How far it is, while it is being loaded; a model that answers goes on doing so while it comes onto more groups.
    func noteStep(_ phase: ModelPhase) {
        state.withLock { if $0.phase.isLoading { $0.phase = phase } }
    }
}
