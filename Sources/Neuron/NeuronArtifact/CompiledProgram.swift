// A compiled model as a runtime takes it: a header and named sections that stay where they are. An artifact is one; so is a
// model that a server has compiled itself and holds in memory.

/// A header and sections.
package protocol CompiledProgram: AnyObject, Sendable {
    /// What it says about itself.
    var header: ArtifactHeader { get }
    /// What to call it in an error: its file or folder.
    var path: String { get }
    /// The whole file as it lies in memory; nil where there is none.
    var file: UnsafeRawBufferPointer? { get }
    /// A section's octets; they stay as long as this object.
    func section(_ name: String) -> UnsafeRawBufferPointer?
}

extension Artifact: CompiledProgram {
    /// The whole file as it is mapped.
    package var file: UnsafeRawBufferPointer? { mapping }
}
