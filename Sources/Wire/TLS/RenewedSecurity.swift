// TLS of files that are renewed while the process runs: cert-manager and the kubelet put a new directory in the place of the
// old one by a symbolic link, others write over the file. The files are looked at for each handshake, so nobody waits for a
// signal or an event, and connections that stand stay as they are.

public import SystemIO

/// Makes TLS layers of what files say at present.
public final class RenewedSecurity: SecureLayerFactory {
    /// Makes the layers of the files' contents, in the files' order.
    public typealias Maker = @Sendable ([[UInt8]]) throws(SecureLayerError) -> any SecureLayerFactory

    private struct Current {
        var factory: any SecureLayerFactory
        var contents: [[UInt8]]
        /// What was refused last, so that it is told once.
        var refused: [[UInt8]]?
    }

    /// Octets of a file at most.
    public static let fileLimit = 4 << 20

    private let files: [String]
    private let make: Maker
    private let onRefusal: @Sendable (SecureLayerError) -> Void
    private let current: Lock<Current>

    /// - Parameters:
    ///   - files: their paths.
    ///   - onRefusal: told once of new contents that cannot be used; the earlier ones stay in use, and the files are looked at
    ///     again. A certificate whose key is not there yet is such a content for a moment.
    ///   - make: called now, and at the first handshake after a change.
    /// - Throws: `SecureLayerError` where a file cannot be read, or what they say cannot be used.
    public init(
        files: [String], onRefusal: @escaping @Sendable (SecureLayerError) -> Void = { _ in },
        make: @escaping Maker
    ) throws(SecureLayerError) {
        self.files = files
        self.make = make
        self.onRefusal = onRefusal
        var contents: [[UInt8]] = []
        for file in files {
            do throws(SystemError) { contents.append(try Files.read(file, limit: Self.fileLimit)) } catch {
                throw SecureLayerError("cannot set up TLS: \(error.description)")
            }
        }
        current = Lock(Current(factory: try make(contents), contents: contents))
    }

    /// A layer for a new connection.
    public func makeLayer() throws(SecureLayerError) -> any SecureLayer {
        let (factory, refusal) = current.withLock { current in
            let refusal = renew(&current)
            return (current.factory, refusal)
        }
        if let refusal { onRefusal(refusal) }
        return try factory.makeLayer()
    }

    /// Takes what has changed.
    ///
    /// - Returns: why it was not taken, the first time.
    private func renew(_ current: inout Current) -> SecureLayerError? {
        // A file that is away for a moment says what it said.
        let contents = zip(files, current.contents).map { file, last in
            (try? Files.read(file, limit: Self.fileLimit)) ?? last
        }
        guard contents != current.contents else { return nil }
        do throws(SecureLayerError) {
            current = Current(factory: try make(contents), contents: contents)
            return nil
        } catch {
            let isNews = current.refused != contents
            current.refused = contents
            return isNews ? error : nil
        }
    }
}

extension TLSServer {
    /// The TLS of a server whose certificate and key are files that are renewed in place.
    ///
    /// - Parameters:
    ///   - clientAuthorities: the file of the authorities of clients' certificates; nil where clients show none.
    ///   - onRefusal: told once of new contents that cannot be used; the earlier ones stay in use.
    /// - Throws: `SecureLayerError` that names the file.
    public static func files(
        certificateChain: String, privateKey: String, clientAuthorities: String? = nil,
        protocols: [String] = [], onRefusal: @escaping @Sendable (SecureLayerError) -> Void = { _ in }
    ) throws(SecureLayerError) -> RenewedSecurity {
        try RenewedSecurity(
            files: [certificateChain, privateKey] + (clientAuthorities.map { [$0] } ?? []),
            onRefusal: onRefusal
        ) { contents throws(SecureLayerError) in
            try TLSServer(
                identity: TLSIdentity(certificateChain: contents[0], privateKey: contents[1]),
                clients: contents.count > 2 ? .required(authorities: contents[2]) : .none,
                protocols: protocols)
        }
    }
}
