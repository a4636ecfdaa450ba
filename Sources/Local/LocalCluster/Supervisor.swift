// Keeps the components running, as a DaemonSet or a Deployment would: what ends is started again, sooner the longer it
// has run. A component that somebody kills is back within a moment, with a new process and nothing remembered.

internal import Glibc
package import Observability
package import SystemIO

/// Starts programs and starts them again.
package actor Supervisor: LoopActor {
    /// A component.
    package struct Program: Sendable {
        /// What the component is called; names its log and its pid file.
        package var name: String
        /// The executable.
        package var path: String
        /// The arguments after the program's name.
        package var arguments: [String]
        /// The whole environment.
        package var environment: [String: String]

        /// A component.
        package init(name: String, path: String, arguments: [String], environment: [String: String]) {
            self.name = name
            self.path = path
            self.arguments = arguments
            self.environment = environment
        }
    }

    /// The supervisor's loop.
    package nonisolated let loop: EventLoop

    private struct Component {
        let program: Program
        var process: ChildProcess?
        var startedAt: UInt64 = 0
        var failures = 0
        var isWanted = true
        var retry: ScheduledTimer?
        var watch: Task<Void, Never>?
    }

    /// A program that ends at once is not started again in a loop.
    private static let backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))

    private let directory: ClusterDirectory
    private let log: Logger
    private var components: [String: Component] = [:]
    /// In the order in which they were started.
    private var order: [String] = []

    /// A component that has run this long is taken to be well: its next end is its first.
    private static let wellAfter: UInt64 = 10_000_000_000

    /// A supervisor with nothing to do.
    package init(_ directory: ClusterDirectory, log: Logger, loop: EventLoop = .shared) {
        self.directory = directory
        self.log = log
        self.loop = loop
    }

    /// Starts a component and keeps it running.
    ///
    /// - Throws: `SystemError` where it cannot be started now; once started, it is retried for ever.
    package func start(_ program: Program) throws(SystemError) {
        components[program.name] = Component(program: program)
        order.append(program.name)
        try run(program.name)
    }

    /// The process of a component, nil while it is down.
    package func pid(of name: String) -> Int32? { components[name]?.process?.pid }

    /// Ends the components, the last started first: SIGTERM, and SIGKILL after `grace`.
    package func stopAll(grace: Duration = .seconds(5)) async {
        for name in order.reversed() {
            guard var component = components[name] else { continue }
            component.isWanted = false
            component.retry?.cancel()
            components[name] = component
            guard let process = component.process else { continue }
            process.send(.terminate)
            let timer = loop.schedule(after: grace) { process.send(.kill) }
            let status = await process.wait()
            timer.cancel()
            log.debug("component stopped", ["component": name, "status": status.description])
            try? Files.remove(directory.processes + "/" + name)
        }
        components = [:]
        order = []
    }

    private func run(_ name: String) throws(SystemError) {
        guard var component = components[name] else { return }
        let program = component.program
        let output = try FileDescriptor.open(
            directory.logs + "/\(name).log", flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let process = try ChildProcess.spawn(
            program.path, program.arguments, environment: program.environment,
            descriptors: .init(output: output, error: output), parentDeathSignal: .kill, loop: loop)
        try Files.writeAtomically(directory.processes + "/" + name, Array("\(process.pid)\n".utf8))
        component.process = process
        component.startedAt = MonotonicClock.now
        component.watch = Task { ended(name, process, await process.wait()) }
        components[name] = component
        log.debug("component started", ["component": name, "pid": Int(process.pid)])
    }

    private func ended(_ name: String, _ process: ChildProcess, _ status: ProcessStatus) {
        guard var component = components[name], component.isWanted, component.process === process else {
            return
        }
        let isWell = MonotonicClock.now - component.startedAt > Self.wellAfter
        component.failures = isWell ? 0 : component.failures + 1
        component.process = nil
        let delay = Self.backoff.pause(after: component.failures + 1)
        log.warning(
            "component ended", ["component": name, "status": status.description, "restart-in": "\(delay)"])
        component.retry = loop.schedule(after: delay, on: self) { $0.retry(name) }
        components[name] = component
    }

    private func retry(_ name: String) {
        guard components[name]?.isWanted == true else { return }
        do throws(SystemError) {
            try run(name)
        } catch {
            log.error("component does not start", ["component": name, "error": error.description])
            components[name]?.retry = loop.schedule(after: .seconds(5), on: self) { $0.retry(name) }
        }
    }
}
