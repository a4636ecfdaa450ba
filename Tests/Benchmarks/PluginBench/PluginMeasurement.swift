// What the device plugin costs and how soon it is back: its real executable, a fake node, a kubelet with a clock.

import DevicePlugin
import Glibc
import KubeletAPI
import Neuron
import Placement
import SystemIO

/// One plugin process, a node and a kubelet.
struct PluginMeasurement {
    let program: String
    let instanceType: String
    let logicalCoreSize: Int?
    let directory: String
    let fake: FakeDevice
    let kubelet: MeasuringKubelet
    let devices: Int

    init(program: String, instanceType: String, logicalCoreSize: Int?) throws {
        self.program = program
        self.instanceType = instanceType
        self.logicalCoreSize = logicalCoreSize
        var template = Array("/tmp/ganglion-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("make", "a temporary directory") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        fake = try FakeDevice.create(
            instanceType: instanceType, at: directory + "/node", driverVersion: .init(2, 30, 2, 0),
            logicalCoreSize: logicalCoreSize, monitorCounters: false)
        kubelet = MeasuringKubelet(root: directory + "/kubelet", resource: "aws.amazon.com/neuroncore")
        devices = Discovery(fake.settings).scan().cores.count
    }

    func remove() { try? Files.removeTree(directory) }

    func spawn() throws -> ChildProcess {
        let settings = fake.settings
        return try ChildProcess.spawn(
            program,
            [
                "--kubelet-root", directory + "/kubelet", "--sysfs-root", settings.sysfsRoot, "--device-root",
                settings.deviceRoot, "--logical-core-config", settings.logicalCoreConfigFile,
                "--health-interval", "50ms", "--agent-socket", directory + "/agent.sock",
                "--metrics-address", directory + "/status.sock",
            ], parentDeathSignal: .kill)
    }

    /// From the start of the process to all devices at the kubelet.
    func starts(_ count: Int) async throws -> [Duration] {
        var times: [Duration] = []
        for _ in 0..<count {
            let begin = ContinuousClock.now
            let process = try spawn()
            times.append(await kubelet.reaches(devices) - begin)
            process.send(.terminate)
            _ = await process.wait()
        }
        return times
    }

    /// From kubelet.sock's making to all devices at the kubelet, again and again.
    func kubeletRestarts(_ count: Int) async throws -> [Duration] {
        var times: [Duration] = []
        for _ in 0..<count {
            await kubelet.stop()
            let begin = try await kubelet.start()
            times.append(await kubelet.reaches(devices) - begin)
        }
        return times
    }

    /// From a kill of the plugin's process, and the start of the next, to all devices at the kubelet.
    func pluginRestarts(_ count: Int, _ process: inout ChildProcess) async throws -> [Duration] {
        var times: [Duration] = []
        for number in 0..<count {
            process.send(number % 2 == 0 ? .kill : .terminate)
            _ = await process.wait()
            let begin = ContinuousClock.now
            process = try spawn()
            _ = await kubelet.reaches(0)
            times.append(await kubelet.reaches(devices) - begin)
        }
        return times
    }

    /// Allocate and GetPreferredAllocation over the socket.
    func calls(_ count: Int) async throws -> (allocate: Duration, preferred: Duration) {
        let plugin = try await kubelet.plugin()
        var begin = ContinuousClock.now
        let request = DevicePluginAPI.AllocateRequest(
            containerRequests: [.init(deviceIDs: (4..<8).map(String.init))])
        for _ in 0..<count { _ = try await plugin.allocate(request) }
        let allocate = (ContinuousClock.now - begin) / max(1, count)
        let preferred = DevicePluginAPI.PreferredAllocationRequest(containerRequests: [
            .init(availableDeviceIDs: (0..<devices).map(String.init), allocationSize: 4)
        ])
        begin = .now
        let few = max(1, count / 100)
        for _ in 0..<few { _ = try await plugin.preferredAllocation(preferred) }
        return (allocate, (ContinuousClock.now - begin) / few)
    }

    /// Health that comes and goes: each is a list.
    func flips(_ count: Int) async throws {
        for _ in 0..<count {
            try fake.setMemoryErrors(.memory, chip: 0, to: 1)
            let perChip = devices / Discovery(fake.settings).scan().chips.count
            _ = await kubelet.reaches(devices - perChip)
            try fake.setMemoryErrors(.memory, chip: 0, to: 0)
            _ = await kubelet.reaches(devices)
        }
    }

    /// Resident and anonymous memory in KiB, and open descriptors.
    static func memory(_ process: ChildProcess) throws -> (resident: Int, anonymous: Int, descriptors: Int) {
        let text = try Files.readText("/proc/\(process.pid)/smaps_rollup")
        func value(_ name: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return (value("Rss"), value("Anonymous"), try Files.list("/proc/\(process.pid)/fd").count)
    }

    /// The answer to GetPreferredAllocation alone, without the socket: the mean over fragmented nodes of 128 cores.
    static func preference() throws -> (mean: Duration, worst: Duration) {
        let type = try InstanceType.named("trn2.48xlarge")
        let topology = type.topology(logicalCoreSize: 1)
        let chips = (0..<type.chipCount).map { chip in
            Chip(
                index: chip, physicalCoreCount: 8, coreCount: 8, connected: topology.adjacency[chip],
                devicePath: "/dev/neuron\(chip)")
        }
        var ledger = NodeLedger()
        _ = ledger.update(NeuronInventory(family: .trainium2, chips: chips, topology: topology))
        guard let catalog = DeviceCatalog(ledger) else { throw SystemError("make", "a catalog", code: 0) }
        let allocator = Allocator(catalog: catalog)
        var requests: [DevicePluginAPI.ContainerPreferredAllocationRequest] = []
        for share in 1...8 {
            for size in [1, 2, 3, 4, 7, 8, 16, 32, 64] {
                let free = (0..<128).filter { _ in Int.random(in: 0..<8) < share }.shuffled()
                requests.append(
                    .init(availableDeviceIDs: free.map(String.init), allocationSize: Int32(size)))
            }
        }
        var sum = Duration.zero
        var worst = Duration.zero
        let rounds = 50
        for _ in 0..<rounds {
            for request in requests {
                let begin = ContinuousClock.now
                _ = allocator.preferred(request)
                let time = ContinuousClock.now - begin
                sum += time
                worst = max(worst, time)
            }
        }
        return (sum / (rounds * requests.count), worst)
    }
}
