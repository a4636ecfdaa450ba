// A cache as several pods of a node see it: each `ModelCache` here stands for a process of its own, for flock(2) tells open
// files apart, not processes.

import SystemIO
import TestSupport
import Testing

@testable import ModelSources

@Suite("The node's model cache", .timeLimit(.minutes(2)))
struct CacheTests {
    private let directory: TemporaryDirectory
    private let made = Lock<[String]>([])

    init() throws { directory = try TemporaryDirectory() }

    private func cache(limit: Int = 100) throws -> ModelCache {
        try ModelCache(path: directory.path + "/cache", limit: limit) { _ in await Task.yield() }
    }

    private func lease(_ cache: ModelCache, _ key: String, size: Int = 40) async throws -> ModelCache.Lease {
        let made = made
        return try await cache.lease(key, size: size, uri: key) { folder throws(ModelSourceError) in
            made.withLock { $0.append(key) }
            do throws(SystemError) {
                try Files.write(folder + "/f", [UInt8](repeating: 1, count: size))
            } catch {
                throw ModelSourceError(key, error)
            }
        }
    }

    private func models() throws -> [String] { try Files.list(directory.path + "/cache/models") }

    @Test("a model is made once, for all pods")
    func shared() async throws {
        let one = try await lease(try cache(), "a")
        let other = try await lease(try cache(), "a")
        #expect(one.path == other.path)
        #expect(made.withLock { $0 } == ["a"])
    }

    @Test("what was used longest ago goes; what is in use stays")
    func eviction() async throws {
        let cache = try cache()
        let a = try await lease(cache, "a")
        try await lease(cache, "b").release()
        // "a" was used first, but it is in use.
        let c = try await lease(try self.cache(), "c")
        #expect(try models() == ["a", "c"])
        // Nothing can go: the sentence says so.
        let error = await #expect(throws: ModelSourceError.self) { try await lease(cache, "d") }
        #expect(error?.kind == .space)
        #expect(error?.description.contains("of the model cache's 100 others use 80") == true)
        a.release()
        let d = try await lease(cache, "d")
        #expect(try models() == ["c", "d"])
        #expect(Files.exists(c.path) && Files.exists(d.path))
    }

    @Test("last use counts, not the first")
    func order() async throws {
        let cache = try cache()
        try await lease(cache, "a").release()
        try await lease(cache, "b").release()
        try await lease(cache, "a").release()
        let c = try await lease(cache, "c")
        #expect(try models() == ["a", "c"])
        c.release()
        #expect(made.withLock { $0 } == ["a", "b", "c"])
    }

    @Test("two that want the same at once make it once; the second is told that it waits")
    func race() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (waits, wait) = AsyncStream.makeStream(of: Void.self)
        let first = try cache()
        let second = try cache()
        let made = made
        async let one = first.lease("a", size: 1, uri: "a") { folder throws(ModelSourceError) in
            made.withLock { $0.append("a") }
            open.yield()
            for await _ in waits { break }
        }
        for await _ in gate { break }
        let other = try await second.lease("a", size: 1, uri: "a", wait: { wait.yield() }) {
            _ throws(ModelSourceError) in made.withLock { $0.append("second") }
        }
        #expect(try await one.path == other.path)
        #expect(made.withLock { $0 } == ["a"])
    }

    @Test(
        "a process that ends in the midst leaves nothing that counts as a model, and its part is gone on with"
    )
    func partial() async throws {
        let cache = try cache()
        let failure = ModelSourceError("a", .unreachable, "it broke off")
        await #expect(throws: failure) {
            try await cache.lease("a", size: 40, uri: "a") { folder throws(ModelSourceError) in
                try? Files.write(folder + "/part", [1])
                throw failure
            }
        }
        #expect(try models().isEmpty)
        let seen = Lock<[UInt8]>([])
        let again = try await self.cache().lease("a", size: 40, uri: "a") { folder throws(ModelSourceError) in
            seen.withLock { $0 = (try? Files.read(folder + "/part")) ?? [] }
        }
        #expect(seen.withLock { $0 } == [1])
        #expect(try Files.list(again.path) == ["part"])
    }

    @Test("what is left of before the machine's last start is removed, and what was being removed, too")
    func lost() async throws {
        let cache = try cache()
        let root = directory.path + "/cache/partial"
        for name in ["x.otherboot", "y.gone"] {
            try Files.makeDirectory("\(root)/\(name)")
            try Files.write("\(root)/\(name)/f", [UInt8](repeating: 0, count: 90))
        }
        let a = try await lease(cache, "a", size: 90)
        #expect(try Files.list(root).isEmpty)
        #expect(try models() == ["a"])
        a.release()
    }

    @Test("a part that nobody makes counts and can go")
    func abandoned() async throws {
        let cache = try cache()
        _ = try? await cache.lease("a", size: 90, uri: "a") { folder throws(ModelSourceError) in
            throw ModelSourceError("a", .unreachable, "it broke off")
        }
        #expect(try cache.entries().map(\.size) == [90])
        _ = try await lease(cache, "b", size: 50)
        #expect(try cache.entries().map(\.key) == ["b"])
    }

    @Test("a full disk takes away what nobody uses, and goes on")
    func fullDisk() async throws {
        let cache = try cache(limit: 1_000)
        try await lease(cache, "old").release()
        let tries = Lock(0)
        let new = try await cache.lease("new", size: 10, uri: "new") { folder throws(ModelSourceError) in
            let count = tries.withLock { count in
                count += 1
                return count
            }
            if count == 1 {
                throw ModelSourceError("new", SystemError("write", folder, code: 28))
            }
        }
        #expect(try models() == ["new"])
        #expect(tries.withLock { $0 } == 2)
        new.release()
        let failure = ModelSourceError("more", SystemError("write", "f", code: 28))
        #expect(failure.kind == .space)
        let held = try await lease(cache, "new")
        await #expect(throws: failure) {
            try await cache.lease("more", size: 10, uri: "more") { _ throws(ModelSourceError) in throw failure
            }
        }
        held.release()
    }

    @Test("what is larger when it is unpacked than there is room for does not stay")
    func largerThanSaid() async throws {
        let cache = try cache()
        let held = try await lease(cache, "a")
        let error = await #expect(throws: ModelSourceError.self) {
            try await cache.lease("b", size: 10, uri: "b") { folder throws(ModelSourceError) in
                try? Files.write(folder + "/f", [UInt8](repeating: 1, count: 70))
            }
        }
        #expect(error?.kind == .space)
        #expect(try models() == ["a"])
        held.release()
    }

    @Test("any number of pods at once, with room for few, come through")
    func crowd() async throws {
        let path = directory.path + "/cache"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pod in 0..<8 {
                group.addTask {
                    let cache = try ModelCache(path: path, limit: 400) { _ in await Task.yield() }
                    var generator = SeededGenerator(seed: pod)
                    for _ in 0..<20 {
                        let key = "m\(generator.number(0..<12))"
                        let lease = try await cache.lease(key, size: 40, uri: key) {
                            folder throws(ModelSourceError) in
                            try? Files.write(folder + "/f", Array(key.utf8))
                        }
                        #expect(try Files.read(lease.path + "/f") == Array(key.utf8))
                        lease.release()
                    }
                }
            }
            try await group.waitForAll()
        }
        let entries = try cache().entries()
        #expect(entries.count <= 12)
    }
}
