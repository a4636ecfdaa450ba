// What must not hang the plugin: a peer that does not read, a kubelet that does not answer, a system without inotify, a
// clock that jumps.

import GRPC
import Glibc
import KubeletAPI
import Neuron
import Observability
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("What must not hang the plugin", .timeLimit(.minutes(10)))
struct RobustnessTests {
    /// The executable beside the tests.
    static let program: String? = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let directory = bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = (directory + ["ganglion-device-plugin"]).joined(separator: "/")
        return Files.exists(path) ? path : nil
    }()

    @Test("a reader of ListAndWatch that does not read holds up nobody, and gets the newest list at last")
    func slowReader() async throws {
        let node = try Node("trn2.48xlarge")
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 64 }
        let client = DevicePluginClient(try await GRPCClient.connect(to: .unix(node.ownSocket)))
        // Opened and not read: its window of 64 KiB fills.
        var lists = try await client.listAndWatch().makeAsyncIterator()
        let kubelet = try await node.kubelet.client(Node.resource)
        for round in 1...40 {
            try node.fake.device.setMemoryErrors(.memory, chip: 0, to: UInt64(round % 2))
            await plugin.rescan()
            _ = try await kubelet.allocate(.init(containerRequests: [.init(deviceIDs: ["8"])]))
        }
        await node.kubelet.wait { $0.allocatable == 64 }
        var newest = try await lists.next()
        while newest?.devices.contains(where: { $0.health != "Healthy" }) == true {
            newest = try await lists.next()
        }
        #expect(newest?.devices.count == 64)
        #expect(await node.kubelet.state.registrations == 1)
        await client.connection.close()
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("a kubelet that takes the call and never answers is given up and called again")
    func stalls() async throws {
        let node = try Node()
        try await node.kubelet.start()
        await node.kubelet.stall(2)
        var settings = node.settings
        settings.served[0].plugin.registerTimeout = .seconds(2)
        let plugin = DevicePluginDaemon(settings: settings, log: .silent, metrics: node.metrics)
        try await plugin.start()
        let state = await node.kubelet.wait { $0.allocatable == 12 }
        #expect(state.refused == 2)
        // One that stalls while we leave does not keep us.
        await node.kubelet.stall(1)
        await node.kubelet.drop(Node.resource)
        await node.kubelet.wait { $0.refused == 3 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test(
        "a system whose inotify instances are used up is looked at now and then",
        .enabled(if: program != nil && Files.exists("/usr/bin/unshare"), "the plugin or unshare is not there")
    )
    func noInotify() async throws {
        let node = try Node()
        let program = try #require(Self.program)
        let device = node.fake.device.settings
        // The limit is one of the user namespace: only the plugin has it.
        let command =
            "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" --kubelet-root '\(node.kubelet.root)' "
            + "--sysfs-root '\(device.sysfsRoot)' --device-root '\(device.deviceRoot)' --log-level warning"
        let log = try FileDescriptor.open(node.fake.directory.path + "/log", flags: O_WRONLY | O_CREAT)
        let process = try ChildProcess.spawn(
            "/usr/bin/unshare", ["--user", "--map-root-user", "/bin/sh", "-c", command, program],
            descriptors: .init(error: log), parentDeathSignal: .kill)
        defer { process.send(.kill) }
        try await node.kubelet.start()
        let text = { try Files.readText(node.fake.directory.path + "/log") }
        for _ in 0..<2 {
            while await node.kubelet.state.allocatable != 12 {
                if let status = process.status {
                    // A system that lets nobody make user namespaces: nothing to be tried here.
                    #expect(try text().contains("unshare"), "the plugin ended: \(status)")
                    return
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            await node.kubelet.close()
            try await node.kubelet.start()
        }
        #expect(try text().contains("polling instead of watching"))
        #expect(try text().contains("raise fs.inotify.max_user_instances"))
        await node.kubelet.close()
    }

    /// A sanitizer's runtime must be the first library of a process.
    private static let isSanitized = getenv("ASAN_OPTIONS") != nil || getenv("TSAN_OPTIONS") != nil

    /// A library that sets the wall clock of one process.
    private static let wallClock =
        isSanitized
        ? nil
        : ["x86_64", "aarch64"]
            .map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketimeMT.so.1" }.first { Files.exists($0) }

    @Test(
        "a wall clock that jumps by decades changes nothing",
        .enabled(
            if: program != nil && wallClock != nil,
            "the plugin or libfaketime is not there, or a sanitizer is"))
    func clockJumps() async throws {
        let node = try Node()
        let program = try #require(Self.program)
        let device = node.fake.device.settings
        let clock = node.fake.directory.path + "/clock"
        try Files.write(clock, Array("+0".utf8))
        let log = try FileDescriptor.open(node.fake.directory.path + "/log", flags: O_WRONLY | O_CREAT)
        try await node.kubelet.start()
        // No flags: Swift finds no command line behind that library.
        let process = try ChildProcess.spawn(
            program,
            environment: [
                "GANGLION_KUBELET_ROOT": node.kubelet.root, "GANGLION_SYSFS_ROOT": device.sysfsRoot,
                "GANGLION_DEVICE_ROOT": device.deviceRoot, "GANGLION_HEALTH_INTERVAL": "50ms",
                "LD_PRELOAD": try #require(Self.wallClock), "FAKETIME_TIMESTAMP_FILE": clock,
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
                // The times of files do not jump with the clock.
                "NO_FAKE_STAT": "1",
            ], descriptors: .init(error: log), parentDeathSignal: .kill)
        defer { process.send(.kill) }
        await node.kubelet.wait { $0.allocatable == 12 }
        for (jump, errors) in [("-20y", 1), ("+20y", 0), ("-1y", 1), ("+0", 0)] {
            try Files.writeAtomically(clock, Array(jump.utf8), mode: 0o644)
            try node.fake.device.setMemoryErrors(.memory, chip: 2, to: UInt64(errors))
            await node.kubelet.wait { $0.allocatable == (errors == 0 ? 12 : 10) }
        }
        let state = await node.kubelet.state
        let lines = try Files.readText(node.fake.directory.path + "/log")
        #expect(state.registrations == 1 && state.openStreams == 1, "\(lines)")
        // The clock did jump: the log's times say so.
        let years = Set(lines.split(separator: "\n").map { $0.prefix(4) })
        #expect(years.count == 4)
        try Files.writeAtomically(clock, Array("-20y".utf8), mode: 0o644)
        await node.kubelet.close()
        try await node.kubelet.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        await node.kubelet.close()
    }
}
