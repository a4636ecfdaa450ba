// What AWS's compiler writes, a NEFF file: a header of 1,024 octets and a tar archive, plain or gzipped
// (aws-neuron-sdk, neuron-runtime/explore/work-with-neff-files.rst). Only what describes the model is read: how many cores it
// wants, and which tensors go in and out.

internal import Gzip
import JSON
import SystemIO
internal import Tar

/// A NEFF file's description of itself.
package struct NEFF: Equatable, Sendable {
    /// A tensor that goes in or comes out.
    package struct Tensor: Equatable, Sendable {
        /// As the model calls it.
        package let name: String
        /// Octets, 0 where the file does not say.
        package let size: Int
    }

    /// 1 for a plain archive, 2 for a gzipped one.
    package let packageVersion: Int
    /// The format's version.
    package let version: (major: UInt64, minor: UInt64)
    /// The compiler's.
    package let buildVersion: String
    /// The model's name; often empty.
    package let name: String
    /// NeuronCores that it wants.
    package let cores: Int
    /// Physical cores in a logical one, 0 where it does not matter.
    package let logicalCoreSize: Int
    /// Bits of features that the runtime has to know.
    package let features: UInt64
    /// The subgraphs: one for each core or half of a core.
    package let subgraphs: Int
    /// What goes in, by name.
    package let inputs: [Tensor]
    /// What comes out, by name.
    package let outputs: [Tensor]
    /// Octets of weights.
    package let weights: Int

    /// Octets of the header.
    package static let headerSize = 1024
    /// The most octets of a file, and of its archive when it is unpacked.
    package static let sizeLimit = 1 << 30
    /// The most members of its archive.
    private static let memberLimit = 65_536
    /// The most octets of a JSON document within.
    private static let documentLimit = 64 << 20

    /// Whether a file begins as a NEFF does. It has no magic number: the sizes have to agree.
    package static func isNEFF(_ octets: UnsafeRawBufferPointer) -> Bool {
        guard octets.count >= headerSize else { return false }
        let words = (0..<3).map { word(octets, $0 * 8) }
        return (1...2).contains(words[0]) && words[1] == UInt64(headerSize)
            && words[2] == UInt64(octets.count - headerSize)
    }

    /// Reads a file.
    ///
    /// - Throws: `ArtifactError`; `tooLarge` above `sizeLimit`.
    package init(path: String) throws(ArtifactError) {
        let octets: [UInt8]
        do {
            octets = try Files.read(path, limit: Self.sizeLimit)
        } catch {
            throw ArtifactError(.unreadable, path, "cannot be read (\(error))", "check its path and size")
        }
        var result: Result<NEFF, ArtifactError>?
        octets.withUnsafeBytes { bytes in
            result = Result { () throws(ArtifactError) in try NEFF(bytes, path: path) }
        }
        guard let result else { throw ArtifactError(.notAnArtifact, path, "is empty") }
        self = try result.get()
    }

    /// Reads a file's octets.
    ///
    /// - Parameter limit: the most octets of the archive when it is unpacked.
    /// - Throws: `ArtifactError`.
    package init(
        _ octets: UnsafeRawBufferPointer, path: String, limit: Int = NEFF.sizeLimit
    ) throws(ArtifactError) {
        guard Self.isNEFF(octets) else {
            throw ArtifactError(
                .notAnArtifact, path, "is no NEFF: its sizes do not agree with a header of 1024 octets",
                "name a file that neuronx-cc or torch-neuronx has made")
        }
        packageVersion = Int(Self.word(octets, 0))
        version = (Self.word(octets, 24), Self.word(octets, 32))
        guard version.major <= 2 else {
            throw ArtifactError(
                .version, path, "is of NEFF version \(version.major).\(version.minor), above 2",
                "use a newer program")
        }
        buildVersion = Self.text(octets, 40..<168)
        name = Self.text(octets, 220..<476)
        features = Self.word(octets, 544)
        let cores = octets.loadUnaligned(fromByteOffset: 168, as: UInt32.self).littleEndian
        let size = octets.loadUnaligned(fromByteOffset: 552, as: UInt32.self).littleEndian
        guard (1...1024).contains(cores), size <= 2 else {
            throw ArtifactError(
                .damaged, path, "wants \(cores) cores of logical size \(size)", "compile the model again")
        }
        self.cores = Int(cores)
        logicalCoreSize = Int(size)

        let archive = UnsafeRawBufferPointer(rebasing: octets[Self.headerSize...])
        let description: Description
        if archive.starts(with: [0x1f, 0x8b]) {
            let unpacked: [UInt8]
            do throws(GzipError) {
                unpacked = try Gzip.decompress(Array(archive), limit: limit)
            } catch {
                let isLarge = if case .tooLarge = error { true } else { false }
                throw ArtifactError(
                    isLarge ? .tooLarge : .damaged, path, "has an archive that is no use (\(error))",
                    "copy the file again")
            }
            var result: Result<Description, ArtifactError>?
            unpacked.withUnsafeBytes { bytes in
                result = Result { () throws(ArtifactError) in try Description(bytes, path: path) }
            }
            guard let result else { throw ArtifactError(.damaged, path, "has an empty archive") }
            description = try result.get()
        } else {
            description = try Description(archive, path: path)
        }
        subgraphs = description.subgraphs
        inputs = description.inputs
        outputs = description.outputs
        weights = description.weights
    }

    /// Whether all members are equal.
    package static func == (left: Self, right: Self) -> Bool {
        left.packageVersion == right.packageVersion && left.version == right.version
            && left.buildVersion == right.buildVersion && left.name == right.name
            && left.cores == right.cores && left.logicalCoreSize == right.logicalCoreSize
            && left.features == right.features && left.subgraphs == right.subgraphs
            && left.inputs == right.inputs && left.outputs == right.outputs && left.weights == right.weights
    }

    /// What the archive says: `def.json` of each subgraph has the variables with their kinds.
    private struct Description {
        var subgraphs = 0
        var inputs: [Tensor] = []
        var outputs: [Tensor] = []
        var weights = 0

        init(_ archive: UnsafeRawBufferPointer, path: String) throws(ArtifactError) {
            var found: [String: [String: Int]] = [:]
            for (name, content) in try NEFF.files(of: archive, path: path) {
                let parts = name.split(separator: "/")
                guard parts.count == 2, parts[0].hasPrefix("sg"), parts[1] == "def.json" else { continue }
                subgraphs += 1
                guard content.count <= documentLimit else {
                    throw ArtifactError(.tooLarge, path, "has \(name) of \(content.count) octets")
                }
                let json: JSON
                do {
                    json = try JSON(parsing: Array(archive[content]))
                } catch {
                    throw ArtifactError(
                        .damaged, path, "has \(name), which is no JSON (\(error))", "copy the file again")
                }
                for (name, variable) in json["var"]?.object ?? [:] {
                    guard let kind = variable["type"]?.string else { continue }
                    let size = min(max(variable["size"]?.int ?? 0, 0), 1 << 44)
                    found[kind, default: [:]][name] = size
                    if kind == "file" { weights = min(weights + size, 1 << 60) }
                }
            }
            func sorted(_ kind: String) -> [Tensor] {
                (found[kind] ?? [:]).sorted { $0.key < $1.key }.map { Tensor(name: $0.key, size: $0.value) }
            }
            inputs = sorted("input")
            outputs = sorted("output")
        }
    }

    /// The archive's files, by their paths without `.`, and where they lie in it. Whatever would make an unpacked archive
    /// dangerous, a path that leads out of it or a link, is refused here, too, so that who unpacks it with another tool is
    /// not surprised.
    static func files(
        of archive: UnsafeRawBufferPointer, path: String
    ) throws(ArtifactError) -> [(name: String, content: Range<Int>)] {
        let members: [TarMember]
        do throws(TarError) {
            members = try TarMember.members(of: archive, limit: memberLimit)
        } catch {
            throw ArtifactError(
                .damaged, path, "has an archive that cannot be read: \(error)", "compile the model again")
        }
        var files: [(name: String, content: Range<Int>)] = []
        for member in members {
            let name = member.entry.path
            let parts = name.split(separator: "/").filter { $0 != "." }
            guard !name.hasPrefix("/"), !parts.contains("..") else {
                throw ArtifactError(
                    .damaged, path, "has a member \(name.prefix(64)), which leads out of the archive",
                    "do not unpack it")
            }
            switch member.entry.kind {
            case .file: if !parts.isEmpty { files.append((parts.joined(separator: "/"), member.content)) }
            case .directory: break
            case .symbolicLink, .hardLink, .other:
                throw ArtifactError(
                    .damaged, path,
                    "has a member \(name.prefix(64)), which is neither a file nor a directory",
                    "do not unpack it")
            }
        }
        return files
    }

    private static func word(_ octets: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    }

    /// Text to a zero; what would not be printed is left out.
    private static func text(_ octets: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        String(
            String(decoding: octets[range].prefix { $0 != 0 }, as: UTF8.self).unicodeScalars.filter {
                $0.properties.generalCategory != .control
            })
    }
}
