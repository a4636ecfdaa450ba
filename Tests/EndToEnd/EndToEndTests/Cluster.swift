// One local cluster for a suite, as a user starts it: `ganglion up` as a process, and the real kubectl.

import Glibc
import JSON
import Models
import SystemIO
import TestSupport
import Testing

/// What the tests need to be there.
enum Tools {
    /// The repository.
    static let root = Repository.root

    /// The Python of the pinned packages.
    static let python = variable("GANGLION_PYTHON") ?? root + "/.cache/venv/bin/python3"

    /// The real kubectl.
    static let kubectl = python.prefixUpToLastSlash + "/kubectl"

    /// Where the executables are built: the directory of this test's own.
    static let programs: String = {
        let path = (try? Files.readLink("/proc/self/exe")) ?? ""
        // swift test runs a helper of the toolchain on some systems: then the default build directory is taken.
        let directory = path.prefixUpToLastSlash
        return Files.exists(directory + "/ganglion") ? directory : root + "/.build/debug"
    }()

    /// Whether all of it is there.
    static var isAvailable: Bool { Files.exists(kubectl) && Files.exists(programs + "/ganglion") }

    /// The real model's directory, where it has been downloaded.
    private static let realModel: String? = {
        let path = variable("GANGLION_MODEL_DIR") ?? root + "/.cache/models/all-MiniLM-L6-v2"
        return Files.exists(path + "/model.safetensors") ? path : nil
    }()

    /// A model to serve: the real one where it is there, else a small one that knows nothing, in the cluster's directory.
    static func model(_ cluster: Cluster) throws -> String {
        if let realModel { return realModel }
        let path = cluster.directory + "/model"
        try SyntheticModel.write(to: path)
        return path
    }

    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

extension String {
    /// What is before the last occurrence of a text.
    fileprivate func components(upTo separator: String) -> Substring {
        var index = endIndex
        while index > startIndex {
            if self[index...].hasPrefix(separator) { return self[..<index] }
            index = self.index(before: index)
        }
        return self[...]
    }

    /// The directory of a path.
    var prefixUpToLastSlash: String { String(self[..<(lastIndex(of: "/") ?? startIndex)]) }
}

/// What a command printed and how it ended.
struct Output: Sendable {
    let status: ProcessStatus
    let standardOutput: String
    let standardError: String

    /// The output of a command that must have succeeded.
    func succeeded(_ location: SourceLocation = #_sourceLocation) -> String {
        #expect(status == .exited(0), "\(standardError)\(standardOutput)", sourceLocation: location)
        return standardOutput
    }

    /// Runs a program to its end.
    ///
    /// - Parameter scratch: a directory for its input and output, and its home.
    static func of(
        _ path: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:],
        in scratch: String
    ) async throws -> Output {
        let name = scratch + "/run-\(UInt64.random(in: 0 ... .max))"
        defer { for suffix in ["in", "out", "err"] { try? Files.remove("\(name).\(suffix)") } }
        if let input { try Files.write(name + ".in", Array(input.utf8)) }
        let descriptors = ChildProcess.Descriptors(
            input: try input.map { _ in try FileDescriptor.open(name + ".in", flags: O_RDONLY) },
            output: try FileDescriptor.open(name + ".out", flags: O_WRONLY | O_CREAT),
            error: try FileDescriptor.open(name + ".err", flags: O_WRONLY | O_CREAT))
        let process = try ChildProcess.spawn(
            path, arguments,
            environment: environment.merging(["PATH": "/usr/bin:/bin", "HOME": scratch]) { given, _ in given
            },
            descriptors: descriptors)
        let status = await process.wait()
        return Output(
            status: status, standardOutput: try Files.readText(name + ".out", limit: 64 << 20),
            standardError: try Files.readText(name + ".err", limit: 64 << 20))
    }
}

/// A running `ganglion up`.
final class Cluster: Sendable {
    let process: ChildProcess
    let directory: String
    private let scratch: String

    /// Starts a cluster and returns when its node is ready.
    static func start(_ arguments: [String] = []) async throws -> Cluster {
        let scratch = Scratch.path()
        try Files.makeDirectory(scratch, mode: 0o700)
        let directory = scratch + "/c"
        let output = try FileDescriptor.open(scratch + "/up.log", flags: O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess.spawn(
            Tools.programs + "/ganglion",
            [
                "up", "--state-directory", directory, "--log-level", "debug", "--audit-log",
                scratch + "/audit.log",
            ] + arguments,
            environment: ["PATH": "/usr/bin:/bin"], descriptors: .init(output: output, error: output),
            parentDeathSignal: .kill)
        let cluster = Cluster(process, directory, scratch)
        try await cluster.eventually("the node is ready", within: .seconds(90)) {
            if let status = process.status { throw EndedEarly(status, cluster.log) }
            return cluster.log.contains("is ready")
        }
        return cluster
    }

    private init(_ process: ChildProcess, _ directory: String, _ scratch: String) {
        self.process = process
        self.directory = directory
        self.scratch = scratch
    }

    /// Stops the cluster as Ctrl-C does, and checks that it leaves nothing, and that agent and operator have asked for nothing
    /// that they have no right to.
    func stop() async throws {
        process.send(.interrupt)
        #expect(await process.wait() == .exited(0), "\(log)")
        #expect(!Files.exists(directory))
        let uses = try AuditedUse.all(auditLog)
        #expect(uses.agent.refused.sorted() == [])
        #expect(uses.operator.refused.sorted() == [])
        try Files.removeTree(scratch)
    }

    /// What was asked of the API server.
    var auditLog: String { scratch + "/audit.log" }

    /// What `ganglion up` has printed.
    var log: String { (try? Files.readText(scratch + "/up.log")) ?? "" }

    /// The log of a component.
    func log(of component: String) -> String {
        (try? Files.readText(directory + "/log/\(component).log", limit: 64 << 20)) ?? ""
    }

    /// The process id of a component; nil while it is down.
    func pid(of component: String) -> Int32? {
        guard let text = try? Files.readText(directory + "/pid/" + component) else { return nil }
        return Int32(text.prefix { $0 != "\n" })
    }

    /// Runs kubectl with the administrator's kubeconfig.
    func kubectl(_ arguments: [String], input: String? = nil) async throws -> Output {
        try await run(Tools.kubectl, arguments, input: input)
    }

    /// Runs kubectl, which must succeed, and reads its JSON.
    func json(_ arguments: String...) async throws -> JSON {
        try JSON(parsing: try await kubectl(arguments + ["-o", "json"]).succeeded())
    }

    /// Runs a program.
    func run(_ path: String, _ arguments: [String], input: String? = nil) async throws -> Output {
        try await Output.of(
            path, arguments, input: input, environment: ["KUBECONFIG": directory + "/kubeconfig"], in: scratch
        )
    }

    /// A program that runs on.
    struct Running: Sendable {
        let process: ChildProcess
        fileprivate let path: String

        /// What it has printed so far.
        var output: String { (try? Files.readText(path, limit: 16 << 20)) ?? "" }
    }

    /// Starts a program and lets it run.
    func start(_ path: String, _ arguments: [String]) throws -> Running {
        let name = scratch + "/start-\(UInt64.random(in: 0 ... .max))"
        let output = try FileDescriptor.open(name, flags: O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess.spawn(
            path, arguments,
            environment: ["PATH": "/usr/bin:/bin", "KUBECONFIG": directory + "/kubeconfig", "HOME": scratch],
            descriptors: .init(output: output, error: output))
        return Running(process: process, path: name)
    }

    /// Waits for a condition of another process that has no event to wait for, and fails with the last error.
    func eventually(
        _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await condition() { return }
            guard ContinuousClock.now < deadline else {
                let logs = ["device-plugin", "node-agent", "operator"].map { component in
                    "\(component):\n"
                        + log(of: component).split(separator: "\n").suffix(15).joined(separator: "\n")
                }
                throw NotReached(
                    description: "not within \(limit): \(what)\n\(log)\n\(logs.joined(separator: "\n"))")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// A condition that did not come true.
struct NotReached: Error, CustomStringConvertible {
    let description: String
}

/// The cluster ended instead of running.
struct EndedEarly: Error, CustomStringConvertible {
    let description: String
    init(_ status: ProcessStatus, _ log: String) { description = "ganglion up ended with \(status):\n\(log)" }
}
