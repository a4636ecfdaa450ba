// What the kubelet and its shims keep in small files of their own.

internal import JSON
internal import SystemIO

/// A value that is kept in a JSON file of a fixed name.
protocol JSONFile: Codable {
    /// The file's name in its directory.
    static var fileName: String { get }
}

extension JSONFile {
    /// Reads the file in a directory; nil where it is missing or is not what it should be.
    static func read(in directory: String) -> Self? {
        guard let octets = try? Files.read(directory + "/" + fileName) else { return nil }
        return try? JSON.decode(Self.self, from: octets)
    }

    /// Writes the file in a directory, whole or not at all.
    func write(in directory: String) throws(SystemError) {
        try Files.writeAtomically(directory + "/" + Self.fileName, try octets(in: directory), mode: 0o600)
    }

    /// What the file holds.
    func octets(in directory: String) throws(SystemError) -> [UInt8] {
        do throws(JSONError) { return try JSON.encode(self) } catch {
            throw SystemError("write", directory + "/" + Self.fileName, code: 0, hint: error.description)
        }
    }
}
