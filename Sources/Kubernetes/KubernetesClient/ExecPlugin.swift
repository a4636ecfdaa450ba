// Programs that sign in, such as `aws eks get-token`: a kubeconfig names them (`exec`), and what they print is an
// ExecCredential of client.authentication.k8s.io. They run as whoever runs this process, with its environment. The rules are
// those of client-go (plugin/pkg/client/auth/exec/exec.go).

internal import FoundationEssentials
internal import Glibc
public import JSON
internal import KubernetesAPI
internal import SystemIO
internal import TLS
internal import Text

/// A program that says who the client is.
public struct ExecPlugin: Equatable, Sendable {
    /// Whether the program may ask a person.
    public enum InteractiveMode: String, Equatable, Sendable {
        /// It gets no standard input.
        case never = "Never"
        /// It gets this process's standard input where that is a terminal.
        case ifAvailable = "IfAvailable"
        /// It gets this process's standard input, which has to be a terminal.
        case always = "Always"
    }

    /// The program: a path, or a name that is looked for in PATH.
    public var command: String
    /// Its arguments.
    public var arguments: [String] = []
    /// Variables besides those of this process.
    public var environment: [String: String] = [:]
    /// `client.authentication.k8s.io/v1` or `/v1beta1`.
    public var apiVersion: String
    /// What the kubeconfig says to people who lack the program.
    public var installHint: String = ""
    /// Whether it may ask a person.
    public var interactiveMode = InteractiveMode.never
    /// What it is told of the cluster (`provideClusterInfo`): a Cluster of client.authentication.k8s.io; nil for nothing.
    public var cluster: JSON?

    /// A program without arguments.
    public init(command: String, apiVersion: String = "client.authentication.k8s.io/v1") {
        self.command = command
        self.apiVersion = apiVersion
    }

    /// How long it may run where it asks nobody: some ask a service in another region.
    static let timeout = Duration.seconds(60)
    /// Octets that it may print.
    static let outputLimit = 1 << 20

    /// Runs the program.
    ///
    /// - Parameter isTerminal: whether standard input is one.
    /// - Throws: `ConfigurationError` that names the program, what went wrong and the mend.
    func run(loop: EventLoop, isTerminal: Bool = isatty(0) == 1) async throws(ConfigurationError)
        -> ExecCredential
    {
        let isInteractive = interactiveMode != .never && isTerminal
        if interactiveMode == .always, !isTerminal {
            throw failed(
                "it has to ask a person (interactiveMode: Always), and standard input is no terminal")
        }
        let output = try outputFile()
        let process = try start(output, isInteractive, loop)
        let timer = isInteractive ? nil : loop.schedule(after: Self.timeout) { process.sendToGroup(.kill) }
        let status = await process.wait()
        timer?.cancel()
        return try credential(status, output)
    }

    /// What it is told in KUBERNETES_EXEC_INFO.
    func information(isInteractive: Bool) -> JSON {
        var spec: JSON = ["interactive": .bool(isInteractive)]
        if let cluster { spec["cluster"] = cluster }
        return ["apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": spec]
    }

    private func start(
        _ output: FileDescriptor, _ isInteractive: Bool, _ loop: EventLoop
    ) throws(ConfigurationError) -> ChildProcess {
        let own = ProcessInfo.processInfo.environment
        var variables = own.merging(environment) { _, given in given }
        variables["KUBERNETES_EXEC_INFO"] = String(
            decoding: information(isInteractive: isInteractive).serialized(), as: UTF8.self)
        guard let path = ProgramPath.find(command, in: own["PATH"] ?? ProgramPath.standard) else {
            let hint = installHint.isEmpty ? "" : ": \(installHint)"
            throw failed((command.contains("/") ? "there is no such program" : "it is not in PATH") + hint)
        }
        do throws(SystemError) {
            // Who asks at the terminal stays in the terminal's session.
            return try ChildProcess.spawn(
                path, arguments, environment: variables,
                descriptors: ChildProcess.Descriptors(
                    input: isInteractive ? FileDescriptor(dup(0)) : nil, output: output,
                    error: FileDescriptor(dup(2))),
                newSession: !isInteractive, loop: loop)
        } catch { throw failed(error.description) }
    }

    private func credential(
        _ status: ProcessStatus, _ output: FileDescriptor
    ) throws(ConfigurationError) -> ExecCredential {
        guard status == .exited(0) else { throw failed("it ended with \(status)") }
        var octets = [UInt8](repeating: 0, count: Self.outputLimit)
        let count = pread(output.number, &octets, octets.count, 0)
        do throws(ConfigurationError) {
            return try ExecCredential(Array(octets.prefix(max(0, count))), apiVersion: apiVersion)
        } catch { throw failed(error.description) }
    }

    /// A file without a name, for what the program prints.
    private func outputFile() throws(ConfigurationError) -> FileDescriptor {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(directory)/ganglion-exec-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
            try Files.remove(path)
            return file
        } catch { throw failed(error.description) }
    }

    private func failed(_ why: String) -> ConfigurationError {
        ConfigurationError(
            "the program \"\(command)\" that the kubeconfig runs to sign in (exec) gives no credential: \(why)"
        )
    }
}
