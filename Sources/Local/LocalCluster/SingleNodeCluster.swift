// A cluster of one node on one machine: the API server and its controllers in this process, the kubelet, the plugin, the
// agent and the operator as processes of their own, each with the rights and the flags that it has on a real node.

internal import GanglionAPI
internal import Glibc
internal import HTTP
internal import JSON
internal import KubernetesAPI
package import KubernetesClient
internal import LocalAPIServer
internal import LocalControllers
internal import LocalKubelet
internal import Neuron
package import Observability
internal import Placement
package import SystemIO
internal import TLS

/// Why a local cluster does not start.
package struct LocalClusterError: Error, CustomStringConvertible {
    /// One sentence: what failed, and the mend.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A running local cluster.
package actor SingleNodeCluster: LoopActor {
    /// What to start.
    package struct Options: Sendable {
        /// The EC2 instance type to imitate.
        package var instanceType = "inf2.48xlarge"
        /// The node's name.
        package var nodeName = "local-0"
        /// What the device plugin advertises: `core`, `chip` or `both`.
        package var granularity = "core"
        /// The API server's port on loopback; 0 lets the system choose.
        package var port: UInt16 = 0
        /// Where the executables are.
        package var programs: String
        /// The state's directory; nil for one of its own under /tmp.
        package var stateDirectory: String?
        /// The level of the components' logs.
        package var logLevel = LogLevel.info
        /// The file that gets a line for each request, in the form of kube-apiserver's audit log; nil for none.
        package var auditLog: String?
        /// Whether the operator works only while it holds its Lease, as several have to.
        package var leaderElection = false
        /// Whether the agent sets the label of AWS's plugin on its Node.
        package var labelsNode = false
        /// Whether the API server has the feature gate WatchList.
        package var hasWatchList = true

        /// Options with the directory of the executables.
        package init(programs: String) { self.programs = programs }
    }

    /// The cluster's loop.
    package nonisolated let loop: EventLoop
    /// Where its files are.
    package nonisolated let directory: ClusterDirectory
    /// Its options.
    package nonisolated let options: Options

    private let log: Logger
    private let supervisor: Supervisor
    private var server: HTTPServer?
    private var controllers: Controllers?
    private var maintenance: Task<Void, Never>?
    /// Held while the cluster runs: the addresses of its services.
    private var serviceNetwork: NameClaim?

    /// Makes the state directory; nothing runs yet.
    package init(_ options: Options, log: Logger, loop: EventLoop = .shared) throws(SystemError) {
        self.options = options
        self.log = log
        self.loop = loop
        if let path = options.stateDirectory {
            directory = try ClusterDirectory.make(at: path)
        } else {
            directory = try ClusterDirectory.makeTemporary()
        }
        supervisor = Supervisor(directory, log: log, loop: loop)
    }

    /// Who may talk to the API server: the administrator and the components, each with a token of its own.
    private static let users: [(component: String, user: APIUser)] = [
        ("admin", APIUser("kubernetes-admin", groups: ["system:masters", "system:authenticated"])),
        ("kubelet", APIUser("system:node", groups: ["system:nodes", "system:authenticated"])),
        ("operator", ClusterRights.user("ganglion-operator")),
        ("node-agent", ClusterRights.user("ganglion-node-agent")),
    ]

    /// Starts everything and returns when the node advertises its NeuronCores or chips.
    ///
    /// - Parameter timeout: how long that may take.
    /// - Throws: an error whose sentence says what failed; what was started is stopped again by `stop`.
    package func start(timeout: Duration = .seconds(60)) async throws {
        // The counters that nobody here reads are most of the files: without them start and stop take no seconds.
        try FakeDevice.create(
            instanceType: options.instanceType, at: directory.devices, monitorCounters: false)
        let client = try await startServer()
        for definition in GanglionAPI.definitions {
            try await client.apply(
                .customResourceDefinitions, YAMLReader.read(definition), manager: "ganglion-up")
        }
        try await client.create(LocalStorage.standardClass)
        try await ClusterRights.install(client, labelsNode: options.labelsNode)
        for program in programs {
            guard Files.exists(program.path) else {
                throw LocalClusterError(
                    "the executable \(program.path) is missing: build all of them with swift build -c release"
                )
            }
            try await supervisor.start(program)
        }
        try await waitForCores(client, timeout)
    }

    /// Stops everything, pods included, and removes the state directory.
    package func stop() async {
        await supervisor.stopAll()
        await controllers?.stop()
        maintenance?.cancel()
        await server?.shutdown(grace: .milliseconds(100))
        serviceNetwork?.release()
        do throws(SystemError) {
            try directory.remove()
        } catch {
            log.warning("state is left behind", ["error": error.description])
        }
    }

    /// A client with the administrator's rights.
    package func client() async throws -> KubernetesClient {
        try await KubernetesClient.make(
            ClientConfiguration.load(kubeconfig: directory.kubeconfig), program: "ganglion")
    }

    private func startServer() async throws -> KubernetesClient {
        var tokens: [String: APIUser] = [:]
        var names: [String: String] = [:]
        for (component, user) in Self.users {
            let token = Self.randomToken()
            tokens[token] = user
            names[component] = token
        }
        let authority = try CertificateAuthority(commonName: "ganglion-local", validity: .days(30))
        let certificate = try authority.issueServerCertificate(
            hosts: ["localhost", "kubernetes.default.svc", "127.0.0.1", "::1"], commonName: "kube-apiserver",
            validity: .days(30))
        let root = String(decoding: authority.certificatePEM, as: UTF8.self)

        var apiOptions = APIServerOptions(tokens: tokens)
        apiOptions.rootCertificate = root
        apiOptions.hasWatchList = options.hasWatchList
        let services = try Self.claimServiceNetwork()
        apiOptions.serviceNetwork = services.network
        serviceNetwork = services.claim
        if let path = options.auditLog { apiOptions.audit = try Self.auditSink(path, log) }
        let apiServer = APIServer(options: apiOptions, loop: loop)
        let nodes = InProcessClient(apiServer, program: "kube-apiserver")
        await apiServer.setLogSource { [loop] node, request in
            await KubeletLogClient.answer(request, on: node, of: nodes, loop: loop)
        }
        let server = HTTPServer(security: try TLSServer(identity: certificate.identity), loop: loop) {
            await apiServer.handle($0)
        }
        self.server = server
        let address = try await server.listen(on: .ip("127.0.0.1", port: options.port))
        for (component, token) in names {
            let path = component == "admin" ? directory.kubeconfig : directory.kubeconfig(of: component)
            try Files.writeAtomically(
                path, Self.kubeconfig(server: address, authority: root, user: component, token: token))
        }
        maintenance = Task { await apiServer.maintain() }
        let controllers = Controllers(
            storage: LocalStorage(path: directory.volumes), log: log, loop: loop
        ) { InProcessClient(apiServer, program: $0) }
        self.controllers = controllers
        await controllers.start()
        log.info("API server listens", ["address": address.description])
        return try await client()
    }

    /// The first of the networks 127.96.0.0/16 to 127.111.0.0/16 that no other cluster of this machine has.
    private static func claimServiceNetwork() throws -> (network: UInt8, claim: NameClaim) {
        for network in UInt8(96)...111 {
            if let claim = try NameClaim("ganglion-service-network-\(network)") { return (network, claim) }
        }
        throw LocalClusterError(
            "16 local clusters of this machine have their services' addresses: stop some of them")
    }

    /// Writes each event as a line, and says once where it cannot.
    private static func auditSink(_ path: String, _ log: Logger) throws -> @Sendable (JSON) -> Void {
        let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_APPEND)
        let failed = Lock(false)
        return { event in
            do throws(SystemError) {
                try Files.append(file, event.serialized() + [10], name: path)
            } catch {
                guard
                    !failed.withLock({ was in
                        defer { was = true }; return was
                    })
                else { return }
                log.warning("the audit log is not complete", ["error": error.description])
            }
        }
    }

    /// 256 random bits in hexadecimal.
    private static func randomToken() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private static func kubeconfig(server: SocketAddress, authority: String, user: String, token: String)
        -> [UInt8]
    {
        Array(
            """
            apiVersion: v1
            kind: Config
            clusters:
            - name: ganglion-local
              cluster:
                server: https://\(server)
                certificate-authority-data: \(Base64.encode(authority.utf8))
            users:
            - name: \(user)
              user:
                token: \(token)
            contexts:
            - name: ganglion-local
              context:
                cluster: ganglion-local
                user: \(user)
                namespace: default
            current-context: ganglion-local

            """.utf8)
    }

    /// The components in the order in which they are started.
    private var programs: [Supervisor.Program] {
        let environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ContainerShim.supervisorVariable: String(getpid()),
        ]
        func program(_ name: String, _ executable: String, _ arguments: [String]) -> Supervisor.Program {
            Supervisor.Program(
                name: name, path: options.programs + "/" + executable, arguments: arguments,
                environment: environment)
        }
        let level = ["--log-level", options.logLevel.description]
        return [
            program(
                "kubelet", "ganglion",
                [
                    "kubelet", "--node-name", options.nodeName, "--root", directory.kubelet, "--kubeconfig",
                    directory.kubeconfig(of: "kubelet"), "--instance-type", options.instanceType,
                ] + level),
            program(
                "device-plugin", "ganglion-device-plugin",
                [
                    "--kubelet-root", directory.kubelet, "--sysfs-root", directory.devices + "/sys",
                    "--device-root", directory.devices + "/dev", "--agent-socket", directory.agentSocket,
                    "--granularity", options.granularity,
                ] + level),
            program(
                "node-agent", "ganglion-node-agent",
                [
                    "--node-name", options.nodeName, "--kubeconfig", directory.kubeconfig(of: "node-agent"),
                    "--plugin-socket", directory.agentSocket, "--pod-resources-socket",
                    directory.kubelet + "/pod-resources/kubelet.sock",
                ] + (options.labelsNode ? ["--label-node"] : []) + level),
            program(
                "operator", "ganglion-operator",
                ["--kubeconfig", directory.kubeconfig(of: "operator")]
                    + (options.leaderElection
                        ? ["--leader-elect", "--namespace", ClusterRights.namespace] : []) + level),
        ]
    }

    /// Waits until the node says that all of what the plugin advertises may be allocated, and its inventory says so, too.
    private func waitForCores(_ client: KubernetesClient, _ timeout: Duration) async throws {
        let chips = Discovery(.fake(root: directory.devices)).scan()
        let isChips = options.granularity == "chip"
        let resource = isChips ? "aws.amazon.com/neuron" : "aws.amazon.com/neuroncore"
        let expected = isChips ? chips.chips.count : chips.cores.count
        let deadline = ContinuousClock.now + timeout
        var last = "the node is not registered"
        while ContinuousClock.now < deadline {
            if let node = try? await client.get(.nodes, ObjectKey(name: options.nodeName)) {
                let cores = node.status?.allocatable?[resource]?.string ?? "no"
                last = "the node has \(cores) of \(expected) \(resource)"
                if cores == String(expected) {
                    let key = ObjectKey(name: options.nodeName)
                    let inventory = try? await client.get(.neuronNodes, key)
                    if inventory?.status?.freeCores != nil { return }
                    last = "the node agent has not written the NeuronNode"
                }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw LocalClusterError(
            "the node did not get ready within \(timeout): \(last); logs are in \(directory.logs)")
    }
}
