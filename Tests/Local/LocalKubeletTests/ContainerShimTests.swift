import Glibc
import JSON
import LocalTestSupport
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// Runs a shell script under a shim.
private func start(
    _ scratch: TemporaryDirectory, _ script: String, run: String = "0", grace: Int = 30,
    supervisor: Int32? = nil
) async throws -> ContainerProcess.Start {
    let program = try #require(ganglionProgram)
    let environment = supervisor.map { [ContainerShim.supervisorVariable: "\($0)"] } ?? [:]
    let spec = ContainerSpec(
        path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin", "WORD": "hello"],
        directory: "/", log: scratch.path + "/\(run)/log", grace: grace)
    return await ContainerProcess.start(
        spec, directory: scratch.path + "/" + run, shim: ShimCommand(path: program, environment: environment))
}

private func running(_ start: ContainerProcess.Start) throws -> ContainerProcess {
    guard case .running(let process) = start else {
        Issue.record("the container did not start: \(start)")
        throw CancellationError()
    }
    return process
}

@Suite("Container shim", .enabled(if: ganglionProgram != nil, "the ganglion program was not built"))
struct ContainerShimTests {
    let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    private func log(_ run: String = "0") throws -> String {
        try Files.readText(scratch.path + "/\(run)/log")
    }

    @Test("tells a program's exit code, and keeps its output in order")
    func exitCode() async throws {
        let process = try running(await start(scratch, "echo $WORD; echo oops >&2; exit 3"))
        let exit = await process.wait()
        #expect(exit.code == 3)
        #expect(exit.signal == nil)
        #expect(try log() == "hello\noops\n")
        #expect(ContainerProcess.isAlive(directory: process.directory) == false)
    }

    @Test("a program that is not there is a start error with the system's words")
    func startError() async throws {
        let program = try #require(ganglionProgram)
        let spec = ContainerSpec(
            path: "/no/such/program", arguments: [], environment: [:], directory: "/",
            log: scratch.path + "/0/log", grace: 1)
        let start = await ContainerProcess.start(
            spec, directory: scratch.path + "/0", shim: ShimCommand(path: program, environment: [:]))
        guard case .ended(let exit) = start else {
            Issue.record("it started")
            return
        }
        #expect(exit.code == 128)
        #expect(exit.reason == "StartError")
        #expect(exit.message == "cannot run /no/such/program: No such file or directory")
    }

    @Test("SIGTERM is the program's to handle")
    func terminate() async throws {
        let script = "trap 'echo bye; exit 7' TERM; echo ready > ready; while :; do sleep 0.05; done"
        let process = try running(await start(scratch, "cd \(scratch.path)/0; " + script))
        try await awaitFile("ready")
        process.terminate()
        #expect(await process.wait().code == 7)
        #expect(try log() == "bye\n")
    }

    @Test("a killed program ends with 137 and takes its children along, also those in other sessions")
    func killTakesAll() async throws {
        let script =
            "cd \(scratch.path)/0; sleep 1000 & echo $! > child; setsid sleep 1000 & echo $! > other; "
            + "echo x > ready; wait"
        let process = try running(await start(scratch, script))
        try await awaitFile("ready")
        let children = try ["child", "other"].map { name in
            try #require(Int32(try Files.readText(scratch.path + "/0/" + name).dropLast()))
        }
        let before = children.compactMap(ProcessIdentity.current)
        #expect(before.count == 2)
        process.kill()
        let exit = await process.wait()
        #expect(exit.code == 137)
        #expect(exit.signal == 9)
        #expect(before.filter(\.isRunning).isEmpty)
    }

    @Test("what a program leaves behind ends with it")
    func orphans() async throws {
        let process = try running(
            await start(scratch, "cd \(scratch.path)/0; (setsid sleep 1000 & echo $! > child); exit 0"))
        #expect(await process.wait().code == 0)
        let child = try #require(Int32(try Files.readText(scratch.path + "/0/child").dropLast()))
        #expect(ProcessIdentity.current(child) == nil)
    }

    @Test("ends its program when the cluster's process ends")
    func supervisor() async throws {
        let supervisor = try ChildProcess.spawn("/bin/sleep", ["1000"])
        let process = try running(
            await start(scratch, "sleep 1000", grace: 5, supervisor: supervisor.pid))
        supervisor.send(.kill)
        let exit = await process.wait()
        #expect(exit.code == 143)
        #expect(!process.record.program.isRunning)
    }

    @Test("a program that ignores SIGTERM is killed when the grace period is over")
    func stubborn() async throws {
        let supervisor = try ChildProcess.spawn("/bin/sleep", ["1000"])
        let script = "cd \(scratch.path)/0; trap '' TERM; echo x > ready; while :; do sleep 0.05; done"
        let process = try running(await start(scratch, script, grace: 0, supervisor: supervisor.pid))
        try await awaitFile("ready")
        supervisor.send(.kill)
        #expect(await process.wait().code == 137)
    }

    @Test("starts nothing when the cluster's process has ended already")
    func noSupervisor() async throws {
        let supervisor = try ChildProcess.spawn("/bin/true")
        _ = await supervisor.wait()
        guard case .ended(let exit) = try await start(scratch, "exit 0", supervisor: supervisor.pid) else {
            Issue.record("it started")
            return
        }
        #expect(exit.reason == "StartError")
    }

    @Test("a running container is found again by its files, and one that has ended tells how")
    func adopt() async throws {
        let first = try running(await start(scratch, "sleep 1000"))
        #expect(ContainerProcess.isAlive(directory: first.directory))
        let found = await ContainerProcess.adopt(directory: first.directory, loop: .shared)
        let process = try running(try #require(found))
        #expect(process.record == first.record)
        process.kill()
        let exit = await process.wait()
        guard case .ended(let again) = await ContainerProcess.adopt(directory: first.directory, loop: .shared)
        else {
            Issue.record("it runs still")
            return
        }
        #expect(again == exit)
        #expect(await ContainerProcess.adopt(directory: scratch.path + "/none", loop: .shared) == nil)
    }

    @Test("a shim that is killed takes its program along; nobody knows how it ended")
    func shimKilled() async throws {
        let process = try running(await start(scratch, "sleep 1000"))
        let program = try ChildProcess(existing: process.record.program.pid)
        _ = kill(process.record.shim.pid, SIGKILL)
        let exit = await process.wait()
        #expect(exit.code == 137)
        #expect(exit.reason == "ContainerStatusUnknown")
        _ = await program.wait()
        #expect(!process.record.program.isRunning)
    }

    private func awaitFile(_ name: String) async throws {
        let watcher = try FileWatcher(directory: scratch.path + "/0")
        defer { watcher.close() }
        if Files.exists(scratch.path + "/0/" + name) { return }
        for await event in watcher.events where event == .created(name) { return }
    }
}

@Suite("A process's identity, proc(5)")
struct ProcessIdentityTests {
    @Test(
        "is read past any name",
        arguments: [
            ("7 (sh) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9", 4242),
            ("7 (a) b) c) R 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 17 9", 17),
        ] as [(String, UInt64)])
    func parse(stat: String, start: UInt64) {
        #expect(ProcessIdentity.parse(stat, pid: 7) == ProcessIdentity(pid: 7, start: start))
    }

    @Test(
        "zombies and nonsense are no processes",
        arguments: ["7 (sh) Z 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 4 9", "", "7 (sh"])
    func none(stat: String) { #expect(ProcessIdentity.parse(stat, pid: 7) == nil) }

    @Test("this process is itself; another start time is another process")
    func own() throws {
        var identity = try #require(ProcessIdentity.current(getpid()))
        #expect(identity.isRunning)
        identity.start += 1
        #expect(!identity.isRunning)
    }
}
