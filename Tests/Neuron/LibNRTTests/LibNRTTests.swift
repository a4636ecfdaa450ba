import FakeChip
import Glibc
import HTTP
import HTTP1
import JSON
import Models
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import LibNRT
@testable import ModelServer

/// The project's own libnrt.so, opened as AWS's is: a process has one, so all of this is one after the other.
@Suite("AWS's library behind the seam", .serialized)
struct LibNRTTests {
    /// A device root and a model compiled for some cores.
    private func node(cores: Int) throws -> (TemporaryDirectory, EmbeddingModel) {
        let directory = try TemporaryDirectory()
        for chip in 0..<2 {
            try Files.write(
                directory.path + "/neuron\(chip)",
                FakeChipFile(index: chip, cores: 2, memory: 34_359_738_368).octets)
        }
        try SyntheticModel.write(to: directory.path + "/model")
        var options = CompileOptions()
        options.cores = cores
        let path = directory.path + "/tiny.ganglion"
        _ = try ModelCompiler.compile(directory: directory.path + "/model", to: path, options: options)
        return (directory, try ModelStore().model(at: path))
    }

    /// Beside the tests, where SwiftPM builds it.
    private static let library: String = {
        let program = CommandLine.arguments[0]
        let directory = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
        return Files.exists(directory + "/libnrt.so")
            ? directory + "/libnrt.so" : Repository.root + "/.build/debug/libnrt.so"
    }()

    @Test("a model gives through the C interface what it gives without", arguments: [1, 2])
    func sameBits(cores: Int) async throws {
        let (directory, model) = try node(cores: cores)
        setenv("GANGLION_DEVICE_ROOT", directory.path, 1)
        setenv("NEURON_RT_VISIBLE_CORES", "2-3", 1)
        defer {
            unsetenv("GANGLION_DEVICE_ROOT")
            unsetenv("NEURON_RT_VISIBLE_CORES")
        }
        let runtime = try LibNRT(library: Self.library, selection: .cores(2..<4))
        #expect(runtime.version == "libnrt 2.31.0.0")
        #expect(runtime.visibleCores == 2..<4)
        let error = #expect(throws: NRTError.self) { try LibNRT(library: Self.library, selection: .all) }
        #expect(error?.status == .invalid)
        let group = NeuronCoreGroup(runtime.split([2..<2 + cores])[0])
        try group.load(model, as: "tiny")
        #expect(group.memory.allSatisfy { $0.constants > 0 })
        let texts = ["a ganglion", "", String(repeating: "what all cores work on ", count: 30)].map(
            model.tokenize)
        let found = try #require(await group.embed(texts, model: "tiny"))
        #expect(found.count == 3)
        #expect(found.allSatisfy { vector in vector.contains { $0 != 0 } && vector.allSatisfy(\.isFinite) })
        // Alone as in the batch.
        #expect(await group.embed([texts[1]], model: "tiny") == [found[1]])
        runtime.close()
        #expect(await group.embed(texts, model: "tiny") == nil)
        #expect(group.failure?.status == .closed)
    }

    @Test("a model server answers the same over the library as over the fake device")
    func server() async throws {
        let (directory, model) = try node(cores: 2)
        setenv("GANGLION_DEVICE_ROOT", directory.path, 1)
        setenv("NEURON_RT_VISIBLE_CORES", "0-1", 1)
        defer {
            unsetenv("GANGLION_DEVICE_ROOT")
            unsetenv("NEURON_RT_VISIBLE_CORES")
        }
        var answers: [JSON] = []
        for variables in [["GANGLION_NRT_LIBRARY": Self.library, "NEURON_RT_VISIBLE_CORES": "0-1"], [:]] {
            // The second time on other cores of the same chips: the first ones are free again, too.
            let choice = RuntimeSelection(root: directory.path) { variables[$0] }
            let runtime = try await choice.open(
                waiting: .zero, report: { _ in Issue.record("waited") }, pause: { _ in })
            #expect(runtime.version.hasPrefix(variables.isEmpty ? "fake" : "libnrt"))
            let server = InferenceServer(models: [try ModelSpecification(name: "tiny", uri: model.directory)])
            let first = runtime.visibleCores.lowerBound
            try await server.load(runtime.split([first..<first + 2]))
            let response = await server.handle(HTTPRequest("GET", "/predictions/tiny?inputs=a+ganglion"))
            #expect(response.status == 200)
            answers.append(try JSON(parsing: response.bytes)["embeddings"] ?? .null)
            let metrics = String(
                decoding: await server.handle(HTTPRequest("GET", "/metrics")).bytes, as: UTF8.self)
            #expect(metrics.contains("neuroncore_memory_usage_constants{neuroncore=\"1\""))
            runtime.close()
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0].array?.count == 1)
    }

    @Test("what cannot be opened says where it was looked for")
    func missing() {
        let error = #expect(throws: NRTError.self) {
            try LibNRT(library: "/nowhere/libnrt.so.1", selection: .all)
        }
        #expect(error?.status == .uninitialized)
        #expect(error?.problem.contains("/nowhere/libnrt.so.1") == true)
        // A library without the functions.
        let other = #expect(throws: NRTError.self) { try LibNRT(library: "libc.so.6", selection: .all) }
        #expect(other?.status == .unsupportedVersion)
        #expect(other?.problem == "it has no nrt_get_version")
    }

    @Test("cores that another process has are waited for or refused with the status of resources")
    func busy() throws {
        let (directory, _) = try node(cores: 1)
        setenv("GANGLION_DEVICE_ROOT", directory.path, 1)
        setenv("NEURON_RT_VISIBLE_CORES", "9", 1)
        defer {
            unsetenv("GANGLION_DEVICE_ROOT")
            unsetenv("NEURON_RT_VISIBLE_CORES")
        }
        let error = #expect(throws: NRTError.self) {
            try LibNRT(library: Self.library, selection: .cores(9..<10))
        }
        #expect(error?.status == .resource)
    }
}
