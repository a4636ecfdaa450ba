// The program `ganglion-definitions`, which is built for `scripts/generate-definitions` only.

package import Arguments
internal import GanglionAPI
internal import Glibc
internal import SystemIO

/// The command line.
package enum DefinitionsCommand {
    private static let directory = Positional<String>(
        "directory", help: "Where the files are, such as charts/ganglion/crds")
    private static let check = Flag("check", help: "Write nothing; end with 1 where a file is another")

    /// The program.
    package static let command = Command(
        "ganglion-definitions",
        summary: "Prints the CustomResourceDefinitions of the API group ganglion.dev from their types",
        arguments: [directory, check]
    ) { values in
        var differing: [String] = []
        for definition in ResourceDefinition.all {
            let path = "\(values[directory])/\(definition.fileName)"
            let text = Array(definition.text.utf8)
            if !values[check] {
                try Files.write(path, text)
            } else if try Files.read(path) != text {
                differing.append(path)
            }
        }
        guard differing.isEmpty else {
            print(
                "not what the types say: \(differing.joined(separator: ", ")); run scripts/generate-definitions"
            )
            exit(1)
        }
    }
}
