// The pages of the key-value cache: who has them, and which of them hold a beginning that another sequence may have, too.
// A page is full when it may be shared, and is then never written again. Which tokens it holds, and behind which page,
// is compared and not only hashed, so two beginnings are never mistaken for each other.

/// Pages by number.
struct PagePool: Sendable {
    /// What a full page holds: its tokens, behind those of another.
    private struct Content: Hashable {
        /// The content's number of the page before; 0 for the first page.
        let previous: Int
        let tokens: [Int32]
    }

    private struct Page {
        var users = 0
        var content: Content?
        /// Which content it is, for the page behind it; never used twice.
        var number = 0
        /// When it was left by its last user.
        var left = 0
    }

    /// Tokens of a page.
    let pageTokens: Int
    private var pages: [Page]
    private var free: [Int]
    private var known: [Content: Int] = [:]
    private var numbers = 0
    private var clock = 0

    init(count: Int, pageTokens: Int) {
        self.pageTokens = pageTokens
        pages = [Page](repeating: Page(), count: count)
        free = Array((0..<count).reversed())
    }

    /// All of them.
    var count: Int { pages.count }
    /// Those that nobody uses.
    var available: Int { pages.count { $0.users == 0 } }
    /// Those that somebody uses.
    var used: Int { count - available }

    /// A page for new tokens: an empty one, or else the one whose content nobody has asked for the longest.
    mutating func take() -> Int? {
        if let page = free.popLast() {
            pages[page].users = 1
            return page
        }
        let oldest = pages.indices.filter { pages[$0].users == 0 }.min { pages[$0].left < pages[$1].left }
        guard let page = oldest else { return nil }
        forget(page)
        pages[page].users = 1
        return page
    }

    private mutating func forget(_ page: Int) {
        if let content = pages[page].content { known[content] = nil }
        pages[page].content = nil
        pages[page].number = 0
    }

    /// The pages that hold the beginning of some tokens, as far as there are any; the caller uses them from now on.
    ///
    /// - Parameter limit: tokens that they may hold at most.
    mutating func takeBeginning(of tokens: [Int32], limit: Int) -> [Int] {
        var taken: [Int] = []
        var previous = 0
        var start = 0
        while start + pageTokens <= limit {
            let content = Content(previous: previous, tokens: Array(tokens[start..<start + pageTokens]))
            guard let page = known[content] else { break }
            pages[page].users += 1
            taken.append(page)
            previous = pages[page].number
            start += pageTokens
        }
        return taken
    }

    /// Tells that a page is full.
    ///
    /// - Parameters:
    ///   - previous: the page before it; nil for the first one.
    ///   - tokens: `pageTokens` of them.
    mutating func fill(_ page: Int, behind previous: Int?, _ tokens: [Int32]) {
        // Behind what nobody can find, nobody looks.
        let number = previous.map { pages[$0].number } ?? 0
        guard pages[page].content == nil, previous == nil || number != 0 else { return }
        let content = Content(previous: number, tokens: tokens)
        guard known[content] == nil else { return }
        known[content] = page
        numbers += 1
        pages[page].content = content
        pages[page].number = numbers
    }

    /// One user of each of these pages is gone.
    mutating func leave(_ own: [Int]) {
        clock += 1
        // The last page is left first: without those before it nobody finds it.
        for page in own.reversed() {
            pages[page].users -= 1
            guard pages[page].users == 0 else { continue }
            pages[page].left = clock
            clock += 1
            if pages[page].content == nil { free.append(page) }
        }
    }
}
