import FakeRuntime
import HTTP
import JSON
import Models
import SystemIO
import Testing

@testable import ModelServer

@Suite("Text work of the model server")
struct TextWorkTests {
    /// A server whose requests are not read before the gate is opened.
    private func held(_ node: FakeNode) async throws -> (server: InferenceServer, gate: Gate) {
        let textPool = ComputePool(threads: 1)
        let server = InferenceServer(
            models: [try ModelSpecification(name: "tiny", uri: node.path + "/model")], textPool: textPool)
        try await server.load([try NeuronDevices(root: node.path).claim(0..<1)])
        let gate = Gate()
        Task { await textPool.run { gate.wait() } }
        await gate.entered()
        return (server, gate)
    }

    // Immediate: a task that did not leave for the pool would have its answer before the next line.
    @Test(
        "is no work of the caller: whoever asks for /ping does not wait until a large request is read",
        arguments: [(#"{"inputs": "a core"}"#, 200), ("{", 400)])
    func reading(start: String, status: Int) async throws {
        let body = start + String(repeating: " ", count: InferenceServer.smallText)
        let node = try FakeNode(chips: 1)
        let (server, gate) = try await held(node)
        let order = Lock<[String]>([])
        let prediction = Task.immediate {
            let answer = await server.post("/predictions/tiny", body)
            order.withLock { $0.append("prediction \(answer.status)") }
        }
        let ping = await server.get("/ping")
        order.withLock { $0.append("ping \(ping.status)") }
        gate.open()
        await prediction.value
        #expect(order.withLock { $0 } == ["ping 200", "prediction \(status)"])
    }

    @Test("an answer is printed with what was computed, and numbers that are none as null")
    func printing() throws {
        let prediction = Dispatcher.Prediction(
            embeddings: [[0.5, -1e-7], [.nan]], tokens: [4, 3], queued: .milliseconds(1),
            computed: .microseconds(2500), batch: 2, core: 3)
        let expected =
            #":[[0.5,-1e-07],[null]],"model":"a \"b\"","tokens":[4,3],"batch":2,"core":3,"timings":{"queue_ms":1.0,"compute_ms":2.5}}"#
        for (usesInstances, name) in [(false, "embeddings"), (true, "predictions")] {
            let body = prediction.body(model: #"a "b""#, usesInstances: usesInstances)
            #expect(String(decoding: body, as: UTF8.self) == "{\"\(name)\"\(expected)\n")
        }
    }
}
