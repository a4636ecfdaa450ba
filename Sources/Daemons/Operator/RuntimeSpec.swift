// What spec.runtime and the user's container say about the server, brought together once: where both speak, they have to say
// the same, and a field that would do nothing is refused.

internal import JSON

/// The server of a ModelServer: its preset and what the user changed about it.
struct RuntimeSpec: Equatable, Sendable {
    /// The kinds of probes of a container.
    enum ProbeKind: String, CaseIterable, Sendable {
        case startup = "startupProbe"
        case readiness = "readinessProbe"
        case liveness = "livenessProbe"
    }

    var preset: RuntimePreset
    /// Where the server serves: `spec.runtime.port`, else the container's port named http, else the preset's.
    var port: Int
    /// Asked whether it can serve; nil for a connection to the port.
    var readinessPath: String?
    /// Asked whether it has to be restarted; nil for never.
    var livenessPath: String?
    /// How long a start may take, in seconds.
    var startupTimeout: Int
    /// The probes that are added. Those of the user's container stay as they are, and none is added that could contradict
    /// them: a start-up probe holds back a readiness probe, so it is added only where there is none of either kind; a
    /// liveness probe would end a server that still loads, so it is added only beside a start-up probe.
    var addedProbes: Set<ProbeKind>

    /// The name of the port that serves.
    static let portName = "http"

    /// Brings together what was written.
    ///
    /// - Parameters:
    ///   - runtime: `spec.runtime`; null where there is none.
    ///   - container: the user's container named model-server, empty where there is none.
    /// - Throws: `InvalidSpec` where the two contradict each other or something cannot be.
    init(_ runtime: JSON, container: JSON) throws(InvalidSpec) {
        let name = runtime["preset"]?.string ?? RuntimePreset.ganglion.rawValue
        guard let preset = RuntimePreset(rawValue: name) else {
            let known = RuntimePreset.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidSpec(description: "spec.runtime.preset is \"\(name)\": it must be one of \(known)")
        }
        let profile = preset.profile
        self.preset = preset
        port = try Self.port(runtime, container: container, profile: profile, preset: preset)
        let readiness = try Self.path(runtime, "readinessPath")
        let liveness = try Self.path(runtime, "livenessPath")
        let timeout = try ModelServerSpec.number(
            runtime["startupTimeoutSeconds"], "runtime.startupTimeoutSeconds", in: 1...86_400)
        readinessPath = readiness ?? profile.readinessPath
        livenessPath = liveness ?? profile.livenessPath
        startupTimeout = timeout ?? profile.startupTimeout

        let own = Set(ProbeKind.allCases.filter { container[$0.rawValue] != nil })
        addedProbes = Self.probes(beside: own, asksLiveness: livenessPath != nil)
        let written: [(field: String, isSet: Bool, kinds: [ProbeKind])] = [
            ("readinessPath", readiness != nil, [.readiness]), ("livenessPath", liveness != nil, [.liveness]),
            ("startupTimeoutSeconds", timeout != nil, [.startup, .readiness]),
        ]
        for (field, isSet, kinds) in written where isSet {
            guard let kind = kinds.first(where: own.contains) else { continue }
            throw InvalidSpec(
                description:
                    "spec.runtime.\(field) does nothing beside the container's own \(kind.rawValue): remove one of them"
            )
        }
        if liveness != nil, !addedProbes.contains(.liveness) {
            throw InvalidSpec(
                description:
                    "spec.runtime.livenessPath would end a server that still loads: give the container, which has a readinessProbe of its own, a startupProbe too"
            )
        }
        guard preset == .ganglion || profile.image != nil || container["image"]?.string?.isEmpty == false
        else {
            throw InvalidSpec(
                description:
                    "preset \(name) has no image of its own: name one in spec.template.spec.containers, in the container called \(Names.container)"
            )
        }
    }

    private static func probes(beside own: Set<ProbeKind>, asksLiveness: Bool) -> Set<ProbeKind> {
        var added: Set<ProbeKind> = []
        if own.isDisjoint(with: [.startup, .readiness]) { added.insert(.startup) }
        if !own.contains(.readiness) { added.insert(.readiness) }
        let isStartGuarded = own.union(added).contains(.startup)
        if asksLiveness, isStartGuarded, !own.contains(.liveness) { added.insert(.liveness) }
        return added
    }

    private static func port(
        _ runtime: JSON, container: JSON, profile: ServerProfile, preset: RuntimePreset
    ) throws(InvalidSpec) -> Int {
        let given = try ModelServerSpec.number(runtime["port"], "runtime.port", in: 1...65_535)
        let entry = (container["ports"]?.array ?? []).first { $0["name"]?.string == portName }
        if let transport = entry?["protocol"]?.string, transport != "TCP" {
            throw InvalidSpec(
                description:
                    "the container's port named \(portName) is of protocol \(transport): HTTP needs TCP, change it or its name"
            )
        }
        let named = try ModelServerSpec.number(
            entry?["containerPort"], "template.spec.containers: containerPort of \(portName)", in: 1...65_535)
        if let given, let named, given != named {
            throw InvalidSpec(
                description:
                    "spec.runtime.port is \(given) and the container's port named \(portName) is \(named): make them equal or remove one"
            )
        }
        let port = given ?? named ?? profile.port
        let others = profile.otherPorts + [profile.metrics?.port].compactMap { $0 }
        guard !others.contains(port) else {
            throw InvalidSpec(
                description:
                    "port \(port) is one that preset \(preset.rawValue) uses for something else: choose another in spec.runtime.port"
            )
        }
        return port
    }

    private static func path(_ runtime: JSON, _ name: String) throws(InvalidSpec) -> String? {
        guard let json = runtime[name], !json.isNull else { return nil }
        guard let path = json.string, path.hasPrefix("/") else {
            throw InvalidSpec(
                description:
                    "spec.runtime.\(name) is \(json.text()): it must be a path that begins with /")
        }
        return path
    }
}

extension ModelServerSpec {
    /// Checks that the preset's server can do what is asked of it.
    ///
    /// - Throws: `InvalidSpec` naming the field and what to do instead.
    func checkRuntime() throws(InvalidSpec) {
        let preset = runtime.preset
        let profile = preset.profile
        let name = preset.rawValue
        if models.count > 1, !profile.servesManyModels {
            throw InvalidSpec(
                description:
                    "preset \(name) serves one model: make a ModelServer for each of the \(models.count)")
        }
        if let schemes = profile.schemes {
            for model in models {
                guard let scheme = model.scheme, !schemes.contains(scheme) else { continue }
                let known = schemes.map { $0 + "://" }.joined(separator: ", ")
                throw InvalidSpec(
                    description:
                        "the uri of model \(model.name) is \(model.uri): preset \(name) takes \(known) or a path"
                )
            }
        }
        if maxBatchSize != nil, !profile.takesBatchSize {
            throw InvalidSpec(
                description:
                    "preset \(name) cannot be told spec.batching: set it in the server's own configuration")
        }
        if maxQueueLength != nil, !profile.takesQueueLength {
            throw InvalidSpec(
                description:
                    "preset \(name) cannot be told spec.queue: set it in the server's own configuration")
        }
    }

    /// Checks that the preset's server can hold `copies` copies of a model.
    func check(copies: Int) throws(InvalidSpec) {
        guard copies > 1, !runtime.preset.profile.servesManyCopies else { return }
        throw InvalidSpec(
            description:
                "preset \(runtime.preset.rawValue) has one copy of the model in a server, not \(copies): set neither tensorParallelDegree nor processesPerReplica, and use replicas"
        )
    }
}
