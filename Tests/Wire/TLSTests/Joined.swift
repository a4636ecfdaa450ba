import SystemIO
import Testing

@testable import TLS

/// A client and a server whose wires are joined in memory.
final class Joined {
    /// How octets travel.
    enum Splits: CaseIterable, CustomTestStringConvertible {
        case whole, single, random

        var testDescription: String { "\(self)" }

        func next() -> Int {
            switch self {
            case .whole: Int.max
            case .single: 1
            case .random: Int.random(in: 1...700)
            }
        }
    }

    let client: TLSLayer
    let server: TLSLayer
    var toServer: [UInt8] = []
    var toClient: [UInt8] = []
    private(set) var atServer: [UInt8] = []
    private(set) var atClient: [UInt8] = []
    private(set) var clientError: SecureLayerError?
    private(set) var serverError: SecureLayerError?

    init(_ client: TLSClient, _ server: TLSServer) throws {
        self.client = try client.makeTLSLayer()
        self.server = try server.makeTLSLayer()
        try self.client.start(output: &toServer)
        try self.server.start(output: &toClient)
    }

    func sendFromClient(_ bytes: [UInt8]) throws { try client.send(bytes.span.bytes, output: &toServer) }
    func sendFromServer(_ bytes: [UInt8]) throws { try server.send(bytes.span.bytes, output: &toClient) }

    /// Carries octets until no side has any more to send.
    func carry(_ splits: Splits = .whole) {
        while !toServer.isEmpty || !toClient.isEmpty {
            let forServer = toServer
            toServer = []
            Self.pieces(forServer, splits) { bytes in
                guard serverError == nil else { return }
                do throws(SecureLayerError) {
                    try server.receive(bytes.span.bytes, plaintext: &atServer, output: &toClient)
                } catch { serverError = error }
            }
            let forClient = toClient
            toClient = []
            Self.pieces(forClient, splits) { bytes in
                guard clientError == nil else { return }
                do throws(SecureLayerError) {
                    try client.receive(bytes.span.bytes, plaintext: &atClient, output: &toServer)
                } catch { clientError = error }
            }
        }
    }

    private static func pieces(_ bytes: [UInt8], _ splits: Splits, _ body: ([UInt8]) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(splits.next())
            rest = rest.dropFirst(piece.count)
            body(Array(piece))
        }
    }
}

/// Certificates that the tests share; making keys takes a moment.
struct Samples: Sendable {
    let authority: CertificateAuthority
    let server: Certificate
    let client: Certificate

    static let shared = Result<Samples, SecureLayerError> { () throws(SecureLayerError) in
        let authority = try CertificateAuthority(commonName: "test authority")
        return Samples(
            authority: authority,
            server: try authority.issueServerCertificate(hosts: [
                "localhost", "*.pods.example", "127.0.0.1", "::1",
            ]),
            client: try authority.issueClientCertificate(
                commonName: "ada", organizations: ["system:masters", "engineers"]))
    }

    static func get() throws -> Samples { try shared.get() }

    var trust: TLSTrust { .authorities(authority.certificatePEM) }
}
