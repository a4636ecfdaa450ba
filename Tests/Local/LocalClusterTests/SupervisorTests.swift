import Glibc
import Observability
import SystemIO
import TestSupport
import Testing

@testable import LocalCluster

@Suite("Supervisor")
struct SupervisorTests {
    private func directory() throws -> ClusterDirectory {
        try ClusterDirectory.make(at: Scratch.path())
    }

    private func shell(_ name: String, _ script: String) -> Supervisor.Program {
        Supervisor.Program(
            name: name, path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test("starts again what was killed, as a new process, and ends it when asked")
    func restarts() async throws {
        let directory = try directory()
        defer { try? directory.remove() }
        let watcher = try FileWatcher(directory: directory.processes)
        var events = watcher.events.makeAsyncIterator()
        let supervisor = Supervisor(directory, log: .silent)
        try await supervisor.start(shell("sleeper", "exec sleep 1000"))
        let first = try #require(await supervisor.pid(of: "sleeper"))
        #expect(try Files.readText(directory.processes + "/sleeper") == "\(first)\n")
        while let event = await events.next(), event != .created("sleeper") {}
        kill(first, SIGKILL)
        while let event = await events.next(), event != .created("sleeper") {}
        let second = try #require(await supervisor.pid(of: "sleeper"))
        #expect(second != first)
        let process = try ChildProcess(existing: second)
        await supervisor.stopAll()
        #expect(await process.wait() == .unknown)
        #expect(await supervisor.pid(of: "sleeper") == nil)
        #expect(try Files.list(directory.processes) == [])
    }

    @Test("kills what does not end when asked")
    func insists() async throws {
        let directory = try directory()
        defer { try? directory.remove() }
        let supervisor = Supervisor(directory, log: .silent)
        try await supervisor.start(
            shell("stubborn", "trap '' TERM; echo ready > \(directory.run)/ready; while :; do sleep 1; done"))
        let pid = try #require(await supervisor.pid(of: "stubborn"))
        let process = try ChildProcess(existing: pid)
        await supervisor.stopAll(grace: .milliseconds(100))
        #expect(await process.wait() == .unknown)
    }

    @Test("says that a program is not there")
    func missing() async throws {
        let directory = try directory()
        defer { try? directory.remove() }
        let supervisor = Supervisor(directory, log: .silent)
        await #expect(throws: SystemError("run", "/nowhere/x", code: ENOENT)) {
            try await supervisor.start(.init(name: "x", path: "/nowhere/x", arguments: [], environment: [:]))
        }
    }

    @Test("components write to a log of their own")
    func logs() async throws {
        let directory = try directory()
        defer { try? directory.remove() }
        let watcher = try FileWatcher(directory: directory.logs)
        let supervisor = Supervisor(directory, log: .silent)
        try await supervisor.start(shell("talker", "echo hello; echo trouble >&2"))
        for await _ in watcher.events {
            if try Files.readText(directory.logs + "/talker.log").hasPrefix("hello\ntrouble\n") { break }
        }
        await supervisor.stopAll()
    }
}

@Suite("Cluster directory")
struct ClusterDirectoryTests {
    @Test("is private")
    func mode() throws {
        let directory = try ClusterDirectory.make(at: Scratch.path())
        defer { try? directory.remove() }
        var status = stat()
        #expect(stat(directory.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    @Test("is refused where it exists or its path is too long for sockets")
    func refused() throws {
        #expect(
            throws: SystemError(
                "make state directory", "/tmp", code: EEXIST,
                hint: "remove it, or choose another with --state-directory")
        ) { try ClusterDirectory.make(at: "/tmp") }
        let long = "/tmp/" + String(repeating: "x", count: 60)
        #expect(
            throws: SystemError(
                "use state directory", long, code: 0,
                hint: "it has 65 octets; at most 60 leave room for the sockets in it")
        ) { try ClusterDirectory.make(at: long) }
    }

    @Test(
        "is refused with the mend where it cannot be made",
        arguments: [
            (
                "/tmp/ganglion-no-such-directory/state", ENOENT,
                "make the directory above it, or choose another"
            ),
            ("/dev/null/state", ENOTDIR, "choose another"),
        ])
    func cannotBeMade(path: String, code: Int32, mend: String) {
        #expect(
            throws: SystemError(
                "make state directory", path, code: code, hint: mend + " with --state-directory")
        ) { try ClusterDirectory.make(at: path) }
    }

    @Test("of a process that is gone is removed with the next one, that of a live one is not")
    func stale() async throws {
        let child = try ChildProcess.spawn("/bin/sh", ["-c", "exit 0"])
        _ = await child.wait()
        let stale = "/tmp/ganglion-\(geteuid())-\(child.pid)"
        try Files.makeDirectory(stale + "/kubelet")
        let live = "/tmp/ganglion-\(geteuid())-1"
        try Files.makeDirectory(live)
        defer { try? Files.removeTree(live) }
        let directory = try ClusterDirectory.makeTemporary()
        #expect(!Files.exists(stale))
        #expect(Files.exists(live))
        try directory.remove()
    }
}
