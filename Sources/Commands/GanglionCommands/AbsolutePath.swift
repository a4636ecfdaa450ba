// Paths that a user gives are meant from where the command was started; programs that it starts run elsewhere.

internal import Glibc

/// A path from the root of the file system.
func absolutePath(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    return String(cString: directory) + "/" + path
}
