// How far a model has been loaded, in our words and in those of others.

internal import ModelSources

/// How far a model has been loaded.
enum ModelPhase: Equatable, Sendable {
    /// It waits for its turn.
    case registered
    /// Its files are on their way.
    case downloading(FetchProgress)
    /// It is read.
    case loading
    /// It is made a program for its cores.
    case compiling
    /// The program comes onto the cores of its groups.
    case partitioning
    /// Each group computes with it for the first time.
    case warmingUp
    case ready
    /// Others needed its chips' memory: the next request brings it back.
    case unloaded
    /// The sentence says why.
    case failed(String)
    case unloading

    /// In our words: in descriptions, metrics and the console.
    var name: String {
        switch self {
        case .registered: "registered"
        case .downloading: "downloading"
        case .loading: "loading"
        case .compiling: "compiling"
        case .partitioning: "partitioning"
        case .warmingUp: "warming up"
        case .ready: "ready"
        case .unloaded: "unloaded"
        case .failed: "failed"
        case .unloading: "unloading"
        }
    }

    /// All names, for metrics.
    static let names = [
        "registered", "downloading", "loading", "compiling", "partitioning", "warming up", "ready",
        "unloaded",
        "failed", "unloading",
    ]

    /// As TorchServe's and DJL's descriptions have it.
    var word: String {
        switch self {
        case .registered, .downloading, .loading, .compiling, .partitioning, .warmingUp: "LOADING"
        case .ready: "READY"
        case .unloaded: "UNLOADED"
        case .failed: "FAILED"
        case .unloading: "UNLOADING"
        }
    }

    /// As Triton's repository index has it.
    var repositoryState: String {
        switch self {
        case .registered, .downloading, .loading, .compiling, .partitioning, .warmingUp: "LOADING"
        case .ready: "READY"
        case .failed, .unloaded: "UNAVAILABLE"
        case .unloading: "UNLOADING"
        }
    }

    /// What there is to say beside the name; empty for nothing.
    var detail: String {
        switch self {
        case .downloading(let progress):
            progress.total.map { "downloading, \(progress.octets) of \($0) octets" }
                ?? "downloading, \(progress.octets) octets"
        case .failed(let sentence): sentence
        case .unloaded: "unloaded, since others needed the memory; the next request brings it back"
        case .ready: ""
        default: name
        }
    }

    /// Whether it is on its way.
    var isLoading: Bool { word == "LOADING" }
}
