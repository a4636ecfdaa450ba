import Glibc
import SystemIO
import TestSupport
import Testing

@Suite("Child process")
struct ChildProcessTests {
    @Test(
        "tells how it ended",
        arguments: [
            ("exit 0", ProcessStatus.exited(0)), ("exit 3", .exited(3)), ("kill -9 $$", .signalled(9)),
        ])
    func ends(script: String, status: ProcessStatus) async throws {
        let child = try ChildProcess.spawn("/bin/sh", ["-c", script])
        #expect(await child.wait() == status)
        #expect(child.status == status)
    }

    @Test("has the arguments, environment, directory and descriptors it was given, and no others")
    func surroundings() async throws {
        let directory = try TemporaryDirectory()
        let output = try FileDescriptor.open(directory.path + "/out", flags: O_WRONLY | O_CREAT)
        let child = try ChildProcess.spawn(
            "/bin/sh", ["-c", "echo $1 $NAME; pwd; ls /proc/self/fd | wc -l", "sh", "one two"],
            environment: ["NAME": "value", "PATH": "/usr/bin:/bin"], directory: directory.path,
            descriptors: .init(output: output))
        #expect(await child.wait() == .exited(0))
        // 0, 1, 2 and the directory that ls itself reads.
        #expect(try Files.readText(directory.path + "/out") == "one two value\n\(directory.path)\n4\n")
    }

    @Test("that cannot be executed is an error of the call")
    func missing() {
        #expect(throws: SystemError("run", "/nowhere/program", code: ENOENT)) {
            try ChildProcess.spawn("/nowhere/program")
        }
    }

    @Test("is signalled with its group")
    func group() async throws {
        let child = try ChildProcess.spawn(
            "/bin/sh", ["-c", "sleep 1000 & wait"], environment: ["PATH": "/usr/bin:/bin"], newSession: true)
        child.sendToGroup(.terminate)
        #expect(await child.wait() == .signalled(15))
    }

    @Test("of somebody else can be waited for, without its exit code")
    func foreign() async throws {
        let pipe = try Output.makePipe()
        // Ends when it is told to: it must live when the second watch of it begins.
        let child = try ChildProcess.spawn(
            "/bin/sh", ["-c", "read line; exit 4"], descriptors: .init(input: pipe.read))
        let seen = try ChildProcess(existing: child.pid)
        pipe.write.close()
        #expect(await child.wait() == .exited(4))
        #expect(await seen.wait() == .unknown)
    }

    @Test("ends with the process that started it, when asked to")
    func parentDeath() async throws {
        let child = try ChildProcess.spawn("/bin/sh", ["-c", "kill -TERM $$"], parentDeathSignal: .kill)
        #expect(await child.wait() == .signalled(15))
    }
}

@Suite("File watcher")
struct FileWatcherTests {
    @Test("tells what is made, written and removed, and that the directory is gone")
    func events() async throws {
        let directory = try TemporaryDirectory()
        let watched = directory.path + "/watched"
        try Files.makeDirectory(watched)
        let watcher = try FileWatcher(directory: watched)
        try Files.write(watched + "/a", [1])
        try Files.remove(watched + "/a")
        try Files.removeTree(watched)
        var seen: [FileWatcher.Event] = []
        for await event in watcher.events {
            seen.append(event)
            if event == .directoryRemoved { break }
        }
        #expect(seen == [.created("a"), .written("a"), .removed("a"), .directoryRemoved])
    }

    @Test("cannot watch what is not there")
    func missing() {
        #expect(throws: SystemError("watch", "/nowhere", code: ENOENT)) {
            try FileWatcher(directory: "/nowhere")
        }
    }
}

@Suite("Files")
struct FilesTests {
    @Test("are replaced whole, with their mode, and leave nothing behind")
    func atomic() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/f"
        try Files.writeAtomically(path, Array("one".utf8), mode: 0o600)
        try Files.writeAtomically(path, Array("two".utf8), mode: 0o640)
        #expect(try Files.readText(path) == "two")
        #expect(try Files.list(directory.path) == ["f"])
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }

    @Test("are refused beyond the limit, never cut")
    func limit() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/f"
        try Files.write(path, [UInt8](repeating: 7, count: 100_000))
        #expect(try Files.read(path, limit: 100_000).count == 100_000)
        #expect(throws: SystemError("read", path, code: EFBIG, hint: "the limit is 99999 octets")) {
            try Files.read(path, limit: 99_999)
        }
    }

    @Test("an error names the path and the system's reason")
    func errors() {
        #expect(
            SystemError("open", "/nowhere", code: ENOENT).description
                == "cannot open /nowhere: No such file or directory")
        #expect(throws: SystemError("open", "/nowhere", code: ENOENT)) { try Files.read("/nowhere") }
        #expect(throws: SystemError("make directory", "/dev/null/x", code: ENOTDIR)) {
            try Files.makeDirectory("/dev/null/x")
        }
    }

    @Test("trees are removed without following links")
    func trees() throws {
        let directory = try TemporaryDirectory()
        try Files.makeDirectory(directory.path + "/kept")
        try Files.write(directory.path + "/kept/f", [])
        try Files.makeDirectory(directory.path + "/gone/deep/er")
        try Files.link(directory.path + "/gone/deep/link", to: directory.path + "/kept")
        #expect(try Files.readLink(directory.path + "/gone/deep/link") == directory.path + "/kept")
        try Files.removeTree(directory.path + "/gone")
        #expect(try Files.list(directory.path) == ["kept"])
        #expect(try Files.list(directory.path + "/kept") == ["f"])
    }
}
