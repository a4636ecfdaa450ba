import FakeRuntime
import HTTP
import JSON
import Models
import SystemIO
import Testing

@testable import ModelServer

@Suite("Copies of a model")
struct CopiesTests {
    @Test(
        "each model is on as many groups as it has copies, evenly spread, and answered there",
        arguments: [1, 3])
    func copies(count: Int) async throws {
        let node = try FakeNode(chips: 2)
        let server = InferenceServer(
            models: try (0..<6).map { try ModelSpecification(name: "m\($0)", uri: node.path + "/model") },
            copies: count)
        let devices = try NeuronDevices(root: node.path)
        try await server.load(try (0..<4).map { try devices.claim($0..<$0 + 1) })
        let places = server.models.map { $0.state.withLock { $0.groups } }
        #expect(places.allSatisfy { $0.count == count })
        let loads = (0..<4).map { group in places.count { $0.contains(group) } }
        #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 1)
        for (number, groups) in places.enumerated() {
            let reply = await server.get("/predictions/m\(number)?inputs=a")
            #expect(reply.status == 200 && groups.contains(reply.json["core"]?.int ?? -1))
        }
    }

    @Test("more copies than groups are as many as there are groups")
    func more() async throws {
        let node = try FakeNode(chips: 1)
        let server = InferenceServer(
            models: [try ModelSpecification(name: "m", uri: node.path + "/model")], copies: 9)
        let devices = try NeuronDevices(root: node.path)
        try await server.load(try (0..<2).map { try devices.claim($0..<$0 + 1) })
        #expect(server.models[0].state.withLock { $0.groups } == [0, 1] && server.phase == .ready)
    }
}
