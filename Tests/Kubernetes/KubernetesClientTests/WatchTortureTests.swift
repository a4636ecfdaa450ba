// Everything that networks, proxies and servers do to a watch, hundreds of times in a row: in the end the copy equals the
// server's list, every time. `GANGLION_TORTURE_FAULTS=10000` asks for as many (`make watch-torture`).

import Glibc
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import KubernetesWire
import SystemIO
import TestSupport
import Testing

@testable import KubernetesClient

/// All of a pod, packed.
private enum AllOfPods: PackedForm {
    typealias Object = Pod
    static var fields: [String] { [] }
}

@Suite("A watch under torture", .timeLimit(.minutes(60)))
struct WatchTortureTests {
    /// Faults for each of the eight seeds.
    static let faults =
        getenv("GANGLION_TORTURE_FAULTS").flatMap { Int(String(cString: $0)) }.map { ($0 + 7) / 8 } ?? 60
    /// Faults for each informer: one that has learned that there is no WatchList does not ask for it again.
    static let faultsOfOne = 20

    @Test("ends with a copy that equals the server's list, whatever was done to it", arguments: 1...4)
    func typed(seed: Int) async throws { try await torture(Pod.self, seed) }

    @Test("and so does one of packed objects", arguments: 5...8)
    func packed(seed: Int) async throws { try await torture(Packed<AllOfPods>.self, seed) }

    private func torture<Object: APIObject>(_ type: Object.Type, _ seed: Int) async throws {
        let torture = TortureServer(seed: seed)
        let server = try await ScriptedServer { request, _ in await torture.answer(request) }
        for _ in 0..<(Self.faults + Self.faultsOfOne - 1) / Self.faultsOfOne {
            await torture.spoil(Self.faultsOfOne)
            try await follow(type, torture, server.client)
        }
        #expect(await torture.faultCount >= Self.faults)
        await torture.stop()
        await server.stop()
    }

    /// Follows until no fault is left and everything has been told.
    private func follow<Object: APIObject>(
        _ type: Object.Type, _ torture: TortureServer, _ client: KubernetesClient
    ) async throws {
        let quick = Backoff(base: .milliseconds(1), limit: .milliseconds(1))
        let informer = Informer<Object>(client, .pods, backoff: quick)
        let changes = informer.store.changes()
        await informer.start()
        // What a subscriber has been told adds up to the same.
        var told: [String: String] = [:]
        for await batch in changes {
            for change in batch {
                switch change {
                case .added(let object), .modified(_, let object):
                    told[object.objectKey.name] = object.objectVersion
                case .deleted(let object): told[object.objectKey.name] = nil
                }
            }
            if await torture.isExhausted, told == (await torture.truth) { break }
        }
        let copy = Dictionary(
            uniqueKeysWithValues: informer.store.list().map { ($0.objectKey.name, $0.objectVersion) })
        #expect(copy == (await torture.truth))
        await informer.stop()
    }
}
