// Programs that sign in, such as `aws eks get-token`: a kubeconfig names them (`exec`), and what they print is an
// ExecCredential of client.authentication.k8s.io. They run as whoever runs this process, with its environment.

internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import KubernetesAPI
internal import SystemIO
internal import Text

/// A program that says who the client is.
public struct ExecPlugin: Equatable, Sendable {
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

    /// A program without arguments.
    public init(command: String, apiVersion: String = "client.authentication.k8s.io/v1") {
        self.command = command
        self.apiVersion = apiVersion
    }

    /// How long it may run: some ask a service in another region.
    static let timeout = Duration.seconds(60)
    /// Octets that it may print.
    static let outputLimit = 1 << 20

    /// What a program has said.
    struct Credential: Equatable, Sendable {
        var token: String
        /// When it ends; nil for one that is used until it is refused.
        var expires: Timestamp?

        /// Whether it lasts until a request that begins now is answered: ten seconds.
        func isGood(at time: Timestamp) -> Bool {
            expires.map { time.microseconds < $0.microseconds - 10_000_000 } ?? true
        }

        /// Reads an ExecCredential.
        ///
        /// - Throws: `ConfigurationError`, never with the token in it.
        init(_ output: [UInt8], apiVersion: String) throws(ConfigurationError) {
            guard let json = try? JSON(parsing: output), json["kind"]?.string == "ExecCredential" else {
                throw ConfigurationError("it printed no ExecCredential")
            }
            let version = json["apiVersion"]?.string ?? ""
            guard version == apiVersion else {
                throw ConfigurationError(
                    "it printed an ExecCredential of \"\(version)\", the kubeconfig says \(apiVersion)")
            }
            guard let token = json["status"]?["token"]?.string, !token.isEmpty else {
                throw ConfigurationError(
                    json["status"]?["clientCertificateData"]?.string == nil
                        ? "its ExecCredential has no token"
                        : "its ExecCredential has a certificate and no token, which is not supported")
            }
            guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw ConfigurationError("its token has characters that no token has")
            }
            self.token = token
            expires = json["status"]?["expirationTimestamp"]?.string.flatMap { Timestamp($0) }
        }
    }

    /// Runs the program.
    ///
    /// - Throws: `ConfigurationError` that names the program, what went wrong and the mend.
    func run(loop: EventLoop) async throws(ConfigurationError) -> Credential {
        let output = try outputFile()
        let process = try start(output, loop)
        let timer = loop.schedule(after: Self.timeout) { process.sendToGroup(.kill) }
        let status = await process.wait()
        timer.cancel()
        return try credential(status, output)
    }

    private func start(_ output: FileDescriptor, _ loop: EventLoop) throws(ConfigurationError) -> ChildProcess
    {
        var variables = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        let info: JSON = [
            "apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": ["interactive": false],
        ]
        variables["KUBERNETES_EXEC_INFO"] = String(decoding: info.serialized(), as: UTF8.self)
        guard let path = Self.find(command, in: variables["PATH"] ?? "") else {
            throw failed("it is not in PATH")
        }
        do throws(SystemError) {
            return try ChildProcess.spawn(
                path, arguments, environment: variables,
                descriptors: ChildProcess.Descriptors(output: output, error: FileDescriptor(dup(2))),
                newSession: true, loop: loop)
        } catch { throw failed(error.description) }
    }

    private func credential(
        _ status: ProcessStatus, _ output: FileDescriptor
    ) throws(ConfigurationError) -> Credential {
        guard status == .exited(0) else { throw failed("it ended with \(status)") }
        var octets = [UInt8](repeating: 0, count: Self.outputLimit)
        let count = pread(output.number, &octets, octets.count, 0)
        do throws(ConfigurationError) {
            return try Credential(Array(octets.prefix(max(0, count))), apiVersion: apiVersion)
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

    private static func find(_ command: String, in path: String) -> String? {
        guard !command.contains("/") else { return command }
        return path.split(separator: ":").map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
    }

    private func failed(_ why: String) -> ConfigurationError {
        let hint = installHint.isEmpty ? "" : ": \(installHint)"
        return ConfigurationError(
            "the program \"\(command)\" that the kubeconfig runs to sign in (exec) gives no token: \(why)\(hint)"
        )
    }
}
