// What a request costs in things that do not depend on the machine's mood: allocations, and instructions when this runs
// under valgrind. `scripts/check-wire-cost` compares both with the committed thresholds.
//
// usage: wire-cost allocations     allocations of each operation, as JSON
//        wire-cost idle COUNT      octets of heap that an idle connection holds
//        wire-cost run NAME COUNT  an operation again and again
//        wire-cost names           the operations

internal import CAllocationCounter

/// The program. Its main thread never waits in Swift concurrency: valgrind 3.19 does not bear that.
@main
struct WireCost {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first, arguments.last.flatMap { Int($0) }) {
        case ("allocations", _, _):
            let lines = try Operation.allCases.map { "  \"\($0)\": \(try allocations($0))" }
            print("{\n\(lines.joined(separator: ",\n"))\n}")
        case ("names", _, _): for operation in Operation.allCases { print(operation) }
        case ("idle", _, let count?): print(try IdleConnections.octetsHeld(count))
        case ("run", let name?, let count?):
            guard let operation = Operation(rawValue: name) else {
                throw Failure("no operation is called \(name)")
            }
            try operation.prepare()(count)
        default: throw Failure("usage: wire-cost allocations | idle COUNT | run NAME COUNT | names")
        }
    }

    /// Allocations of one operation, in the steady state.
    private static func allocations(_ operation: Operation) throws -> Double {
        let run = try operation.prepare()
        try run(2000)
        let before = allocation_count()
        try run(10_000)
        return (Double(allocation_count() - before) / 1000).rounded() / 10
    }
}

/// Why the program ends early.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
