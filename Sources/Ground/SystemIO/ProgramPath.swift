// A program by its name, as a shell and execvp(3) find it.

internal import Glibc

/// Finds programs in PATH.
public enum ProgramPath {
    /// The directories where PATH is not set, as execvp(3) has them.
    public static let standard = "/bin:/usr/bin"

    /// The file of a program.
    ///
    /// - Parameters:
    ///   - name: a name to be looked for, or a path, which is taken as it is.
    ///   - path: directories with colons between; an empty one is the working directory.
    /// - Returns: the first file that this process may execute; nil where there is none.
    public static func find(_ name: String, in path: String) -> String? {
        guard !name.contains("/") else { return isProgram(name) ? name : nil }
        guard !name.isEmpty else { return nil }
        return path.split(separator: ":", omittingEmptySubsequences: false).lazy
            .map { $0.isEmpty ? "./\(name)" : "\($0)/\(name)" }.first(where: isProgram)
    }

    /// A directory may be entered, which access(2) does not tell from being executed.
    private static func isProgram(_ path: String) -> Bool {
        access(path, X_OK) == 0 && Files.kind(path, following: true) == .file
    }
}
