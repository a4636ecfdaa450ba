// The programs that the tests of the local cluster start.

internal import SystemIO
internal import TestSupport

/// The `ganglion` program beside the tests: it holds the shim.
package let ganglionProgram: String? = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
    let directory = bundle.flatMap { path -> String? in
        guard let end = path.firstRange(of: ".xctest") else { return nil }
        let parts = path[..<end.lowerBound].split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast().joined(separator: "/")
    }
    return [directory, Repository.root + "/.build/debug"].compactMap { $0.map { $0 + "/ganglion" } }.first(
        where: Files.exists)
}()
