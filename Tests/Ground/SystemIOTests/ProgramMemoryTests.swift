import Testing

@testable import SystemIO

@Suite("Memory of the program")
struct ProgramMemoryTests {
    /// The program's code as /proc/self/smaps tells: where it is, and how much of it is resident, in KiB.
    private func code() throws -> (range: Range<UInt>, resident: Int) {
        let lines = try Files.readText("/proc/self/smaps").split(separator: "\n")
        let program = try Files.readLink("/proc/self/exe")
        let start = try #require(lines.firstIndex { $0.contains(" r-xp ") && $0.hasSuffix(program) })
        let ends = lines[start].prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
        try #require(ends.count == 2)
        let resident = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
        return (ends[0]..<ends[1], try #require(Int(resident.split(separator: " ")[1])))
    }

    @Test("code that is not run again no longer counts, and what is run goes on")
    func trim() throws {
        let range = try code().range
        var sum = 0
        for address in stride(from: range.lowerBound, to: range.upperBound, by: 4096) {
            sum &+= Int(try #require(UnsafeRawPointer(bitPattern: address)).load(as: UInt8.self))
        }
        let before = try code().resident
        #expect(sum > 0 && before == range.count / 1024)
        #expect(ProgramMemory.trim() >= range.count)
        #expect(try code().resident < before)
    }
}
