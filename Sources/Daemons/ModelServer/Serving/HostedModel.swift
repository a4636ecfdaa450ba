// A model of the server from its registration to its end: what it is, how far it has been loaded, and on which groups.

internal import ModelSources
internal import Models
internal import SystemIO

/// What a model computes.
enum ModelContent: Sendable {
    /// Vectors of texts.
    case embedding(EmbeddingModel)
    /// Labels of texts and of pairs of texts, or a number alone.
    case classification(EmbeddingModel, ClassifierSettings)
    /// Where in texts the answers to questions stand.
    case answers(EmbeddingModel)
    /// Text that follows text.
    case generation(any TextGenerator)
    /// What it gets, of one datatype.
    case identity(TensorDatatype)

    /// What a model of the groups computes with; nil for others.
    var encoder: EmbeddingModel? {
        switch self {
        case .embedding(let encoder), .classification(let encoder, _), .answers(let encoder): encoder
        case .generation, .identity: nil
        }
    }

    /// What an encoder is here.
    init(_ encoder: EmbeddingModel) {
        if let classifier = encoder.classifier {
            self = .classification(encoder, classifier)
        } else {
            self = encoder.task == .questionAnswering ? .answers(encoder) : .embedding(encoder)
        }
    }

    /// As OIP's `platform` and Triton's `backend` name it.
    var platform: String {
        switch self {
        case .embedding: "ganglion_embedding"
        case .classification: "ganglion_classification"
        case .answers: "ganglion_question_answering"
        case .generation: "ganglion_generation"
        case .identity: "ganglion_identity"
        }
    }
}

/// A model by name and version.
final class HostedModel: Sendable {
    struct State {
        var phase = ModelPhase.registered
        var content: ModelContent?
        /// The groups that have it, by their first core, in order.
        var groups: [Int] = []
        /// The groups that were to have it, also where some of them did not answer.
        var wanted: Set<Int> = []
        var policy: BatchPolicy
        /// What was fetched of it, while it is needed; none for a model of this machine.
        var fetched: [FetchedModel] = []
        /// Where its files are on this machine; nil until that is known.
        var place: String?
        /// What its folder says of it.
        var properties = ModelProperties()
        /// Requests that are being answered with it.
        var uses = 0
        /// When the last of them was, on the monotonic clock.
        var lastUse = Duration.zero
        /// What brings it back onto its chips; nil where nothing does.
        var comeback: Task<LoadFailure?, Never>?
    }

    let specification: ModelSpecification
    let state: Lock<State>
    let meter = ModelMeter()

    init(_ specification: ModelSpecification, policy: BatchPolicy) {
        self.specification = specification
        var policy = policy
        policy.share = specification.utilization
        state = Lock(State(policy: policy))
    }

    var name: String { specification.name }
    var version: String { specification.version }
    var key: String { specification.key }
    var phase: ModelPhase { state.withLock { $0.phase } }
    var content: ModelContent? { state.withLock { $0.content } }
    var policy: BatchPolicy { state.withLock { $0.policy } }
    /// Whether it answers: one that has been unloaded comes back for that.
    var isReady: Bool { phase == .ready || phase == .unloaded }
    /// Where its files are on this machine.
    var place: String { state.withLock { $0.place } ?? specification.uri }

    /// How far it is from now on.
    func setPhase(_ phase: ModelPhase) { state.withLock { $0.phase = phase } }
}
