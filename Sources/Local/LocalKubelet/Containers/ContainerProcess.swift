// The kubelet's side of a shim. The lock on `spec.json` is taken here, before the shim is started, and goes
// to it as its standard input: as long as it is held somebody runs the container, even where the kubelet
// ended between the two.

internal import CLinux
internal import Glibc
internal import JSON
internal import SystemIO

/// How to start a shim.
struct ShimCommand: Sendable {
    /// The program that knows `container-shim`.
    var path: String
    /// What the shim gets: the supervisor's number, if there is one. Nothing of it reaches the container.
    var environment: [String: String]
    var loop: EventLoop = .shared
}

/// A container that runs under its shim.
final class ContainerProcess: Sendable {
    /// The directory of this run.
    let directory: String
    let record: RunningRecord
    private let shim: ChildProcess

    private init(directory: String, record: RunningRecord, shim: ChildProcess) {
        self.directory = directory
        self.record = record
        self.shim = shim
    }

    /// What became of a start.
    enum Start: Sendable {
        case running(ContainerProcess)
        /// It has ended, or could not be started at all.
        case ended(ExitRecord)
    }

    /// Starts a container and waits until its program runs or has failed to.
    ///
    /// - Parameters:
    ///   - spec: what to run.
    ///   - directory: a new directory for this run; it is made.
    static func start(_ spec: ContainerSpec, directory: String, shim command: ShimCommand) async -> Start {
        do {
            try Files.makeDirectory(directory, mode: 0o700)
            let specPath = directory + "/" + ContainerSpec.fileName
            try Files.write(specPath, spec.json.serialized(), mode: 0o600)
            let input = try FileDescriptor.open(specPath, flags: O_RDONLY)
            guard flock(input.number, LOCK_EX | LOCK_NB) == 0 else { throw SystemError("lock", specPath) }
            var numbers: [Int32] = [-1, -1]
            guard ganglion_pipe(&numbers) == 0 else { throw SystemError("make", "a pipe") }
            let reader = FileDescriptor(numbers[0])
            let writer = FileDescriptor(numbers[1])
            let shim = try ChildProcess.spawn(
                command.path, [ContainerShim.command, directory], environment: command.environment,
                directory: "/",
                descriptors: ChildProcess.Descriptors(input: input, output: writer), newSession: true,
                loop: command.loop)
            input.close()
            writer.close()
            await reader.waitUntilReadable(loop: command.loop)
            return await found(directory, shim: shim)
        } catch {
            let message = (error as? SystemError)?.description ?? "\(error)"
            return .ended(
                ExitRecord(code: 128, finishedAt: WallClock.now, reason: "StartError", message: message))
        }
    }

    /// Finds the container of a run that an earlier kubelet started.
    ///
    /// - Returns: nil where the run never came to a shim.
    static func adopt(directory: String, loop: EventLoop) async -> Start? {
        if let exit = exitRecord(directory) { return .ended(exit) }
        if runningRecord(directory) == nil {
            guard isLocked(directory + "/" + ContainerSpec.fileName) else { return nil }
            await waitForRecord(directory, loop: loop)
        }
        guard let record = runningRecord(directory), record.shim.isRunning,
            let shim = try? ChildProcess(existing: record.shim.pid, loop: loop), record.shim.isRunning
        else { return .ended(end(directory)) }
        return .running(ContainerProcess(directory: directory, record: record, shim: shim))
    }

    /// Whether a run's container is there: it runs, or its shim is about to start it.
    static func isAlive(directory: String) -> Bool {
        exitRecord(directory) == nil && isLocked(directory + "/" + ContainerSpec.fileName)
    }

    /// Waits for the container's end.
    func wait() async -> ExitRecord {
        _ = await shim.wait()
        return Self.end(directory)
    }

    /// Signals the program alone, as a container runtime does on stop.
    func terminate() { if record.program.isRunning { _ = Glibc.kill(record.program.pid, SIGTERM) } }

    /// Kills the program and its process group; the shim then kills what is left.
    func kill() { record.program.signalGroup(.kill) }

    private static func found(_ directory: String, shim: ChildProcess) async -> Start {
        guard let record = runningRecord(directory) else {
            _ = await shim.wait()
            return .ended(end(directory))
        }
        return .running(ContainerProcess(directory: directory, record: record, shim: shim))
    }

    /// The end's record, once there is no shim any more.
    private static func end(_ directory: String) -> ExitRecord {
        if let exit = exitRecord(directory) { return exit }
        // The shim was killed: its program gets SIGKILL from the system, its group from us.
        runningRecord(directory)?.program.signalGroup(.kill)
        let unknown = ExitRecord.unknown(at: WallClock.now)
        try? Files.writeAtomically(
            directory + "/" + ExitRecord.fileName, unknown.json.serialized(), mode: 0o600)
        return unknown
    }

    private static func exitRecord(_ directory: String) -> ExitRecord? {
        JSON.file(directory + "/" + ExitRecord.fileName).flatMap(ExitRecord.init)
    }

    private static func runningRecord(_ directory: String) -> RunningRecord? {
        JSON.file(directory + "/" + RunningRecord.fileName).flatMap(RunningRecord.init)
    }

    private static func isLocked(_ path: String) -> Bool {
        guard let file = try? FileDescriptor.open(path, flags: O_RDONLY) else { return false }
        return flock(file.number, LOCK_EX | LOCK_NB) != 0
    }

    /// A shim is on its way: waits for what it writes.
    private static func waitForRecord(_ directory: String, loop: EventLoop) async {
        guard let watcher = try? FileWatcher(directory: directory, loop: loop) else { return }
        defer { watcher.close() }
        if runningRecord(directory) != nil || exitRecord(directory) != nil { return }
        for await _ in watcher.events
        where runningRecord(directory) != nil || exitRecord(directory) != nil { return }
    }
}

extension FileDescriptor {
    /// Waits until there is something to read, or the end.
    func waitUntilReadable(loop: EventLoop) async {
        let once = Lock<
            (continuation: CheckedContinuation<Void, Never>?, registration: EventLoop.Registration?)
        >(
            (nil, nil))
        await withCheckedContinuation { continuation in
            once.withLock { $0.continuation = continuation }
            let finish: @Sendable () -> Void = {
                let taken = once.withLock { state in
                    defer { state = (nil, nil) }
                    return state
                }
                if let registration = taken.registration { loop.deregister(registration) }
                taken.continuation?.resume()
            }
            loop.execute {
                do {
                    let registration = try loop.register(self, .readable) { _ in finish() }
                    once.withLock { $0.registration = registration }
                } catch {
                    finish()
                }
            }
        }
    }
}
