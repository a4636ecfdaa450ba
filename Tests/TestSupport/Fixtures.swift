// Data that tests rest on and that is not made by them: recordings of other people's programs, public vectors, what other
// implementations have computed. Tests/Fixtures/README.md says where each comes from.

package import SystemIO

/// The files of Tests/Fixtures.
package enum Fixtures {
    /// The folder.
    package static let root = Repository.root + "/Tests/Fixtures"

    /// The path of a file or folder.
    ///
    /// - Parameter name: below Tests/Fixtures.
    package static func path(_ name: String) -> String { "\(root)/\(name)" }

    /// The octets of a file.
    package static func octets(_ name: String) throws(SystemError) -> [UInt8] {
        try Files.read(path(name), limit: 1 << 24)
    }

    /// A file as text.
    package static func text(_ name: String) throws(SystemError) -> String {
        try Files.readText(path(name), limit: 1 << 24)
    }

    /// The lines of a file, without comments and empty ones.
    package static func lines(_ name: String) throws(SystemError) -> [Substring] {
        try text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }
    }

    /// Messages that another implementation has encoded: lines of a name and octets in hexadecimal.
    package static func messages(_ name: String) throws(SystemError) -> [String: [UInt8]] {
        var messages: [String: [UInt8]] = [:]
        for line in try lines(name) {
            let words = line.split(separator: " ")
            guard let first = words.first else { continue }
            messages[String(first)] = words.dropFirst().first.map(hexadecimal) ?? []
        }
        return messages
    }

    /// The names of a folder's files that end so, in order.
    package static func names(in folder: String, ending: String = "") throws(SystemError) -> [String] {
        try Files.list(path(folder)).filter { $0.hasSuffix(ending) }.sorted()
    }
}
