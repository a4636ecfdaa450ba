// A container's shim and the kubelet talk through three files in a directory of one run, so that either may
// end and the other still knows all there is to know: `spec.json` (by the kubelet), `running.json` and
// `exit.json` (by the shim).

internal import JSON
internal import SystemIO

/// What the shim is to run.
struct ContainerSpec: Equatable, Sendable {
    static let fileName = "spec.json"

    /// The program's file.
    var path: String
    /// Without the program's name.
    var arguments: [String]
    /// The whole environment.
    var environment: [String: String]
    /// The working directory.
    var directory: String
    /// The file that standard output and error are appended to.
    var log: String
    /// Seconds between SIGTERM and SIGKILL when the shim ends the program by itself.
    var grace: Int

    init(
        path: String, arguments: [String], environment: [String: String], directory: String, log: String,
        grace: Int
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.log = log
        self.grace = grace
    }

    /// nil where a member is missing.
    init?(_ json: JSON) {
        guard let path = json.path?.string, let arguments = json.arguments?.array,
            let directory = json.directory?.string, let log = json.log?.string
        else { return nil }
        self.init(
            path: path, arguments: arguments.compactMap(\.string),
            environment: json.environment?.strings ?? [:],
            directory: directory, log: log, grace: json.grace?.int ?? 30)
    }

    var json: JSON {
        [
            "path": .string(path), "arguments": JSON(arguments), "environment": JSON(environment),
            "directory": .string(directory), "log": .string(log), "grace": JSON(grace),
        ]
    }
}

/// That the program runs.
struct RunningRecord: Equatable, Sendable {
    static let fileName = "running.json"

    var program: ProcessIdentity
    var shim: ProcessIdentity
    /// Nanoseconds since 1970.
    var startedAt: Int64

    init(program: ProcessIdentity, shim: ProcessIdentity, startedAt: Int64) {
        self.program = program
        self.shim = shim
        self.startedAt = startedAt
    }

    /// nil where a member is missing or out of range.
    init?(_ json: JSON) {
        func identity(_ json: JSON?) -> ProcessIdentity? {
            guard let pid = json?.pid?.int.flatMap(Int32.init(exactly:)),
                let start = json?.start?.int.flatMap(UInt64.init(exactly:))
            else { return nil }
            return ProcessIdentity(pid: pid, start: start)
        }
        guard let program = identity(json.program), let shim = identity(json.shim),
            let started = json.startedAt?.int
        else { return nil }
        self.init(program: program, shim: shim, startedAt: Int64(started))
    }

    var json: JSON {
        func object(_ identity: ProcessIdentity) -> JSON {
            ["pid": .int(Int64(identity.pid)), "start": .int(Int64(clamping: identity.start))]
        }
        return ["program": object(program), "shim": object(shim), "startedAt": .int(startedAt)]
    }
}

/// How a container ended.
struct ExitRecord: Equatable, Sendable {
    static let fileName = "exit.json"

    /// 128 + signal for a signal; 128 where the program could not be started.
    var code: Int
    var signal: Int?
    /// Nanoseconds since 1970.
    var finishedAt: Int64
    /// "StartError" where the program could not be started; the kubelet chooses the word for the others.
    var reason: String?
    var message: String?

    init(code: Int, signal: Int? = nil, finishedAt: Int64, reason: String? = nil, message: String? = nil) {
        self.code = code
        self.signal = signal
        self.finishedAt = finishedAt
        self.reason = reason
        self.message = message
    }

    /// nil where a member is missing.
    init?(_ json: JSON) {
        guard let code = json.code?.int, let finished = json.finishedAt?.int else { return nil }
        self.init(
            code: code, signal: json.signal?.int, finishedAt: Int64(finished), reason: json.reason?.string,
            message: json.message?.string)
    }

    var json: JSON {
        var json: JSON = ["code": JSON(code), "finishedAt": .int(finishedAt)]
        json.signal = signal.map { JSON($0) }
        json.reason = reason.map { .string($0) }
        json.message = message.map { .string($0) }
        return json
    }

    /// The record of a program whose shim was killed with it: nobody knows how it ended.
    static func unknown(at time: Int64) -> ExitRecord {
        ExitRecord(
            code: 137, finishedAt: time, reason: "ContainerStatusUnknown",
            message: "The container could not be located when the pod was terminated")
    }
}

extension JSON {
    /// Reads a JSON file; nil where it is missing or no JSON.
    static func file(_ path: String) -> JSON? {
        guard let bytes = try? Files.read(path) else { return nil }
        return try? JSON(parsing: bytes)
    }
}
