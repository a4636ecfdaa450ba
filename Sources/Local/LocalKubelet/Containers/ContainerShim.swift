// The parent of one container's program, a process of its own: containers outlive the kubelet, and somebody
// must be there to reap the program and to say how it ended. It is also the one that leaves nothing behind:
// it ends the program when the whole cluster's process ends, and kills whatever the program started and did
// not end.
//
// It is single-threaded and blocks: no event loop, and the thread that forks is the thread that stays, which
// is what PR_SET_PDEATHSIG is about.

internal import CLinux
internal import Glibc
internal import JSON
internal import SystemIO

/// The `ganglion container-shim` command.
package enum ContainerShim {
    /// The sub-command of `ganglion` that runs it.
    package static let command = "container-shim"
    /// The environment variable with the process number of `ganglion up`.
    package static let supervisorVariable = "GANGLION_SUPERVISOR_PID"

    /// Runs one container to its end. Called on the process's first thread before any other is made.
    ///
    /// Standard input is the container's `spec.json`, locked by the kubelet: the lock lives as long as this
    /// process. Standard output is told one octet when the program runs or cannot be started.
    ///
    /// - Parameter directory: the directory of this run; `running.json` and `exit.json` are written there.
    /// - Returns: the exit code for the process: 0 when the container's end was recorded.
    package static func run(directory: String) -> Int32 {
        var run = Run(directory: directory)
        return run.main()
    }

    private struct Run {
        let directory: String
        var pid: Int32 = -1
        var grace = 30

        init(directory: String) { self.directory = directory }

        mutating func main() -> Int32 {
            guard let bytes = readSpec(), let json = try? JSON(parsing: bytes), let spec = ContainerSpec(json)
            else {
                return fail("spec.json in \(directory) is not the description of a container")
            }
            grace = spec.grace
            var supervisor: Int32 = -1
            if let text = getenv(ContainerShim.supervisorVariable).map({ String(cString: $0) }),
                let number = Int32(text)
            {
                supervisor = ganglion_pidfd_open(number)
                if supervisor < 0 { return fail("the cluster's process \(number) has ended") }
            }
            var pipe: [Int32] = [-1, -1]
            guard ganglion_pipe(&pipe) == 0 else { return fail(SystemError("make", "a pipe").description) }
            for signal in [Signal.terminate, .interrupt, .hangup] {
                _ = ganglion_watch_signal(signal.rawValue, pipe[1])
            }
            // What the program leaves behind becomes our child, so that it can be found and ended.
            _ = ganglion_become_subreaper()
            do { try start(spec) } catch { return fail(error.description) }
            let program = ganglion_pidfd_open(pid)
            report()
            waitForEnd(program: program, supervisor: supervisor, signals: pipe[0])
            return record(reap())
        }

        private func readSpec() -> [UInt8]? {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while bytes.count < 1 << 22 {
                let count = read(0, &chunk, chunk.count)
                if count == 0 { return bytes }
                if count < 0 {
                    guard errno == EINTR else { return nil }
                    continue
                }
                bytes += chunk[..<count]
            }
            return nil
        }

        private mutating func start(_ spec: ContainerSpec) throws(SystemError) {
            let log = try FileDescriptor.open(spec.log, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
            var options = ganglion_spawn_options()
            options.standard_input = -1
            options.standard_output = log.number
            options.standard_error = log.number
            options.new_session = 1
            options.parent_death_signal = SIGKILL
            var arguments = ([spec.path] + spec.arguments).map { strdup($0) } + [nil]
            var environment =
                spec.environment.sorted { $0.key < $1.key }.map { strdup($0.key + "=" + $0.value) } + [nil]
            var code: Int32 = 0
            spec.directory.withCString { path in
                options.directory = path
                pid = ganglion_spawn(spec.path, &arguments, &environment, &options)
                code = errno
            }
            for string in arguments + environment { free(string) }
            guard pid > 0 else { throw SystemError("run", spec.path, code: code) }
            guard let program = ProcessIdentity.current(pid) ?? ended(),
                let shim = ProcessIdentity.current(getpid())
            else { throw SystemError("read", "/proc/\(pid)/stat", code: ENOENT) }
            let record = RunningRecord(program: program, shim: shim, startedAt: WallClock.now)
            try Files.writeAtomically(
                directory + "/" + RunningRecord.fileName, record.json.serialized(), mode: 0o600)
        }

        /// A program that has ended already is still a zombie of ours: its number is safe, its start does not
        /// matter.
        private func ended() -> ProcessIdentity? { ProcessIdentity(pid: pid, start: 0) }

        /// Tells the kubelet that `running.json` or `exit.json` is there.
        private func report() {
            var octet: UInt8 = 1
            _ = write(1, &octet, 1)
            let null = ganglion_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
            if null >= 0 { _ = dup2(null, 1) }
        }

        /// Waits for the program; ends it when a signal asks or the cluster's process is gone.
        private func waitForEnd(program: Int32, supervisor: Int32, signals: Int32) {
            var deadline: UInt64?
            var watched = [
                pollfd(fd: program, events: Int16(POLLIN), revents: 0),
                pollfd(fd: supervisor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            while true {
                var timeout: Int32 = -1
                if let deadline {
                    let now = MonotonicClock.now
                    guard now < deadline else {
                        _ = kill(-pid, SIGKILL)
                        return
                    }
                    timeout = Int32(clamping: (deadline - now) / 1_000_000 + 1)
                }
                let count = poll(&watched, 3, timeout)
                guard count > 0 else { continue }  // interrupted, or the deadline
                if watched[0].revents != 0 { return }
                guard deadline == nil else { continue }
                guard watched[1].revents != 0 || watched[2].revents != 0 else { continue }
                _ = kill(-pid, SIGTERM)
                deadline = MonotonicClock.now &+ UInt64(clamping: grace) &* 1_000_000_000
                watched[1].fd = -1
                watched[2].fd = -1
            }
        }

        /// Ends what the program started, then the zombies: the program's number stays ours until it is
        /// reaped.
        private func reap() -> ExitRecord {
            var status: Int32 = 0
            var found: Int32 = 0
            _ = kill(-pid, SIGKILL)  // also where only children of the program are left in the group
            repeat { found = waitpid(pid, &status, 0) } while found < 0 && errno == EINTR
            let finished = WallClock.now
            while true {
                for child in children() { _ = kill(child, SIGKILL) }
                var ignored: Int32 = 0
                if waitpid(-1, &ignored, 0) < 0, errno != EINTR { break }
            }
            let signal = status & 0x7f
            return signal == 0
                ? ExitRecord(code: Int(status >> 8 & 0xff), finishedAt: finished)
                : ExitRecord(code: 128 + Int(signal), signal: Int(signal), finishedAt: finished)
        }

        private func children() -> [Int32] {
            let own = getpid()
            guard let text = try? Files.readText("/proc/\(own)/task/\(own)/children", limit: 1 << 20) else {
                return []
            }
            return text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        }

        private func fail(_ sentence: String) -> Int32 {
            let code = record(
                ExitRecord(code: 128, finishedAt: WallClock.now, reason: "StartError", message: sentence))
            report()
            return code
        }

        private func record(_ exit: ExitRecord) -> Int32 {
            do {
                try Files.writeAtomically(
                    directory + "/" + ExitRecord.fileName, exit.json.serialized(), mode: 0o600)
                return 0
            } catch {
                return 1  // the directory is gone: nobody waits for this record
            }
        }
    }
}
