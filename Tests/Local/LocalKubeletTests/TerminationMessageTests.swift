import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("Termination message")
struct TerminationMessageTests {
    let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    private func read(written: [UInt8]?, log: [UInt8]?, fallsBackToLog: Bool) throws -> String? {
        if let written { try Files.write(scratch.path + "/" + TerminationMessage.fileName, written) }
        if let log { try Files.write(scratch.path + "/log", log) }
        return TerminationMessage.read(
            directory: scratch.path, log: scratch.path + "/log", fallsBackToLog: fallsBackToLog)
    }

    @Test(
        "is what the container wrote, else the end of its log where the policy says so",
        arguments: [
            ("no memory", "a log\n", true, "no memory"),
            ("no memory", "a log\n", false, "no memory"),
            ("", "first\nlast\n", true, "first\nlast\n"),
            (nil, "last\n", true, "last\n"),
            (nil, "last\n", false, nil),
            (nil, "", true, nil),
            (nil, nil, true, nil),
        ] as [(String?, String?, Bool, String?)])
    func source(written: String?, log: String?, fallsBackToLog: Bool, expected: String?) throws {
        let message = try read(
            written: written.map { Array($0.utf8) }, log: log.map { Array($0.utf8) },
            fallsBackToLog: fallsBackToLog)
        #expect(message == expected)
    }

    @Test("has at most the first 4096 octets of the file")
    func fileLimit() throws {
        let octets = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
        #expect(
            try read(written: octets, log: nil, fallsBackToLog: true) == String(repeating: "x", count: 4096))
    }

    @Test("has at most the last 80 lines and 2048 octets of the log, and begins with a whole character")
    func logLimits() throws {
        let lines = (1...100).map { "\($0)\n" }
        #expect(
            try read(written: nil, log: Array(lines.joined().utf8), fallsBackToLog: true)
                == lines.suffix(80).joined())
        let wide = Array(String(repeating: "é", count: 3000).utf8) + [UInt8(ascii: "!")]
        #expect(
            try read(written: nil, log: wide, fallsBackToLog: true)
                == String(repeating: "é", count: 1023) + "!")
    }

    @Test("of a container that left a pipe or a link is nothing, and nobody waits for it")
    func special() throws {
        let path = scratch.path + "/" + TerminationMessage.fileName
        #expect(mkfifo(path, 0o600) == 0)
        #expect(try read(written: nil, log: nil, fallsBackToLog: true) == nil)
        #expect(unlink(path) == 0 && symlink("/etc/hostname", path) == 0)
        #expect(try read(written: nil, log: nil, fallsBackToLog: true) == nil)
    }

    @Test(
        "falls back to the log after an error only",
        arguments: [
            ("FallbackToLogsOnError", 1, true), ("FallbackToLogsOnError", 0, false), ("File", 1, false),
            (nil, 1, false),
        ] as [(String?, Int, Bool)])
    func policy(policy: String?, exitCode: Int, expected: Bool) {
        #expect(TerminationMessage.fallsBackToLog(policy: policy, exitCode: exitCode) == expected)
    }
}
