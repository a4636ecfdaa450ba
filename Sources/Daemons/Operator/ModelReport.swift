// What the server in a pod says of its models: the JSON that Ganglion's own has at `/`, which needs no key. One answer has
// all models, the octets of those that are on their way, and why one does not answer.

internal import GanglionAPI
internal import JSON

/// What a pod's server says of its models.
struct ModelReport: Equatable, Sendable {
    typealias Phase = ModelServerStatus.ModelStatus.Phase

    /// A model of the report.
    struct Model: Equatable, Sendable {
        var name: String
        var version: String
        var phase: Phase
        /// Percent of its files that have come, in tens: what changes more often would be written more often.
        var progress: Int?
        /// Why it does not answer, or not on all of its groups; nil where nothing is wrong.
        var fault: String?
    }

    /// By name and version.
    private var models: [String: Model] = [:]

    /// The most models that are looked at: those of a spec are 64, and a server has others where they come and go.
    private static let limit = 4_096
    /// Characters of a fault; the rest is in the pod's log.
    static let faultLength = 400

    /// Reads an answer.
    ///
    /// - Returns: nil for what is no such report.
    init?(_ octets: [UInt8]) {
        guard let document = try? JSON(parsing: octets, maximumDepth: 8),
            let entries = document["models"]?.array
        else { return nil }
        self.init(entries.prefix(Self.limit).compactMap(Self.model))
    }

    /// A report of these.
    init(_ models: [Model]) {
        for model in models { self.models["\(model.name)/\(model.version)"] = model }
    }

    /// What it says of a model; nil where it does not know it.
    func model(_ name: String, version: String) -> Model? { models["\(name)/\(version)"] }

    private static func model(_ entry: JSON) -> Model? {
        guard let name = entry["modelName"]?.string, let word = entry["phase"]?.string else { return nil }
        let phase = phases[word] ?? .loading
        var model = Model(name: name, version: entry["modelVersion"]?.string ?? "1", phase: phase)
        if phase == .downloading, let octets = entry["downloadedOctets"]?.int, octets >= 0,
            let total = entry["totalOctets"]?.int, total > 0
        {
            model.progress = Int(min(1, Double(octets) / Double(total)) * 10) * 10
        }
        let fault = phase == .failed ? entry["reason"]?.string : entry["fault"]?.string
        model.fault = fault.map(Self.line)
        return model
    }

    /// Text as one line of bounded length.
    static func line(_ text: String) -> String {
        String(
            text.prefix(2 * faultLength).split(whereSeparator: \.isNewline).joined(separator: " ").prefix(
                faultLength))
    }

    /// The server's words for a model's way.
    private static let phases: [String: Phase] = [
        "registered": .pending, "downloading": .downloading, "loading": .loading, "compiling": .compiling,
        "partitioning": .partitioning, "warming up": .warmingUp, "ready": .ready, "unloaded": .unloaded,
        "failed": .failed, "unloading": .unloaded,
    ]
}
