import Testing

@testable import LanguageModels

@Suite("Pages of the key-value cache")
struct PagePoolTests {
    private func expect(
        _ pool: inout PagePool, _ tokens: [Int32], limit: Int, _ pages: [Int],
        at location: SourceLocation = #_sourceLocation
    ) {
        let found = pool.takeBeginning(of: tokens, limit: limit)
        #expect(found == pages, sourceLocation: location)
    }

    @Test("a beginning is found as far as its pages are full and equal")
    func beginnings() throws {
        var pool = PagePool(count: 4, pageTokens: 2)
        let (one, other) = (pool.take(), pool.take())
        let (first, second) = (try #require(one), try #require(other))
        pool.fill(first, behind: nil, [1, 2])
        pool.fill(second, behind: first, [3, 4])
        expect(&pool, [1, 2, 3, 4, 5], limit: 4, [first, second])
        expect(&pool, [1, 2, 3, 4], limit: 3, [first])
        expect(&pool, [1, 2, 4, 4], limit: 4, [first])
        // The same tokens behind other ones are another content.
        expect(&pool, [3, 4], limit: 2, [])
        #expect(pool.used == 2)
    }

    @Test("what nobody uses is found until its page is needed, the oldest first")
    func eviction() throws {
        var pool = PagePool(count: 2, pageTokens: 1)
        let (one, other) = (pool.take(), pool.take())
        let (first, second) = (try #require(one), try #require(other))
        let none = pool.take()
        #expect(none == nil)
        pool.fill(first, behind: nil, [1])
        pool.fill(second, behind: nil, [2])
        pool.leave([first])
        pool.leave([second])
        #expect(pool.available == 2)
        expect(&pool, [1], limit: 1, [first])
        pool.leave([first])
        // The second was left before the first was asked for again.
        let next = pool.take()
        #expect(next == second)
        expect(&pool, [2], limit: 1, [])
        expect(&pool, [1], limit: 1, [first])
    }
}
