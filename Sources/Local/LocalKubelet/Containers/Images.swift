// This cluster runs programs of the machine, so images are a fixed list of them: there is no registry to pull
// from and nothing else may be named.

internal import SystemIO

/// The images that the local kubelet knows.
package struct ImageTable: Sendable {
    /// What an image stands for.
    package struct Program: Equatable, Sendable {
        /// The program's file, the container's entrypoint.
        package var path: String
        /// Whether a pod's `command` may be any program: it may for shells, which run anything anyway. For
        /// others the image holds but the one program.
        package var allowsCommand: Bool
        /// What else the image holds: the path in the image to the program's file.
        package var others: [String: String]

        /// An entry of the table.
        package init(path: String, allowsCommand: Bool, others: [String: String] = [:]) {
            self.path = path
            self.allowsCommand = allowsCommand
            self.others = others
        }
    }

    /// Image name without tag to program.
    package var programs: [String: Program]

    /// A table of one's own.
    package init(programs: [String: Program]) { self.programs = programs }

    /// The standard table.
    ///
    /// - Parameter directory: where the project's programs are.
    package init(directory: String) {
        let shell = Program(path: "/bin/sh", allowsCommand: true)
        let names = ["", "-device-plugin", "-model-server", "-node-agent", "-operator"].map {
            "ganglion" + $0
        }
        programs = [
            // Everything that the project's own image has, at the same paths.
            "ganglion.dev/ganglion": Program(
                path: directory + "/ganglion", allowsCommand: false,
                others: Dictionary(names.map { ("/" + $0, "\(directory)/\($0)") }) { first, _ in first }),
            "ganglion.dev/model-server": Program(
                path: directory + "/ganglion-model-server", allowsCommand: false),
            "ganglion.dev/shell": shell,
            "localhost/busybox": shell,
        ]
    }

    /// The program of an image; tag and digest do not matter.
    func program(_ image: String) -> Program? { programs[Self.repository(image)] }

    /// The image without `@digest` and `:tag`.
    static func repository(_ image: String) -> String {
        let name = image.prefix { $0 != "@" }
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return String(name) }
        return String(name[..<colon])
    }

    /// The file and the arguments to run for a container.
    ///
    /// - Parameter path: the container's PATH.
    /// - Throws: `StartError` where `command` names what the image does not have.
    static func commandLine(
        _ program: Program, command: [String], arguments: [String], path: String
    ) throws(StartError) -> [String] {
        guard let first = command.first else { return [program.path] + arguments }
        let rest = command.dropFirst() + arguments
        if first == program.path || first == program.path.split(separator: "/").last.map(String.init) ?? "" {
            return [program.path] + rest
        }
        if let other = program.others[first] { return [other] + rest }
        guard program.allowsCommand else { throw StartError(command: first) }
        if first.contains("/") { return [first] + rest }
        guard let file = ProgramPath.find(first, in: path) else { throw StartError(command: first) }
        return [file] + rest
    }

    /// A command that is not there.
    struct StartError: Error, Equatable {
        var command: String

        /// The words of a container runtime.
        var message: String { "exec: \"\(command)\": executable file not found in $PATH" }
    }

    /// The sentence for an image that is not in the table.
    func refusal(_ image: String) -> String {
        "failed to pull image \"\(image)\": this cluster runs programs of this machine and pulls nothing; it has "
            + programs.keys.sorted().joined(separator: ", ")
    }
}
