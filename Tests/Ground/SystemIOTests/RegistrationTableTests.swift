import Testing

@testable import SystemIO

@Suite("Handlers by identifier")
struct RegistrationTableTests {
    @Test("an event whose watch has ended reaches nobody, though the place is used again")
    func reuse() {
        var table = RegistrationTable()
        let first = table.add { _ in }
        #expect(first != 0)
        #expect(table[first] != nil)
        let removals = [table.remove(first), table.remove(first)]
        #expect(removals == [true, false])
        let second = table.add { _ in }
        #expect(second != first)
        #expect(second & 0xffff_ffff == first & 0xffff_ffff)
        #expect(table[first] == nil)
        #expect(table[second] != nil)
    }

    @Test("unknown identifiers reach nobody", arguments: [0, 1, 1 << 32, UInt64.max])
    func unknown(identifier: UInt64) {
        let table = RegistrationTable()
        #expect(table[identifier] == nil)
    }

    @Test("each handler is found by its own identifier")
    func many() {
        var table = RegistrationTable()
        let calls = Lock([Int]())
        let identifiers = (0..<50).map { number in table.add { _ in calls.withLock { $0.append(number) } } }
        #expect(Set(identifiers).count == 50)
        for identifier in identifiers.reversed() { table[identifier]?.run([]) }
        #expect(calls.withLock { $0 } == Array((0..<50).reversed()))
    }
}
