// Where the checkout and what stands beside it are: computed here alone, so that a file can move.

internal import Glibc

/// The checkout that the tests were built from.
package enum Repository {
    /// Its root folder.
    package static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Recordings of other people's programs that are not part of the repository: `GANGLION_SHARED`, else beside it.
    package static let shared =
        getenv("GANGLION_SHARED").map { String(cString: $0) } ?? root + "/../shared"
}
