import FakeChip
import Glibc
import Models
import Neuron
import NeuronProgram
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import FakeRuntime

/// A fake node with a model on some of its cores.
private struct Node {
    let directory: TemporaryDirectory
    let device: FakeDevice
    let claim: CoreClaim
    let program: any LoadedProgram

    init(
        _ type: String = "inf2.xlarge", cores: Range<Int> = 0..<1, driver: DriverVersion? = nil,
        settings: ExecutionSettings? = nil
    ) throws {
        directory = try TemporaryDirectory()
        let root = directory.path + "/node"
        device = try FakeDevice.create(instanceType: type, at: root, driverVersion: driver)
        try SyntheticModel.write(to: directory.path + "/model")
        var devices = try NeuronDevices(root: root + "/dev")
        devices.settings = settings
        claim = try devices.claim(cores)
        program = try claim.load(
            EmbeddingModel(directory: directory.path + "/model").program(
                cores: cores.count, formats: claim.formats))
    }

    /// Tensors for the program, with two texts in them.
    func tensors(
        ids: [Int32] = [1, 2, 3, 4, 5], lengths: [Int32] = [3, 2, 0]
    ) throws -> (inputs: any NeuronTensorSet, outputs: any NeuronTensorSet) {
        var sets: [any NeuronTensorSet] = []
        for list in [program.inputs, program.outputs] {
            var named: [String: any NeuronTensor] = [:]
            for tensor in list {
                named[tensor.name] = try claim.allocate(
                    tensor.name, size: tensor.size, placement: .host, core: 0)
            }
            try named["input_ids"]?.write(ids)
            try named["text_lengths"]?.write(lengths)
            sets.append(try claim.makeTensorSet(named))
        }
        return (sets[0], sets[1])
    }

    /// A counter of a core.
    func counter(_ name: String, core: Int = 0) throws -> Int? {
        Int(try text("neuron_core\(core)/stats/" + name))
    }

    func text(_ file: String, chip: Int = 0) throws -> String {
        let path = "\(device.root)/sys/devices/virtual/neuron_device/neuron\(chip)/\(file)"
        return String(try Files.readText(path, limit: 4_096).prefix { $0 != "\n" })
    }
}

@Suite("The fake device behind the seam")
struct RuntimeTests {
    @Test("tells its tensors, and executes into the caller's")
    func execution() async throws {
        let node = try Node()
        #expect(node.program.inputs.map(\.name) == ["input_ids", "text_lengths", "token_type_ids"])
        let output = node.program.outputs[0]
        #expect(output.type == .float32 && output.shape[1] == 48)
        let (inputs, outputs) = try node.tensors()
        try await node.program.run(inputs, outputs)
        let states = try #require(outputs["last_hidden_state"]).read(5 * 48 + 1, of: Float.self)
        #expect(states.prefix(5 * 48).allSatisfy { $0 != 0 && $0.isFinite })
        #expect(states.last == 0)
        // The same from a thread that waits.
        let (again, other) = try node.tensors()
        try await blocking { try node.program.execute(again, other) }
        let same = try #require(other["last_hidden_state"]).read(240, of: Float.self)
        #expect(same == Array(states.prefix(240)))
    }

    @Test("executions of one group are done in the order of submission, without anybody waiting in between")
    func queue() async throws {
        let node = try Node(cores: 0..<2)
        let order = Lock<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<20 {
                do {
                    let (inputs, outputs) = try node.tensors()
                    try node.program.submit(inputs, outputs) { error in
                        #expect(error == nil)
                        let isLast = order.withLock { order in
                            order.append(number)
                            return order.count == 20
                        }
                        if isLast { continuation.resume() }
                    }
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        #expect(order.withLock { $0 } == Array(0..<20))
    }

    @Test(
        "inputs that a program cannot take end with a status",
        arguments: [
            ([1, 2, 100_000], [3, 0], NRTStatus.outOfBounds, "oob_error"),
            ([1, 2, -1], [3, 0], .outOfBounds, "oob_error"), ([1], [129, 0], .badInput, "exec_bad_input"),
            ([1], [-1, 0], .badInput, "exec_bad_input"),
        ] as [([Int32], [Int32], NRTStatus, String)])
    func badInputs(ids: [Int32], lengths: [Int32], status: NRTStatus, counter: String) async throws {
        let node = try Node()
        let (inputs, outputs) = try node.tensors(ids: ids, lengths: lengths)
        let error = await #expect(throws: NRTError.self) { try await node.program.run(inputs, outputs) }
        #expect(error?.status == status)
        let (good, results) = try node.tensors()
        try await node.program.run(good, results)
        node.claim.counters.end()
        #expect(try node.counter("status/\(counter)/total") == 1)
        #expect(try node.counter("status/success/total") == 1)
    }

    @Test(
        "faults on request give the hardware's status once, and the counters that monitors read",
        arguments: [
            (.memoryError, .memoryError, "hw_hbm_ue_error", "mem_ecc_uncorrected"),
            (.coreMemoryError, .coreMemoryError, "hw_nc_ue_error", "sram_ecc_uncorrected"),
            (.transferAbort, .transferAborted, "hw_dma_abort_error", nil),
            (.collectives, .collectivesError, "hw_collectives_error", nil),
            (.hang, .timeout, "timeout", nil),
            (.numericalError, .numericalError, "execute_completed_with_num_error", nil),
        ] as [(ExecutionFault, NRTStatus, String, String?)])
    func faults(fault: ExecutionFault, status: NRTStatus, counter: String, ofChip: String?) async throws {
        var settings = ExecutionSettings(chips: nil) { _ in nil }
        settings.timeout = .milliseconds(20)
        let node = try Node(cores: 0..<2, settings: settings)
        try node.device.request(fault, chip: 0, core: 1)
        let (inputs, outputs) = try node.tensors()
        let start = ContinuousClock.now
        let error = await #expect(throws: NRTError.self) { try await node.program.run(inputs, outputs) }
        #expect(error?.status == status)
        if fault == .hang { #expect(start.duration(to: .now) >= .milliseconds(20)) }
        if fault == .numericalError {
            let states = try #require(outputs["last_hidden_state"]).read(240, of: Float.self)
            #expect(states.allSatisfy { $0.isNaN })
        }
        let counted = try ofChip.map { try node.text("stats/hardware/" + $0) }
        #expect(counted ?? "1" == "1")
        try await node.program.run(inputs, outputs)
        node.claim.counters.end()
        #expect(try node.counter("status/\(counter)/total", core: 1) == 1)
        #expect(try node.counter("status/\(counter)/total", core: 0) == 0)
        #expect(try node.counter("status/success/total", core: 1) == 1)
    }

    @Test("a core that hangs until it is reset fails everything until the cores are opened anew")
    func reset() async throws {
        let node = try Node()
        try node.device.request(.coreReset, chip: 0, core: 0)
        let (inputs, outputs) = try node.tensors()
        for _ in 0..<3 {
            let error = await #expect(throws: NRTError.self) {
                try await node.program.run(inputs, outputs)
            }
            #expect(error?.status == .unrecoverable)
        }
        node.claim.counters.end()
        #expect(try node.counter("other_info/reset_req_count/total") == 1)
    }

    @Test("a load without memory is refused, and leaves none reserved")
    func noMemory() throws {
        let node = try Node(cores: 0..<1)
        try node.device.request(.outOfMemory, chip: 0, core: 0)
        let before = node.claim.reserved
        let model = try EmbeddingModel(directory: node.directory.path + "/model")
        let error = #expect(throws: NRTError.self) {
            try node.claim.load(model.program(cores: 1, formats: node.claim.formats))
        }
        #expect(error?.status == .resource)
        #expect(node.claim.reserved == before)
    }

    @Test(
        "memory is seen while it is held, with tensors and after unloading; use when the cores are given back"
    )
    func counters() async throws {
        let node = try Node()
        let held = node.program.memory[0]
        let device = "memory_usage/device_mem"
        #expect(try node.counter(device + "/constants/total") == held.constants)
        #expect(try node.counter(device + "/total") == held.constants + held.tensors)
        var tensor: (any NeuronTensor)? = try node.claim.allocate(
            "cache", size: 4_096, placement: .device, core: 0)
        #expect(try node.counter(device + "/tensors/total") == held.tensors + 4_096)
        #expect(try node.claim.memoryStatistics(core: 0).used == held.constants + held.tensors + 4_096)
        #expect(try node.claim.memoryStatistics(core: 0).limit == 16 << 30)
        withExtendedLifetime(tensor) {}
        tensor = nil
        #expect(node.claim.reserved == [held.constants + held.tensors])
        #expect(try node.counter(device + "/tensors/total") == held.tensors)
        let (inputs, outputs) = try node.tensors()
        try await node.program.run(inputs, outputs)
        // Driver 2.24 adds use up when a process ends.
        #expect(try node.counter("other_info/inference_count/total") == 0)
        try node.program.unload()
        #expect(try node.counter(device + "/total") == 0)
        #expect(try node.counter(device + "/peak") == held.constants + held.tensors + 4_096)
        #expect(node.claim.reserved == [0])
        let error = #expect(throws: NRTError.self) { try node.program.submit(inputs, outputs) { _ in } }
        #expect(error?.status == .invalidHandle)
        node.claim.counters.end()
        #expect(try node.counter("other_info/inference_count/total") == 1)
        #expect(try node.counter("other_info/model_load_count/total") == 1)
        let operations = try #require(try node.counter("other_info/flop_count/total"))
        #expect(operations > 100_000)
    }

    @Test("a core has its own part of a later chip's memory, and Inferentia's cores share theirs")
    func memoryOfCores() throws {
        let later = try Node("inf2.xlarge")
        let error = #expect(throws: NRTError.self) {
            try later.claim.allocate("big", size: 16 << 30, placement: .device, core: 0)
        }
        #expect(error?.status == .resource)
        let first = try Node("inf1.xlarge")
        #expect(try first.claim.memoryStatistics(core: 0).limit == 8 << 30)
    }

    @Test("cores that are given back are free, whatever programs and tensors are left")
    func end() async throws {
        let node = try Node()
        let tensor = try node.claim.allocate("t", size: 64, placement: .device, core: 0)
        let (inputs, outputs) = try node.tensors()
        let part = node.claim.part(0..<1)
        node.claim.end()
        let next = try NeuronDevices(root: node.device.root + "/dev").claim(0..<1)
        try next.reserve([1_000])
        let error = #expect(throws: NRTError.self) { try node.program.submit(inputs, outputs) { _ in } }
        #expect(error?.status == .closed)
        let other = #expect(throws: NRTError.self) {
            try part.allocate("u", size: 64, placement: .device, core: 0)
        }
        #expect(other?.status == .closed)
        withExtendedLifetime(tensor) {}
        try node.program.unload()
        #expect(try next.memoryStatistics(core: 0).used == 1_000)
    }

    @Test("tensors keep to their bounds; a slice is the same memory")
    func tensors() throws {
        let node = try Node()
        let tensor = try node.claim.allocate("t", size: 16, placement: .host, core: 0)
        try tensor.write([1, 2, 3, 4] as [Int32])
        let slice = try tensor.slice(4..<12).slice(4..<8)
        #expect(try slice.read(1, of: Int32.self) == [3])
        try slice.write([7] as [Int32])
        #expect(try tensor.read(4, of: Int32.self) == [1, 2, 7, 4])
        #expect(throws: NRTError.self) { try tensor.write([Int32](repeating: 0, count: 5)) }
        #expect(throws: NRTError.self) { try slice.read(2, of: Int32.self) }
        #expect(throws: NRTError.self) { try tensor.slice(8..<17) }
    }

    @Test(
        "the clock gives the published times of both models, for one text and ten",
        arguments: [
            ("inf1", 128, 1, 28.2), ("inf1", 128, 10, 121.1), ("inf2", 128, 1, 3.1), ("inf2", 128, 10, 23.6),
            ("inf1", 256, 1, 35.7), ("inf1", 256, 10, 343.7), ("inf2", 256, 1, 8.31), ("inf2", 256, 10, 72.9),
        ])
    func clock(family: String, tokens: Int, batch: Int, milliseconds: Double) throws {
        let clock = try #require(NeuronFamily(rawValue: family).flatMap(HardwareClock.init))
        let large = ModelSizes.bertLarge
        let time = clock.time(
            operations: [Double](repeating: large.operations(tokens: tokens), count: batch), cores: 1)
        let found = Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) / 1e15
        #expect(abs(found - milliseconds) < milliseconds / 50)
        #expect(HardwareClock(.trainium3) == nil)
    }
}
