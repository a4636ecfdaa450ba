import FakeChip
import Glibc
import HTTP
import JSON
import Models
import SystemIO
import Testing

@testable import ModelServer

@Suite("Cores that fail under a server")
struct RuntimeFaultTests {
    /// Lets the next execution on a core fail, as `ganglion fake fault` does.
    private func request(_ fault: ExecutionFault, _ node: FakeNode, core: Int) throws {
        let descriptor = open(node.path + "/neuron0", O_WRONLY)
        defer { close(descriptor) }
        let entry = FakeChipFile.entry(of: fault)
        let offset = off_t(FakeChipFile.faultOffset(ofCore: core))
        try #require(pwrite(descriptor, entry, entry.count, offset) == entry.count)
    }

    @Test("a fault is the request's answer, is counted, and does not stay")
    func once() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<2, degree: 2)
        try request(.memoryError, node, core: 1)
        let failed = await server.get("/predictions/tiny?inputs=a")
        #expect(failed.status == 500)
        let message = failed.json["message"]?.string ?? ""
        #expect(
            message.contains("(NRT_EXEC_HW_ERR_HBM_UE 1201)") && message.hasSuffix(": replace the instance"))
        #expect((await server.get("/predictions/tiny?inputs=a")).status == 200)
        _ = await server.get("/predictions/other?inputs=a")
        let metrics = (await server.get("/metrics")).text
        #expect(metrics.contains("execution_errors_total{error_type=\"hardware\"} 1"))
        // Warm-ups of both, then tiny, then other.
        #expect(metrics.contains("ganglion_model_server_context_switches_total 3"))
        #expect(server.phase == .ready)
    }

    @Test(
        "a group whose core hangs until a reset gets no more work; without any other the server ends with why"
    )
    func broken() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<2)
        try request(.coreReset, node, core: 0)
        try request(.coreReset, node, core: 1)
        for _ in 0..<2 { #expect((await server.get("/predictions/tiny?inputs=a")).status == 500) }
        var sentences = server.breakdowns.makeAsyncIterator()
        let sentence = try #require(await sentences.next())
        #expect(sentence.contains("(NRT_EXEC_UNIT_UNRECOVERABLE 101)"))
        #expect(server.phase == .failed(sentence))
        #expect((await server.get("/ping")).status == 503)
        #expect(await server.dispatcher.idleGroups == 0)
    }
}
