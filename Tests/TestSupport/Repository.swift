// Where the checkout is: computed here alone, so that a file can move.

/// The checkout that the tests were built from.
package enum Repository {
    /// Its root folder.
    package static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
}
