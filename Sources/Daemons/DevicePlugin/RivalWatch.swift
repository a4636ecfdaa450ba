// Who else serves our resource on this node? The kubelet keeps one plugin for a name, takes whoever registered last, and
// tells the earlier one nothing: its stream stays open (1.36, handler.go registerClient). There is no call that says
// whose socket it uses. What can be seen: which devices the kubelet lists (PodResources, GetAllocatableResources: the
// healthy ones), and sockets in its directory on which somebody listens and whose names are known.

internal import GRPC
internal import KubeletAPI
internal import Placement
internal import SystemIO

extension RegistrationMachine {
    /// Who has our resource, as far as can be seen.
    package enum Claimant: String, Sendable {
        /// Nobody can tell.
        case unknown
        /// The kubelet lists no healthy device of it, though we have some.
        case nobody
        /// The kubelet lists devices that may be ours.
        case somebody
        /// Another plugin shows by more than that.
        case another
    }
}

/// Looks for another plugin of one resource.
struct RivalWatch: Sendable {
    /// What one look has found.
    struct Finding: Equatable, Sendable {
        var claimant: RegistrationMachine<KubeletSign>.Claimant
        /// Why it is believed that another has the resource; nil where it is not.
        var evidence: String?
    }

    /// Sockets of AWS's plugin, whose device ids are numbers as ours are (version 2.23 to 2.32).
    static let knownSockets = [
        "aws.amazon.com/neuroncore": "neuroncore-devplugin.sock",
        "aws.amazon.com/neuron": "neuron-devplugin.sock",
    ]

    let settings: ResourcePlugin.Settings
    let loop: EventLoop

    /// Looks once, for at most twice the time-out of a look.
    ///
    /// - Parameters:
    ///   - ids: the devices that we have ever advertised.
    ///   - hasHealthy: whether the kubelet should list some of them.
    ///   - isServing: whether our socket's place is taken by our own.
    func look(ids: Set<String>, hasHealthy: Bool, isServing: Bool) async -> Finding {
        for name in candidates(isServing: isServing) where await isAlive(name) {
            return Finding(claimant: .another, evidence: "somebody listens on \(name)")
        }
        guard let listed = await listedDevices() else { return Finding(claimant: .unknown) }
        let foreign = listed.subtracting(ids).sorted()
        if !foreign.isEmpty {
            let some = foreign.prefix(3).joined(separator: ", ")
            return Finding(
                claimant: .another, evidence: "the kubelet lists devices that are not ours, such as \(some)")
        }
        if !listed.isEmpty {
            let evidence = isServing ? nil : "the kubelet lists \(listed.count) of its devices already"
            return Finding(claimant: .somebody, evidence: evidence)
        }
        // A node whose chips are all sick has nothing to list.
        return Finding(claimant: hasHealthy || !isServing ? .nobody : .unknown)
    }

    /// Sockets in the kubelet's directory that are not ours and not the kubelet's, for a person to look at.
    func neighbours() -> [String] {
        let names = (try? Files.list(settings.directory)) ?? []
        return names.sorted().filter { name in
            name != settings.endpoint && name != DevicePluginAPI.kubeletSocketName
                && Files.kind(settings.directory + "/" + name) == .socket
        }
    }

    /// Sockets that only a plugin of our resource would have.
    private func candidates(isServing: Bool) -> [String] {
        var names = Self.knownSockets[settings.resource].map { [$0] } ?? []
        if !isServing { names.append(settings.endpoint) }
        return names.filter { Files.kind(settings.directory + "/" + $0) == .socket }
    }

    /// A process that has ended leaves its socket behind; one that is there accepts.
    private func isAlive(_ name: String) async -> Bool {
        let address = SocketAddress.unix(settings.directory + "/" + name)
        guard
            let connection = try? await SystemIO.connect(
                to: address, loop: loop, timeout: settings.lookTimeout)
        else { return false }
        connection.close()
        return true
    }

    /// The ids that the kubelet lists as healthy; nil where it does not say.
    private func listedDevices() async -> Set<String>? {
        guard Files.kind(settings.podResourcesSocket) == .socket,
            let client = try? await GRPCClient.connect(
                to: .unix(settings.podResourcesSocket), loop: loop, timeout: settings.lookTimeout)
        else { return nil }
        let response = try? await PodResourcesClient(client).allocatable(timeout: settings.lookTimeout)
        await client.close()
        guard let response else { return nil }
        return Set(
            response.devices.lazy.filter { $0.resourceName == settings.resource }.flatMap(\.deviceIDs))
    }
}
