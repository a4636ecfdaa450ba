// kube-proxy's part: connections to a service's address go to one of its ready pods, in turn. Cluster addresses are loopback
// addresses (127.96.x.y), which Linux lets anyone listen on.

internal import APIMachinery
internal import JSON
internal import LocalAPIServer
internal import SystemIO

/// Listens on the addresses of services and relays.
actor ServiceProxy: LoopActor {
    nonisolated let loop: EventLoop

    static let resources: Set<GroupResource> = [GroupResource("", "pods"), GroupResource("", "services")]

    /// Connections at a time, over all services.
    static let maximumConnections = 1_024

    /// One port of one service.
    struct Front: Hashable {
        var address: String
        var port: UInt16
    }

    private let server: APIServer
    private var listeners: [Front: Listener] = [:]
    private var backends: [Front: [SocketAddress]] = [:]
    private var turns: [Front: Int] = [:]
    private var relays: [ObjectIdentifier: ServiceRelay] = [:]
    private var opening = 0

    init(server: APIServer) {
        self.server = server
        loop = server.loop
    }

    /// Opens and closes listeners as services come and go.
    func reconcile() async {
        let pods = await server.objects(GroupResource("", "pods"))
        var wanted: [Front: [SocketAddress]] = [:]
        for service in await server.objects(GroupResource("", "services")) {
            guard let address = service.spec?.clusterIP?.string, address.hasPrefix("127.96.") else {
                continue
            }
            let selector = service.spec?.selector?.strings ?? [:]
            let endpoints =
                selector.isEmpty
                ? [] : EndpointController.endpoints(of: service, selector, pods).filter(\.isReady)
            for port in service.spec?.ports?.array ?? [] {
                guard let number = port.port?.int.flatMap({ UInt16(exactly: $0) }),
                    port["protocol"]?.string != "UDP"
                else { continue }
                wanted[Front(address: address, port: number)] = endpoints.compactMap { endpoint in
                    EndpointController.target(of: port, in: endpoint.pod).flatMap { UInt16(exactly: $0) }
                        .map { .ip(endpoint.address, port: $0) }
                }
            }
        }
        for (front, listener) in listeners where wanted[front] == nil {
            listeners[front] = nil
            await listener.close()
        }
        backends = wanted
        for front in wanted.keys where listeners[front] == nil { await open(front) }
    }

    private func open(_ front: Front) async {
        do {
            let listener = try Listener(
                .ip(front.address, port: front.port), loop: loop, accept: callback { $0.accept(front, $1) })
            listeners[front] = listener
            try await listener.start()
        } catch {
            // A port below 1024 needs a right we may not have; the service is then reached by its pods' addresses.
            listeners[front] = nil
        }
    }

    private func accept(_ front: Front, _ client: FileDescriptor) {
        let choices = backends[front] ?? []
        guard !choices.isEmpty, relays.count + opening < Self.maximumConnections else { return }
        let turn = turns[front, default: 0]
        turns[front] = (turn + 1) % 1_000_000
        let ordered = (0..<choices.count).map { choices[(turn + $0) % choices.count] }
        let relay = ServiceRelay(client, loop: loop)
        opening += 1
        Task { await self.connect(relay, ordered) }
    }

    /// Tries the endpoints in turn: one may be gone before we hear of it.
    private func connect(_ relay: ServiceRelay, _ choices: [SocketAddress]) async {
        defer { opening -= 1 }
        for address in choices {
            guard let backend = try? await SystemIO.connect(to: address, loop: loop, timeout: .seconds(2))
            else { continue }
            let identifier = ObjectIdentifier(relay)
            relays[identifier] = relay
            await relay.start(backend, callback { $0.relays[identifier] = nil })
            return
        }
        await relay.close()
    }

    /// Closes everything.
    func stop() async {
        for listener in listeners.values { await listener.close() }
        listeners = [:]
        for relay in relays.values { await relay.close() }
        relays = [:]
    }
}
