// The health service as its clients see it.

import GRPC
import GRPCServices
import Protobuf
import SystemIO
import TestSupport
import Testing

/// Runs `body` with a server of `health` and a client.
private func withHealth(
    _ health: HealthService, _ body: (GRPCClient) async throws -> Void
) async throws {
    var router = GRPCRouter()
    health.register(in: &router)
    let server = GRPCServer(router: router)
    let client = try await GRPCClient.connect(to: try await server.listen(on: .unix(Scratch.socket())))
    do {
        try await body(client)
    } catch {
        await client.close()
        await server.shutdown(grace: .zero)
        throw error
    }
    await client.close()
    await server.shutdown(grace: .zero)
}

private func check(_ client: GRPCClient, _ service: String = "") async throws -> ServingStatus {
    let response: HealthCheckResponse = try await client.unary(
        HealthService.checkPath, HealthCheckRequest(service: service))
    return response.status
}

private func expect(_ client: GRPCClient, _ service: String, _ status: ServingStatus) async throws {
    let now = try await check(client, service)
    #expect(now == status)
}

@Suite("Health checking", .timeLimit(.minutes(10)))
struct HealthServiceTests {
    @Test("tells the status of the server and of its services")
    func checks() async throws {
        let health = HealthService(["": .serving, "a.B": .notServing])
        try await withHealth(health) { client in
            try await expect(client, "", .serving)
            try await expect(client, "a.B", .notServing)
            health.set(.serving, for: "a.B")
            try await expect(client, "a.B", .serving)
        }
    }

    @Test("does not find a service that it does not know")
    func unknown() async throws {
        try await withHealth(HealthService()) { client in
            await #expect(throws: GRPCStatus(.notFound, "unknown service \"a.B\"")) {
                try await check(client, "a.B")
            }
        }
    }

    @Test("lists the services that it knows")
    func lists() async throws {
        let health = HealthService(["": .serving, "a.B": .notServing])
        try await withHealth(health) { client in
            let list: HealthListResponse = try await client.unary(
                HealthService.listPath, HealthListRequest())
            #expect(list.statuses.mapValues(\.status) == ["": .serving, "a.B": .notServing])
        }
    }

    @Test("lists a hundred services and no more")
    func longList() async throws {
        let health = HealthService()
        for number in 1..<100 { health.set(.serving, for: "\(number)") }
        try await withHealth(health) { client in
            let list: HealthListResponse = try await client.unary(
                HealthService.listPath, HealthListRequest())
            #expect(list.statuses.count == 100)
            health.set(.serving, for: "one more")
            let tooMany = GRPCStatus(
                .resourceExhausted, "there are 101 services, and a list has at most 100: use Check")
            await #expect(throws: tooMany) {
                let _: HealthListResponse = try await client.unary(
                    HealthService.listPath, HealthListRequest())
            }
        }
    }

    @Test("writes a list in order of the names, each entry with its status")
    func listOctets() throws {
        let list = HealthListResponse(
            statuses: ["b": .init(status: .notServing), "a": .init(status: .serving)])
        let octets: [UInt8] = [
            0x0a, 7, 0x0a, 1, 0x61, 0x12, 2, 8, 1, 0x0a, 7, 0x0a, 1, 0x62, 0x12, 2, 8, 2,
        ]
        #expect(list.serialized() == octets)
        #expect(try HealthListResponse(serialized: octets) == list)
        // An entry without a value, and two of one name.
        #expect(
            try HealthListResponse(serialized: [0x0a, 3, 0x0a, 1, 0x61]).statuses == [
                "a": .init(status: .unknown)
            ]
        )
        #expect(
            try HealthListResponse(serialized: octets + [0x0a, 3, 0x0a, 1, 0x61]).statuses
                == ["a": .init(status: .unknown), "b": .init(status: .notServing)])
    }

    @Test("tells whoever watches of each change")
    func watches() async throws {
        let health = HealthService()
        try await withHealth(health) { client in
            let stream = try await client.serverStreaming(
                HealthService.watchPath, HealthCheckRequest(service: "a.B"), of: HealthCheckResponse.self)
            var statuses = stream.makeAsyncIterator()
            #expect(try await statuses.next() == HealthCheckResponse(status: .serviceUnknown))
            health.set(.serving, for: "other")
            health.set(.serving, for: "a.B")
            #expect(try await statuses.next() == HealthCheckResponse(status: .serving))
            health.set(.serving, for: "a.B")
            health.set(.notServing, for: "a.B")
            #expect(try await statuses.next() == HealthCheckResponse(status: .notServing))
        }
    }

    @Test("serves nothing after its shutdown")
    func shutdown() async throws {
        let health = HealthService(["": .serving, "a.B": .serving])
        try await withHealth(health) { client in
            let stream = try await client.serverStreaming(
                HealthService.watchPath, HealthCheckRequest(), of: HealthCheckResponse.self)
            var statuses = stream.makeAsyncIterator()
            #expect(try await statuses.next() == HealthCheckResponse(status: .serving))
            health.shutDown()
            #expect(try await statuses.next() == HealthCheckResponse(status: .notServing))
            health.set(.serving)
            try await expect(client, "", .notServing)
            try await expect(client, "a.B", .notServing)
        }
    }

    @Test("a watch ends with the last word before a server waits for its calls to end, and a new one at once")
    func watchesEnd() async throws {
        let health = HealthService()
        try await withHealth(health) { client in
            let stream = try await client.serverStreaming(
                HealthService.watchPath, HealthCheckRequest(), of: HealthCheckResponse.self)
            var statuses = stream.makeAsyncIterator()
            #expect(try await statuses.next() == HealthCheckResponse(status: .serving))
            health.set(.notServing)
            health.endWatches()
            #expect(try await statuses.next() == HealthCheckResponse(status: .notServing))
            let end = GRPCStatus(.unavailable, "the server is shutting down")
            await #expect(throws: end) { _ = try await statuses.next() }
            let late = try await client.serverStreaming(
                HealthService.watchPath, HealthCheckRequest(), of: HealthCheckResponse.self)
            var words = late.makeAsyncIterator()
            #expect(try await words.next() == HealthCheckResponse(status: .notServing))
            await #expect(throws: end) { _ = try await words.next() }
        }
    }

    @Test("forgets who has gone")
    func forgets() async throws {
        let health = HealthService()
        try await withHealth(health) { client in
            let stream = try await client.serverStreaming(
                HealthService.watchPath, HealthCheckRequest(), of: HealthCheckResponse.self)
            var statuses = stream.makeAsyncIterator()
            #expect(try await statuses.next() == HealthCheckResponse(status: .serving))
            #expect(health.watcherCount == 1)
            stream.cancel()
            await #expect(throws: GRPCStatus(.cancelled, "the call was cancelled")) {
                _ = try await statuses.next()
            }
            // The reset has arrived before the answer to a later call; the handler may need a few turns more.
            while health.watcherCount > 0 { _ = try await check(client) }
            #expect(health.watcherCount == 0)
        }
    }

    @Test(
        "writes messages with the numbers of health.proto",
        arguments: zip(ServingStatus.allCases, [[], [0x08, 1], [0x08, 2], [0x08, 3]] as [[UInt8]]))
    func octets(status: ServingStatus, octets: [UInt8]) throws {
        #expect(HealthCheckResponse(status: status).serialized() == octets)
        #expect(try HealthCheckResponse(serialized: octets).status == status)
    }

    @Test("takes a status without a name for unknown")
    func nameless() throws {
        #expect(try HealthCheckResponse(serialized: [0x08, 9]).status == .unknown)
        #expect(HealthCheckRequest(service: "a").serialized() == [0x0a, 1, 0x61])
        #expect(try HealthCheckRequest(serialized: [0x0a, 1, 0x61]).service == "a")
    }
}
