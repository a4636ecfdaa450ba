// Other implementations as peers: Python programs under Tests, run with the packages that Tests/requirements.txt pins.

internal import FoundationEssentials
package import SystemIO

/// The Python of the tests.
package enum Python {
    /// The repository.
    package static let root = Repository.root
    /// The interpreter; `make` installs it with the pinned packages.
    package static let path =
        ProcessInfo.processInfo.environment["GANGLION_PYTHON"] ?? root + "/.cache/venv/bin/python3"
    /// The interpreter with the model server's clients, which do not go together with the other packages.
    package static let servingPath =
        ProcessInfo.processInfo.environment["GANGLION_SERVING_PYTHON"]
        ?? root + "/.cache/serving/venv/bin/python3"
    /// The interpreter with object stores.
    package static let storePath =
        ProcessInfo.processInfo.environment["GANGLION_STORE_PYTHON"]
        ?? root + "/.cache/store/venv/bin/python3"
    /// grpcio and protobuf.
    package static let hasGRPC = has("grpc", "google.protobuf")

    /// Whether there is a Python with these packages.
    ///
    /// - Parameter modules: names as in `import`.
    package static func has(_ modules: String...) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: path) else { return false }
        let search = "import importlib.util as u, sys; print(all(map(u.find_spec, sys.argv[1:])))"
        return (try? Output.of(path, ["-c", search] + modules)) == "True\n"
    }
}

/// A program of Tests/Peers that runs beside a test, with its standard input and output.
package final class PythonPeer: Sendable {
    private let child: ChildProcess
    private let input: FileDescriptor
    private let output: FileDescriptor

    /// Starts a script.
    ///
    /// - Parameters:
    ///   - script: its name under Tests/Peers.
    ///   - python: the interpreter.
    package init(_ script: String, _ arguments: [String], python: String = Python.path) throws {
        let stdin = try Output.makePipe()
        let stdout = try Output.makePipe()
        child = try ChildProcess.spawn(
            python, ["\(Python.root)/Tests/Peers/\(script)"] + arguments,
            // Small products: more threads would wait for each other on a busy machine.
            environment: ["PATH": "/usr/bin:/bin", "GRPC_VERBOSITY": "NONE", "OPENBLAS_NUM_THREADS": "1"],
            descriptors: ChildProcess.Descriptors(input: stdin.read, output: stdout.write))
        stdin.read.close()
        stdout.write.close()
        input = stdin.write
        output = stdout.read
    }

    /// Writes to the program's standard input.
    package func write(_ text: String) async throws {
        let input = input
        try await blocking { try Files.append(input, Array(text.utf8), name: "standard input") }
    }

    /// What the program prints until `stop`, or to its end.
    package func text(until stop: String? = nil) async throws -> String {
        let output = output
        return try await blocking { Output.read(output, until: stop) }
    }

    /// The lines that the program prints to its end.
    package func lines() async throws -> [String] {
        try await text().split(separator: "\n").map(String.init)
    }

    /// Ends the program's standard input, at which a server stops, and waits for its end.
    @discardableResult
    package func finish() async -> ProcessStatus {
        input.close()
        return await child.wait()
    }
}
