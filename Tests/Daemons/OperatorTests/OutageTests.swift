// The operator where there is little to work with: it says what is missing, waits and goes on by itself.

import HTTP
import JSON
import KubernetesClient
import LocalAPIServer
import Observability
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Operator without a whole cluster", .timeLimit(.minutes(5)))
struct OutageTests {
    /// A log whose lines a test can wait for.
    private func record() -> (log: Logger, lines: AsyncStream<String>) {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        return (Logger { continuation.yield(String(decoding: $0, as: UTF8.self)) }, lines)
    }

    @Test("without the definitions it says which is missing, and works as soon as they are there")
    func definitions() async throws {
        let cluster = try await LiveCluster.start(nodes: [:], definitions: false)
        let (log, lines) = record()
        let worker = Operator(cluster.client, log: log)
        #expect(worker.problem == "the cluster has not been read yet")
        let starting = Task { await worker.start() }
        for await line in lines where line.contains("cannot follow resource=modelservers") { break }
        #expect(
            worker.problem?.hasPrefix(
                "cannot follow modelservers: the cluster does not know modelservers.ganglion.dev: install that CustomResourceDefinition, it is followed as soon as it is there"
            ) == true)
        try await cluster.define()
        await starting.value
        #expect(worker.problem == nil)
        try await cluster.addNode("a", type: "inf2.48xlarge")
        try await cluster.create("m", spec: Make.spec())
        await cluster.boundPods(1)
        await worker.stop()
        await cluster.stop()
    }

    @Test("where nobody listens it says so, stays alive and ends when it is told to")
    func nowhere() async throws {
        let address = try SocketAddress(parsing: "127.0.0.1:1")
        let client = KubernetesClient(
            configuration: ClientConfiguration(server: try ServerAddress("http://\(address)")),
            address: address, security: nil)
        let (log, lines) = record()
        var iterator = lines.makeAsyncIterator()
        var told: [String] = []
        let worker = Operator(client, log: log)
        let starting = Task { await worker.start() }
        while let line = await iterator.next() {
            told.append(line)
            if line.contains("cannot follow resource=modelservers") { break }
        }
        let fault = "the API server cannot be reached: cannot connect to 127.0.0.1:1: Connection refused"
        #expect(worker.problem?.hasPrefix("cannot follow modelservers: " + fault) == true)
        #expect(worker.checks.first { $0.name == "copy of modelservers" }?.problem?.hasPrefix(fault) == true)
        #expect(worker.checks.allSatisfy { $0.problem != nil })
        await worker.stop()
        await starting.value
        #expect(!worker.isSynced)
        // What was never read has no numbers to be told.
        log.info("the end")
        while let line = await iterator.next(), !line.contains("the end") { told.append(line) }
        #expect(!told.contains { $0.contains("operating") })
    }
}
