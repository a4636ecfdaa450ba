import Glibc
import Neuron
import SystemIO
import Testing

@testable import DevicePlugin

@Suite("A driver that tells of changes", .timeLimit(.minutes(10)))
struct HealthNotifierTests {
    /// A control group's file of events, which the kernel notifies by the same means as sysfs_notify does.
    private static let groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
        Files.exists($0 + "/cgroup.procs") && access($0, W_OK) == 0
    }

    @Test(
        "is heard at once, and again after the file was forgotten and watched anew",
        .enabled(if: groups != nil, "control groups of version 2 cannot be made here"))
    func notified() async throws {
        let group = try #require(Self.groups) + "/ganglion-test-\(getpid())"
        guard mkdir(group, 0o755) == 0 else { return }
        defer { rmdir(group) }
        let path = group + "/cgroup.events"
        let (told, continuation) = AsyncStream.makeStream(of: String.self)
        let notifier = HealthNotifier(loop: .shared) { continuation.yield($0) }
        var changes = told.makeAsyncIterator()
        for _ in 0..<2 {
            notifier.watch([path])
            #expect(notifier.count == 1)
            // The group is populated, and empty again when the process has ended.
            let process = try ChildProcess.spawn("/bin/sleep", ["600"], parentDeathSignal: .kill)
            try Files.write(group + "/cgroup.procs", Array("\(process.pid)".utf8))
            #expect(await changes.next() == path)
            notifier.forget(path)
            #expect(notifier.count == 0)
            process.send(.kill)
            _ = await process.wait()
        }
    }

    @Test("leaves files that cannot tell anything, and those that are not there, to the poll")
    func ordinary() throws {
        let node = try FakeNode("inf2.24xlarge")
        let notifier = HealthNotifier(loop: .shared) { _ in }
        let paths = Discovery(node.device.settings).notifyingFiles(chips: [0, 1, 63])
        #expect(paths.count == 12)
        notifier.watch(paths)
        #expect(notifier.count == 0)
    }
}
