// A compiled program out of octets that the caller may free: a copy, at a multiple of 64 as its sections want it.

internal import NeuronArtifact
internal import NeuronRuntime

/// A copy of an artifact.
final class CopiedProgram: CompiledProgram, @unchecked Sendable {
    // @unchecked: never written after `init`.
    let header: ArtifactHeader
    let path = "the octets given to nrt_load"
    var file: UnsafeRawBufferPointer? { UnsafeRawBufferPointer(octets) }

    private let octets: UnsafeMutableRawBufferPointer
    private let dataOffset: Int

    init(_ given: UnsafeRawBufferPointer) throws(NRTError) {
        let own = UnsafeMutableRawBufferPointer.allocate(byteCount: given.count, alignment: 4_096)
        own.copyMemory(from: given)
        do throws(ArtifactError) {
            (header, dataOffset) = try Artifact.check(
                UnsafeRawBufferPointer(own), path: "the octets given to nrt_load", verifies: true)
        } catch {
            own.deallocate()
            throw NRTError(
                error.reason == .version ? .unsupportedVersion : .invalid, "load a model",
                problem: error.problem, mend: error.mend)
        }
        octets = own
    }

    deinit { octets.deallocate() }

    func section(_ name: String) -> UnsafeRawBufferPointer? {
        guard let section = header.sections.first(where: { $0.name == name }) else { return nil }
        let start = dataOffset + section.offset
        return UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(octets)[start..<start + section.size])
    }
}
