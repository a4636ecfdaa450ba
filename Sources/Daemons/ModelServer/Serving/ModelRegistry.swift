// The models of a server by name and version, in the order in which they came.

/// Finds models.
struct ModelRegistry: Sendable {
    private(set) var models: [HostedModel] = []
    /// Versions that were chosen as the default ones.
    private var defaults: [String: String] = [:]

    /// Adds a model; false where there is one of that name and version.
    mutating func add(_ model: HostedModel) -> Bool {
        guard !models.contains(where: { $0.key == model.key }) else { return false }
        models.append(model)
        return true
    }

    /// Takes a model out.
    mutating func remove(_ model: HostedModel) {
        models.removeAll { $0 === model }
        if defaults[model.name] == model.version { defaults[model.name] = nil }
    }

    /// The version that is meant where none is named.
    mutating func setDefault(_ model: HostedModel) { defaults[model.name] = model.version }

    /// Finds a model; without a version the chosen one, else the highest.
    func find(_ name: String, version: String? = nil) -> HostedModel? {
        if let version { return models.first { $0.name == name && $0.version == version } }
        if let chosen = defaults[name] { return models.first { $0.name == name && $0.version == chosen } }
        let versions = versions(of: name)
        return versions.last { $0.isReady } ?? versions.last
    }

    /// The versions of a model, numbers in their order, others before them by their letters.
    func versions(of name: String) -> [HostedModel] {
        models.filter { $0.name == name }.sorted { one, other in
            switch (Int(one.version), Int(other.version)) {
            case (let one?, let other?): one < other
            case (nil, _?): true
            case (_?, nil): false
            case (nil, nil): one.version < other.version
            }
        }
    }

    /// Names, each once, in the order in which they came.
    var names: [String] {
        var seen: Set<String> = []
        return models.map(\.name).filter { seen.insert($0).inserted }
    }
}
