// What spec.runtime and the user's container say about the server, brought together once: where both speak, they have to say
// the same, and a field that would do nothing is refused.

internal import GanglionAPI
internal import KubernetesAPI

/// The server of a ModelServer: its preset and what the user changed about it.
struct RuntimeSettings: Equatable, Sendable {
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

    /// What is known of the server.
    var profile: ServerProfile { preset.profile }

    /// Brings together what was written.
    ///
    /// - Parameters:
    ///   - runtime: `spec.runtime`.
    ///   - container: the user's container that serves.
    /// - Throws: `InvalidSpec` where the two contradict each other or something cannot be.
    init(_ runtime: RuntimeChoice, container: Container) throws(InvalidSpec) {
        let profile = runtime.preset.profile
        preset = runtime.preset
        port = try Self.port(runtime, container: container, profile: profile)
        readinessPath = runtime.readinessPath ?? profile.readinessPath
        livenessPath = runtime.livenessPath ?? profile.livenessPath
        startupTimeout = runtime.startupTimeoutSeconds ?? profile.startupTimeout

        let own = Set(ProbeKind.allCases.filter { container[$0] != nil })
        addedProbes = Self.probes(beside: own, asksLiveness: livenessPath != nil)
        let written: [(field: String, isSet: Bool, kinds: [ProbeKind])] = [
            ("readinessPath", runtime.readinessPath != nil, [.readiness]),
            ("livenessPath", runtime.livenessPath != nil, [.liveness]),
            ("startupTimeoutSeconds", runtime.startupTimeoutSeconds != nil, [.startup, .readiness]),
        ]
        for (field, isSet, kinds) in written where isSet {
            guard let kind = kinds.first(where: own.contains) else { continue }
            throw InvalidSpec(
                "spec.runtime.\(field) does nothing beside the container's own \(kind.rawValue): remove one of them"
            )
        }
        if runtime.livenessPath != nil, !addedProbes.contains(.liveness) {
            throw InvalidSpec(
                "spec.runtime.livenessPath would end a server that still loads: give the container, which has a readinessProbe of its own, a startupProbe too"
            )
        }
        guard preset == .ganglion || profile.image != nil || container.image?.isEmpty == false else {
            throw InvalidSpec(
                "preset \(preset.rawValue) has no image of its own: name one in spec.template.spec.containers, in the container called \(WellKnown.servingContainer)"
            )
        }
    }

    /// What a spec says of the server in the pods, without the rest of it.
    ///
    /// - Throws: `InvalidSpec` where it cannot be carried out.
    init(_ spec: ModelServerSpec) throws(InvalidSpec) {
        let own = try ResolvedServer.podSpec(spec.template).servingContainer
        try self.init(spec.runtime, container: own)
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
        _ runtime: RuntimeChoice, container: Container, profile: ServerProfile
    ) throws(InvalidSpec) -> Int {
        let entry = container.ports.first { $0.name == portName }
        if let transport = entry?.protocol, transport != "TCP" {
            throw InvalidSpec(
                "the container's port named \(portName) is of protocol \(transport): HTTP needs TCP, change it or its name"
            )
        }
        let named = entry?.containerPort
        if let named, !(1...65_535).contains(named) {
            throw InvalidSpec(
                "spec.template.spec.containers: containerPort of \(portName) is \(named): it must be 1 to 65535"
            )
        }
        if let given = runtime.port, let named, given != named {
            throw InvalidSpec(
                "spec.runtime.port is \(given) and the container's port named \(portName) is \(named): make them equal or remove one"
            )
        }
        let port = runtime.port ?? named ?? profile.port
        let others = profile.otherPorts + [profile.metrics?.port].compactMap { $0 }
        guard !others.contains(port) else {
            throw InvalidSpec(
                "port \(port) is one that preset \(runtime.preset.rawValue) uses for something else: choose another in spec.runtime.port"
            )
        }
        return port
    }
}

extension Container {
    /// The probe of a kind.
    subscript(_ kind: RuntimeSettings.ProbeKind) -> Probe? {
        get {
            switch kind {
            case .startup: startupProbe
            case .readiness: readinessProbe
            case .liveness: livenessProbe
            }
        }
        set {
            switch kind {
            case .startup: startupProbe = newValue
            case .readiness: readinessProbe = newValue
            case .liveness: livenessProbe = newValue
            }
        }
    }
}
