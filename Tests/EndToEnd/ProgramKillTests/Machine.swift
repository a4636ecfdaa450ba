// A node with the programs that run on it as processes, an API server and an operator in this process.

import GanglionAPI
import Glibc
import KubeletAPI
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Neuron
import Operator
import Placement
import SystemIO
import TestSupport

/// The programs of a node.
enum NodeProgram: String, CaseIterable, Sendable {
    case kubelet
    case plugin = "device-plugin"
    case agent = "node-agent"
}

/// A node in life.
actor Machine {
    static let name = "n"
    private let directory: TemporaryDirectory
    private let server: EmbeddedAPIServer
    private let following: Operator
    /// The administrator.
    nonisolated let client: KubernetesClient
    private let reader: PodResourcesReader
    private var programs: [NodeProgram: TrappedProgram] = [:]
    private var dead: [TrappedProgram] = []
    /// Which was killed, and at what.
    private(set) var death: String?

    private nonisolated var path: String { directory.path }
    private nonisolated var root: String { path + "/k" }
    private nonisolated var devices: String { path + "/d" }

    /// - Parameter step: of the victim; 0 kills nobody.
    init(victim: NodeProgram, step: Int) async throws {
        directory = try TemporaryDirectory()
        server = try await EmbeddedAPIServer.start()
        client = server.client(program: "test")
        reader = PodResourcesReader(socket: directory.path + "/k/pod-resources/kubelet.sock")
        var settings = OperatorSettings()
        settings.instance = "operator"
        following = Operator(server.client(program: "operator"), settings: settings)
        try FakeDevice.create(
            instanceType: "inf2.48xlarge", at: directory.path + "/d", monitorCounters: false)
        try await server.install(GanglionAPI.definitions.map { try YAMLReader.read($0) })
        guard case .token(let token) = server.configuration.credential else {
            throw SystemError("start", "API server", code: 0, hint: "it has no token")
        }
        try Files.write(
            directory.path + "/kubeconfig",
            Array(
                """
                apiVersion: v1
                kind: Config
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "http://\(server.address)"}}]
                users: [{name: u, user: {token: "\(token)"}}]

                """.utf8))
        for program in NodeProgram.allCases { try start(program, killedAt: program == victim ? step : 0) }
        await following.start()
    }

    private func launch(_ program: NodeProgram) -> TrappedProgram.Launch {
        let directory = Repository.root + "/.build/debug"
        var environment = ["PATH": "/usr/bin:/bin", "GANGLION_SUPERVISOR_PID": "\(getpid())"]
        if let libraries = getenv("LD_LIBRARY_PATH") {
            environment["LD_LIBRARY_PATH"] = String(cString: libraries)
        }
        let (name, arguments) =
            switch program {
            case .kubelet:
                (
                    "ganglion",
                    [
                        "kubelet", "--node-name", Self.name, "--root", root, "--kubeconfig",
                        path + "/kubeconfig", "--instance-type", "inf2.48xlarge",
                    ]
                )
            case .plugin:
                (
                    "ganglion-device-plugin",
                    [
                        "--kubelet-root", root, "--sysfs-root", devices + "/sys", "--device-root",
                        devices + "/dev", "--agent-socket", path + "/agent.sock",
                        "--feature-file", path + "/features/neuron",
                    ]
                )
            case .agent:
                (
                    "ganglion-node-agent",
                    [
                        "--node-name", Self.name, "--kubeconfig", path + "/kubeconfig", "--plugin-socket",
                        path + "/agent.sock", "--pod-resources-socket",
                        root + "/pod-resources/kubelet.sock",
                    ]
                )
            }
        return TrappedProgram.Launch(
            path: directory + "/" + name, arguments: arguments, environment: environment,
            log: path + "/\(program.rawValue).log")
    }

    private func start(_ program: NodeProgram, killedAt step: Int = 0) throws {
        programs[program] = try TrappedProgram(launch(program), killedAt: step)
    }

    /// Starts again what has ended, as a supervisor would.
    func revive() throws {
        for (program, process) in programs where process.hasEnded {
            death = "\(program.rawValue), killed \(process.isKilled ? "before \(process.last)" : "by itself")"
            dead.append(process)
            try start(program)
        }
    }

    /// Steps of a program in its first life.
    func steps(_ program: NodeProgram) -> Int { programs[program]?.steps ?? 0 }

    /// Kills all programs and containers, and frees everything.
    func stop() async {
        await following.stop()
        await reader.close()
        for program in programs.values { program.kill() }
        repeat {
            for process in NodeProcess.all(root: root) { _ = kill(process.pid, SIGKILL) }
        } while !NodeProcess.all(root: root).isEmpty
        for program in dead + Array(programs.values) { program.free() }
        await server.stop()
    }

    /// The logs of all programs, for a failure.
    func logs() -> String {
        NodeProgram.allCases.map { program in
            let text = (try? Files.readText(path + "/\(program.rawValue).log", limit: 1 << 20)) ?? ""
            return "--- \(program.rawValue)\n"
                + text.split(separator: "\n").suffix(15).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    // MARK: What is there

    /// The processes of containers and their shims.
    nonisolated func processes() -> [NodeProcess] { NodeProcess.all(root: root) }

    /// What pods hold in the kubelet's account, by the pod's name.
    func held() async throws -> [String: CoreSet] {
        var held: [String: CoreSet] = [:]
        for pod in try await reader.read().pods {
            let ids = pod.containers.flatMap(\.devices).flatMap(\.deviceIDs).compactMap { Int($0) }
            if !ids.isEmpty { held[pod.name] = CoreSet(ids) }
        }
        return held
    }

    /// The files of the kubelet and the sockets beside it.
    nonisolated func files() -> [String] {
        ["k", "features"].flatMap { tree(path + "/" + $0, below: $0 + "/") }
            + ((try? Files.list(path)) ?? []).filter { !$0.hasSuffix(".log") }.sorted()
    }

    /// What the kubelet has written down of devices.
    nonisolated func checkpoint() -> String {
        (try? Files.readText(root + "/device-plugins/kubelet_internal_checkpoint", limit: 1 << 20)) ?? ""
    }
}
