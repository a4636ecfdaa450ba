import HTTP
import JSON
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("Other people's load generators, unchanged", .timeLimit(.minutes(5)))
struct LoadGeneratorTests {
    @Test("mlcommons-loadgen finds SingleStream and Server valid")
    func mlperf() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<2)
        let http = HTTPServer { await server.handle($0) }
        let address = try await http.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        let peer = try PythonPeer(
            "mlperf_client.py", ["http://" + address.description, "tiny"], python: Python.servingPath)
        let lines = try await peer.lines().map { try JSON(parsing: Array($0.utf8)) }
        #expect(await peer.finish() == .exited(0))
        await http.shutdown(grace: .zero)
        #expect(lines.map { $0["scenario"]?.string } == ["SingleStream", "Server"])
        #expect(lines.allSatisfy { $0["result"]?.string == "VALID" && $0["failures"]?.int == 0 })
    }
}
