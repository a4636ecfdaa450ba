// The embedded kubelet: a process of its own, so that it can be killed and started again while pods run.

internal import Glibc
package import KubernetesAPI
package import KubernetesClient
package import Observability
package import SystemIO

/// How an embedded kubelet is set up.
package struct KubeletOptions: Sendable {
    /// Its root directory, `/var/lib/kubelet` on a real node. Short: sockets are made in it.
    package var root: String
    /// The node's name.
    package var nodeName: String
    /// What images stand for.
    package var images: ImageTable
    /// The `ganglion` program, which knows `container-shim`.
    package var program: String
    /// The label `node.kubernetes.io/instance-type`; nil for none.
    package var instanceType: String?
    /// Labels beside the usual ones.
    package var labels: [String: String] = [:]
    /// What the node says of its kubelet.
    package var version = "v1.36.2"
    /// The third number of its pods' addresses, 127.88.NETWORK.1 to .254: one for each node of this machine. nil for one that
    /// no other kubelet has.
    package var network: UInt8?
    /// Host and port of the API server for KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT; nil for none.
    package var service: (host: String, port: UInt16)?
    /// The process that pods end with; by default the one that `GANGLION_SUPERVISOR_PID` names, if any.
    package var supervisor: Int32? = getenv(ContainerShim.supervisorVariable).flatMap {
        Int32(String(cString: $0))
    }
    /// Its times.
    package var timings = KubeletTimings()

    /// The options without a default.
    package init(root: String, nodeName: String, images: ImageTable, program: String) {
        self.root = root
        self.nodeName = nodeName
        self.images = images
        self.program = program
    }
}

/// A kubelet.
package struct Kubelet: Sendable {
    private let options: KubeletOptions
    private let cluster: any ClusterAPI
    private let log: Logger
    private let loop: EventLoop

    /// A kubelet of the API server that `client` talks to.
    package init(
        _ options: KubeletOptions, client: KubernetesClient, log: Logger, loop: EventLoop = .shared
    ) {
        self.init(
            options, cluster: RemoteCluster(client, manager: "kubelet", loop: loop), log: log, loop: loop)
    }

    /// A kubelet.
    ///
    /// - Parameters:
    ///   - cluster: the API server.
    ///   - loop: everything of the kubelet runs on it.
    package init(
        _ options: KubeletOptions, cluster: any ClusterAPI, log: Logger, loop: EventLoop = .shared
    ) {
        self.options = options
        self.cluster = cluster
        self.log = log
        self.loop = loop
    }

    /// Runs until SIGTERM, SIGINT, or the end of the supervisor. Pods go on
    /// running: the next kubelet on the same root finds them, unless the supervisor is gone, with which they
    /// end.
    ///
    /// - Throws: `SystemError` where the root or a socket in it cannot be used.
    package func run() async throws {
        let signals = try SignalWatcher([.terminate, .interrupt], loop: loop)
        let running = try await start()
        log.info("kubelet runs", ["node": options.nodeName, "root": options.root])
        let supervisor = options.supervisor.flatMap { try? ChildProcess(existing: $0, loop: loop) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await signals.first() }
            if let supervisor { group.addTask { _ = await supervisor.wait() } }
            await group.next()
            // The process ends now: what still waits in the group must not keep it.
            await running.stop()
            log.info("kubelet ends", ["node": options.nodeName])
            exit(0)
        }
    }

    /// A kubelet at work.
    struct Running: Sendable {
        let devices: DeviceManager
        let pods: PodManager
        let node: NodeManager
        let sockets: KubeletSockets
        let logs: LogServer
        let tasks: [Task<Void, Never>]
        /// Held while the kubelet runs: the network of its pods.
        let network: PodNetwork

        /// Closes the sockets; pods go on.
        func stop() async {
            for task in tasks { task.cancel() }
            await sockets.shutdown()
            await logs.shutdown()
            network.release()
        }
    }

    /// Starts all parts.
    func start() async throws -> Running {
        try Files.makeDirectory(options.root, mode: 0o750)
        // Halves of files that a kubelet left which was killed while it wrote them.
        for name in try Files.list(options.root) where name.hasSuffix(".tmp") {
            try Files.remove(options.root + "/" + name)
        }
        let (changes, changed) = AsyncStream.makeStream(of: Set<String>.self)
        let devices = DeviceManager(
            root: options.root, connector: GRPCPluginConnector(loop: loop), timings: options.timings,
            loop: loop
        ) { changed.yield($0) }
        if let error = try await devices.prepare() {
            log.error("no checkpoint", ["error": error.description])
        }

        let facts = NodeFacts.read(root: options.root)
        let labels = NodeManager.labels(
            name: options.nodeName, facts: facts, instanceType: options.instanceType
        ).merging(options.labels) { _, own in own }
        let node = NodeManager(
            name: options.nodeName, labels: labels, facts: facts, version: options.version,
            images: Array(options.images.programs.keys), socket: LogServer.socket(root: options.root),
            cluster: cluster, devices: devices,
            timings: options.timings, loop: loop)
        let network = try options.network.map(PodNetwork.init) ?? PodNetwork.claim(root: options.root)
        if let note = network.note { log.warning(note, ["network": network.range]) }
        let pods = PodManager(
            services: services(devices),
            room: NodeRoom(
                cpu: Int64(facts.cpus) * 1000, memory: Int64(facts.memory) * 1024, pods: NodeFacts.pods,
                labels: labels, name: options.nodeName),
            network: network.number)
        // Plugins may register before the API server answers.
        let sockets = try await KubeletSockets(root: options.root, devices: devices, pods: pods, loop: loop)
        let logs = try await LogServer(root: options.root, pods: pods, loop: loop)
        let tasks = [
            Task {
                await node.register()
                await node.run()
            },
            Task { await pods.run() },
            Task {
                for await uids in changes {
                    node.touch()
                    await pods.refreshDevices(of: uids)
                }
            },
        ]
        return Running(
            devices: devices, pods: pods, node: node, sockets: sockets, logs: logs, tasks: tasks,
            network: network)
    }

    private func services(_ devices: DeviceManager) -> KubeletServices {
        var environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/",
        ]
        // Programs of a toolchain that is not installed system-wide need it.
        let libraries = getenv("LD_LIBRARY_PATH").map { String(cString: $0) }
        environment["LD_LIBRARY_PATH"] = libraries
        if let service = options.service {
            environment["KUBERNETES_SERVICE_HOST"] = service.host
            environment["KUBERNETES_SERVICE_PORT"] = "\(service.port)"
            environment["KUBERNETES_SERVICE_PORT_HTTPS"] = "\(service.port)"
        }
        var shim = options.supervisor.map { [ContainerShim.supervisorVariable: "\($0)"] } ?? [:]
        shim["LD_LIBRARY_PATH"] = libraries
        return KubeletServices(
            root: options.root, nodeName: options.nodeName, loop: loop, images: options.images,
            shim: ShimCommand(path: options.program, environment: shim, loop: loop), devices: devices,
            cluster: cluster, actions: LocalActionRunner(loop: loop),
            events: CoreEventRecorder(
                cluster, component: "kubelet", host: options.nodeName, loop: loop),
            timings: options.timings,
            baseEnvironment: environment)
    }
}
