import Glibc
import KubeletAPI
import Neuron
import Observability
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("The kernel's log")
struct KernelLogTests {
    @Test(
        "has records of a device and lines of a daemon",
        arguments: [
            (
                "3,1234,5678901,-;NEURON_HW_ERR=X nd-id=0", "NEURON_HW_ERR=X nd-id=0",
                Duration.microseconds(5_678_901)
            ),
            ("6,1,0,-,caller=T1;a;b", "a;b", .zero),
            ("Nov 21 10:00:00 host kernel: a; b", "Nov 21 10:00:00 host kernel: a; b", nil),
            ("6,1,-5,-;x", "6,1,-5,-;x", nil), ("", "", nil), (";", ";", nil),
        ] as [(String, String, Duration?)])
    func lines(record: String, text: String, time: Duration?) {
        #expect(KernelLog.line(Array(record.utf8)[...]) == .init(text: text, time: time))
    }

    @Test("of a file gives what is added, and goes over to a file that takes its place")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/kern.log"
        try Files.write(path, Array("old\n".utf8))
        let log = try KernelLog(path: path)
        #expect(log.isFile && log.read() == [])
        func append(_ text: String) throws {
            let file = try FileDescriptor.open(path, flags: O_WRONLY | O_APPEND)
            try #require(write(file.number, text, text.utf8.count) == text.utf8.count)
        }
        try append("one\ntw")
        #expect(log.read().map(\.text) == ["one"])
        try append("o\n")
        #expect(log.read().map(\.text) == ["two"])
        #expect(!log.isReplaced)
        try #require(rename(path, path + ".1") == 0)
        #expect(!log.isReplaced, "the daemon has not made the new one yet")
        try Files.write(path, Array("three\n".utf8))
        #expect(log.isReplaced)
        #expect(try KernelLog(path: path, fromStart: true).read().map(\.text) == ["three"])
    }

    @Test("of a file that was cut is read anew")
    func cut() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/kern.log"
        try Files.write(path, Array("old line\n".utf8))
        let log = try KernelLog(path: path)
        try Files.write(path, Array("x\n".utf8))
        #expect(log.isReplaced)
    }

    @Test("cannot fill memory with one line, nor hold up the loop with many")
    func bounded() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/kern.log"
        try Files.write(path, Array(repeating: UInt8(ascii: "x"), count: 1 << 20) + [10])
        let log = try KernelLog(path: path, fromStart: true)
        #expect(log.read().map(\.text.utf8.count) == [8_192])
        try Files.write(path, Array(repeating: 10, count: 40_000))
        let many = try KernelLog(path: path, fromStart: true)
        let first = many.read().count
        #expect((KernelLog.maximumLines..<KernelLog.maximumLines + 8_192).contains(first))
        var all = first
        while case let more = many.read().count, more > 0 { all += more }
        #expect(all == 40_000)
    }

    @Test("makes a chip unhealthy, of the chips of this node only, until its errors are old")
    func daemon() async throws {
        let node = try Node()
        let path = node.fake.directory.path + "/kern.log"
        try Files.write(path, [])
        var settings = node.settings
        settings.monitor.kernelLog = path
        let daemon = DevicePluginDaemon(settings: settings, log: .silent, metrics: node.metrics)
        try await node.kubelet.start()
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let lines =
            "kernel: NEURON_HW_ERR=NC_UNCORRECTABLE_ERROR nd-id=2 nc-id=1 action=TERMINATE_INSTANCE\n"
            + "kernel: NEURON_HW_ERR=NC_UNCORRECTABLE_ERROR nd-id=63 nc-id=1\n"
            + "kernel: NEURON_HW_ERR=HANG_ON_COLLECTIVES nd-id=3 nc-id=0\n"
        let file = try FileDescriptor.open(path, flags: O_WRONLY | O_APPEND)
        try #require(write(file.number, lines, lines.utf8.count) == lines.utf8.count)
        await node.kubelet.wait { $0.allocatable == 10 }
        let chip = try #require(await daemon.state.chips.first { $0.index == 2 })
        #expect(
            chip.reason
                == "the kernel log tells of NC_UNCORRECTABLE_ERROR of core 1: replace the instance")
        #expect(daemon.metrics.kernelErrors.value(["foreign"]) == 1)
        settings.monitor.discovery.health.kernelLogHold = .milliseconds(1)
        await daemon.use(settings)
        await node.kubelet.wait { $0.allocatable == 12 }
        await daemon.stop()
        await node.kubelet.close()
    }
}
