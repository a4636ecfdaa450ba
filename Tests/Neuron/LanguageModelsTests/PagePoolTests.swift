import Testing

@testable import LanguageModels

@Suite("Pages of the key-value cache")
struct PagePoolTests {
    @Test("a beginning is found as far as its pages are full and equal")
    func beginnings() throws {
        var pool = PagePool(count: 4, pageTokens: 2)
        let first = try #require(pool.take())
        let second = try #require(pool.take())
        pool.fill(first, behind: nil, [1, 2])
        pool.fill(second, behind: first, [3, 4])
        #expect(pool.takeBeginning(of: [1, 2, 3, 4, 5], limit: 4) == [first, second])
        #expect(pool.takeBeginning(of: [1, 2, 3, 4], limit: 3) == [first])
        #expect(pool.takeBeginning(of: [1, 2, 4, 4], limit: 4) == [first])
        // The same tokens behind other ones are another content.
        #expect(pool.takeBeginning(of: [3, 4], limit: 2).isEmpty)
        #expect(pool.used == 2)
    }

    @Test("what nobody uses is found until its page is needed, the oldest first")
    func eviction() throws {
        var pool = PagePool(count: 2, pageTokens: 1)
        let first = try #require(pool.take())
        let second = try #require(pool.take())
        #expect(pool.take() == nil)
        pool.fill(first, behind: nil, [1])
        pool.fill(second, behind: nil, [2])
        pool.leave([first])
        pool.leave([second])
        #expect(pool.available == 2)
        #expect(pool.takeBeginning(of: [1], limit: 1) == [first])
        pool.leave([first])
        // The second was left before the first was asked for again.
        #expect(pool.take() == second)
        #expect(pool.takeBeginning(of: [2], limit: 1).isEmpty)
        #expect(pool.takeBeginning(of: [1], limit: 1) == [first])
    }
}
