// A file that others read: the container runtime its CDI specification, node-feature-discovery its features. It is
// replaced in one step, and written again where somebody has removed or changed it: a container runtime ignores a
// specification that it cannot read and fails the pods that name its devices. A disk that is full is a warning, no more.

internal import Neuron
internal import Observability
internal import SystemIO

/// Keeps a file's content as it should be.
struct PublishedFile: Sendable {
    let path: String
    /// What it is, for the log.
    let purpose: String
    private(set) var written: [UInt8]?
    /// Which very file that was: another one, or one written since, is somebody else's.
    private var identity: Files.Identity?
    private var complained = ""

    init(path: String, purpose: String) {
        self.path = path
        self.purpose = purpose
    }

    /// Whether the file is there as it was last written.
    var isInPlace: Bool { identity != nil && Files.identity(path) == identity }

    /// Sees to it that the file is there with this content.
    ///
    /// - Returns: whether it is.
    @discardableResult
    mutating func keep(_ content: [UInt8], log: Logger) -> Bool {
        if content == written, isInPlace { return true }
        do throws(SystemError) {
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try Files.makeDirectory(String(path[..<slash]))
                if written == nil { removeHalves(in: String(path[..<slash])) }
            }
            try Files.writeAtomically(path, content, mode: 0o644)
            log.info(written == content ? "written again" : "written", ["file": path, "purpose": purpose])
            written = content
            identity = Files.identity(path)
            complained = ""
            return true
        } catch {
            if complained != error.description {
                log.warning(
                    "cannot write", ["file": path, "purpose": purpose, "error": error.description])
            }
            complained = error.description
            written = nil
            identity = nil
            return false
        }
    }
}

extension PublishedFile {
    /// Removes what a plugin that was killed while it wrote has left: node-feature-discovery reads every file of its directory,
    /// and would for ever tell of the node what was true then.
    private func removeHalves(in directory: String) {
        for other in (try? Files.list(directory)) ?? [] {
            let full = directory + "/" + other
            if full.hasPrefix(path + "."), full.hasSuffix(".tmp") { try? Files.remove(full) }
        }
    }
}

/// The files that a node's plugin keeps.
struct PublishedFiles: Sendable {
    /// Between two looks whether they are still there.
    static let interval = Duration.seconds(15)

    private var specification: PublishedFile?
    private var features: PublishedFile?

    /// - Parameters:
    ///   - cdiDirectory: nil where CDI is off.
    ///   - featureFile: nil for none.
    init(cdiDirectory: String?, featureFile: String?) {
        specification = cdiDirectory.map {
            PublishedFile(path: $0 + "/" + CDISpecification.fileName, purpose: "CDI specification")
        }
        features = featureFile.map { PublishedFile(path: $0, purpose: "features of the node") }
    }

    /// Whether chips can be named by CDI.
    var isCDIInPlace: Bool { specification?.isInPlace ?? false }
    /// Whether all are as they were written.
    var areInPlace: Bool { specification?.isInPlace ?? true && features?.isInPlace ?? true }

    /// Brings the files in line with what is known of the node.
    mutating func keep(_ ledger: NodeLedger, _ catalog: DeviceCatalog?, log: Logger) {
        if let catalog { specification?.keep(CDISpecification.json(catalog), log: log) }
        features?.keep(FeatureFile.lines(ledger), log: log)
    }
}
