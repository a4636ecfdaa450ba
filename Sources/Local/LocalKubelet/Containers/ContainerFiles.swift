// A container's shim and the kubelet talk through three files in a directory of one run, so that either may
// end and the other still knows all there is to know: `spec.json` (by the kubelet), `running.json` and
// `exit.json` (by the shim).

/// What the shim is to run.
struct ContainerSpec: JSONFile, Equatable, Sendable {
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
}

/// That the program runs.
struct RunningRecord: JSONFile, Equatable, Sendable {
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
}

/// How a container ended.
struct ExitRecord: JSONFile, Equatable, Sendable {
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

    /// The record of a program whose shim was killed with it: nobody knows how it ended.
    static func unknown(at time: Int64) -> ExitRecord {
        ExitRecord(
            code: 137, finishedAt: time, reason: "ContainerStatusUnknown",
            message: "The container could not be located when the pod was terminated")
    }
}
