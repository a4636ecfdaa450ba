// The models of a server by name and version, in the order in which they came.

/// Finds models.
struct ModelRegistry: Sendable {
    private(set) var models: [HostedModel] = []
    /// The versions of each name, numbers in their order, others before them by their letters: asked for at each request.
    private var byName: [String: [HostedModel]] = [:]
    /// Versions that were chosen as the default ones.
    private var defaults: [String: String] = [:]

    /// Adds a model; false where there is one of that name and version.
    mutating func add(_ model: HostedModel) -> Bool {
        guard !models.contains(where: { $0.key == model.key }) else { return false }
        models.append(model)
        byName[model.name] = (versions(of: model.name) + [model]).sorted { one, other in
            switch (Int(one.version), Int(other.version)) {
            case (let one?, let other?): one < other
            case (nil, _?): true
            case (_?, nil): false
            case (nil, nil): one.version < other.version
            }
        }
        return true
    }

    /// Takes a model out.
    mutating func remove(_ model: HostedModel) {
        models.removeAll { $0 === model }
        let left = versions(of: model.name).filter { $0 !== model }
        byName[model.name] = left.isEmpty ? nil : left
        if defaults[model.name] == model.version { defaults[model.name] = nil }
    }

    /// The version that is meant where none is named.
    mutating func setDefault(_ model: HostedModel) { defaults[model.name] = model.version }

    /// Finds a model; without a version the chosen one, else the highest.
    func find(_ name: String, version: String? = nil) -> HostedModel? {
        let versions = versions(of: name)
        if let version = version ?? defaults[name] { return versions.first { $0.version == version } }
        return versions.last { $0.isReady } ?? versions.last
    }

    /// The versions of a model, numbers in their order, others before them by their letters.
    func versions(of name: String) -> [HostedModel] { byName[name] ?? [] }

    /// Names, each once, in the order in which they came.
    var names: [String] {
        var seen: Set<String> = []
        return models.map(\.name).filter { seen.insert($0).inserted }
    }
}
