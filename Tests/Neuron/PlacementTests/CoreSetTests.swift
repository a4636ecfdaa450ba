import Placement
import Testing

@Suite("A set of cores")
struct CoreSetTests {
    @Test("holds what was put in, ascending, at the ends of its words too")
    func holds() {
        let set = CoreSet([511, 64, 0, 63, 64, 128])
        #expect(Array(set) == [0, 63, 64, 128, 511])
        #expect(set.count == 5)
        #expect(set.first == 0)
        #expect(set.last == 511)
        #expect(set.contains(63))
        #expect(!set.contains(62))
    }

    @Test("leaves out numbers that are no core", arguments: [-1, 512, Int.max, Int.min])
    func foreign(id: Int) {
        var set = CoreSet([1])
        #expect(set.insert(id) == false)
        set.remove(id)
        #expect(set.contains(id) == false)
        #expect(Array(set) == [1])
    }

    @Test("does set algebra")
    func algebra() {
        let a: CoreSet = [0, 1, 2, 300]
        let b: CoreSet = [2, 3, 300]
        #expect(a.union(b) == [0, 1, 2, 3, 300])
        #expect(a.intersection(b) == [2, 300])
        #expect(a.subtracting(b) == [0, 1])
        #expect(CoreSet([2]).isSubset(of: a))
        #expect(!b.isSubset(of: a))
        #expect(a.isDisjoint(with: [5]))
        #expect(CoreSet().isEmpty)
        #expect(CoreSet().first == nil)
        #expect(CoreSet().last == nil)
    }

    @Test(
        "is written in runs and read back",
        arguments: [
            ("", [], []), ("3", [3], [3..<4]), ("0-3,8", [0, 1, 2, 3, 8], [0..<4, 8..<9]),
            ("4-5,510-511", [4, 5, 510, 511], [4..<6, 510..<512]),
        ] as [(String, CoreSet, [Range<Int>])])
    func text(text: String, set: CoreSet, runs: [Range<Int>]) throws {
        #expect(set.description == text)
        #expect(set.runs() == runs)
        #expect(try CoreSet(parsing: text) == set)
    }

    @Test("is read from the forms that people write", arguments: ["4,5,6,7", "4-7", "4, 5 ,6-7", "4-5,6,7"])
    func forms(text: String) throws {
        #expect(try CoreSet(parsing: text) == [4, 5, 6, 7])
    }

    @Test(
        "refuses what is no list of cores",
        arguments: [
            ("a", .notANumber("a")), ("1,,2", .notANumber("")), ("1,-2", .notANumber("-2")),
            ("+1", .notANumber("+1")), ("1-", .notANumber("1-")), ("1-2-3", .notANumber("1-2-3")),
            ("512", .tooLarge("512")), ("0-512", .tooLarge("0-512")),
            ("99999999999999999999", .notANumber("99999999999999999999")),
            ("2,1", .notIncreasing("1")), ("1,1", .notIncreasing("1")), ("7-4", .notIncreasing("7-4")),
            ("0-3,2", .notIncreasing("2")),
        ] as [(String, CoreListError)])
    func refuses(text: String, error: CoreListError) {
        #expect(throws: error) { try CoreSet(parsing: text) }
    }

    @Test("says what is wrong with a list in one sentence")
    func sentences() {
        #expect(
            CoreListError.notANumber("x").description
                == "core list has 'x', which is no core number: write cores as in 4,5,6,7 or 4-7")
        #expect(
            CoreListError.tooLarge("900").description
                == "core list has '900', the highest core number is 511")
        #expect(
            CoreListError.notIncreasing("7-4").description
                == "core list has '7-4' out of order: core numbers must increase, as in 4,5,6,7")
    }
}
