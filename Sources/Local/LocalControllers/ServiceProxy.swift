// kube-proxy's part: connections to a service's address go to one of its ready pods, in turn. Cluster addresses are loopback
// addresses (127.96.x.y, or another network of the cluster's own), which Linux lets anyone listen on.

internal import Controller
internal import KubernetesAPI
internal import Observability
internal import SystemIO

/// Listens on the addresses of services and relays.
actor ServiceProxy: LoopActor {
    nonisolated let loop: EventLoop

    /// Connections at a time, over all services.
    static let maximumConnections = 1_024

    /// One port of one service.
    struct Front: Hashable {
        var address: String
        var port: UInt16
    }

    private let cluster: any ClusterAPI
    private let log: Logger
    /// Ports that cannot be listened on, and why.
    private(set) var faults: [Front: String] = [:]
    private var listeners: [Front: Listener] = [:]
    private var backends: [Front: [SocketAddress]] = [:]
    private var turns: [Front: Int] = [:]
    private var relays: [ObjectIdentifier: ServiceRelay] = [:]
    private var opening = 0

    init(cluster: any ClusterAPI, loop: EventLoop, log: Logger = .silent) {
        self.cluster = cluster
        self.log = log
        self.loop = loop
    }

    /// Looks at all services when one of them or a pod changes.
    nonisolated func controller() -> Controller<Everything> {
        Controller(named: "service-proxy", log: log, loop: loop) { _ in
            try await self.reconcile()
            return .done
        }
        .looks(at: Pod.self, of: cluster)
        .looks(at: Service.self, of: cluster)
    }

    /// Opens and closes listeners as services come and go.
    func reconcile() async throws(ClusterError) {
        let pods = try await cluster.list(Pod.self)
        var wanted: [Front: [SocketAddress]] = [:]
        for service in try await cluster.list(Service.self) {
            guard let address = service.spec.clusterIP, address.hasPrefix("127.") else { continue }
            let endpoints = service.endpoints(among: pods).filter(\.isReady)
            for port in service.spec.ports where port.protocol != "UDP" {
                guard let number = UInt16(exactly: port.port) else { continue }
                wanted[Front(address: address, port: number)] = endpoints.compactMap { endpoint in
                    port.target(in: endpoint.pod).flatMap { UInt16(exactly: $0) }
                        .map { .ip(endpoint.address, port: $0) }
                }
            }
        }
        for (front, listener) in listeners where wanted[front] == nil {
            listeners[front] = nil
            await listener.close()
        }
        faults = faults.filter { wanted[$0.key] != nil }
        backends = wanted
        for front in wanted.keys where listeners[front] == nil { await open(front) }
    }

    /// What it listens on.
    var addresses: Set<Front> { Set(listeners.keys) }

    private func open(_ front: Front) async {
        do {
            let listener = try Listener(
                .ip(front.address, port: front.port), loop: loop, accept: callback { $0.accept(front, $1) })
            listeners[front] = listener
            try await listener.start()
            if faults.removeValue(forKey: front) != nil {
                log.info(
                    "the service's address is served again", ["address": "\(front.address):\(front.port)"])
            }
        } catch {
            // It is tried again at the next change. A port below 1024 needs a right we may not have; the service is then
            // reached by its pods' addresses.
            listeners[front] = nil
            guard faults.updateValue("\(error)", forKey: front) != "\(error)" else { return }
            log.warning(
                "the service's address is not served",
                ["address": "\(front.address):\(front.port)", "error": "\(error)"])
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
