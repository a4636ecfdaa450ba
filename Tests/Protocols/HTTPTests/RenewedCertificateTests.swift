// Certificates that are renewed while clients come: by a symbolic link, as kubelets and cert-manager do it, and by files that
// are written over one after the other.

import Glibc
import HTTP
import HTTP1
import SystemIO
import TLS
import TestSupport
import Testing

@Suite("A server whose certificate is renewed", .timeLimit(.minutes(2)))
struct RenewedCertificateTests {
    /// A directory as a kubelet mounts a Secret: files are links into `..data`, which is a link to a directory.
    private struct Mount {
        let directory: TemporaryDirectory
        var certificate: String { directory.path + "/tls.crt" }
        var key: String { directory.path + "/tls.key" }
        var authorities: String { directory.path + "/ca.crt" }

        init() throws {
            directory = try TemporaryDirectory()
            for name in ["tls.crt", "tls.key", "ca.crt"] {
                try Files.link("\(directory.path)/\(name)", to: "..data/\(name)")
            }
        }

        func swap(_ number: Int, _ authority: CertificateAuthority) throws {
            let target = "\(directory.path)/..\(number)"
            try Files.makeDirectory(target)
            let identity = try authority.issueServerCertificate(hosts: ["localhost"], validity: .days(1))
                .identity
            try Files.write(target + "/tls.crt", identity.certificateChain)
            try Files.write(target + "/tls.key", identity.privateKey)
            try Files.write(target + "/ca.crt", authority.certificatePEM)
            let new = "\(directory.path)/..data_tmp"
            try Files.link(new, to: "..\(number)")
            #expect(rename(new, "\(directory.path)/..data") == 0)
        }
    }

    private static func ask(_ address: SocketAddress, trusting authorities: [UInt8]) async -> Bool {
        guard
            let security = try? TLSClient(
                host: "localhost", trust: .authorities(authorities), protocols: ["http/1.1"])
        else { return false }
        let client = HTTPClient(address, security: security, connectTimeout: .seconds(60))
        let response = try? await client.send(HTTPRequest("GET", "/"), timeout: .seconds(60))
        await client.close()
        return response?.status == 200
    }

    @Test("shows the new one to the next client, and fails none of those that come meanwhile")
    func underTraffic() async throws {
        let authorities = try (0..<6).map {
            try CertificateAuthority(commonName: "ca\($0)", validity: .days(1))
        }
        let mount = try Mount()
        try mount.swap(0, authorities[0])
        let refusals = Lock<[SecureLayerError]>([])
        let server = HTTPServer(
            security: try TLSServer.files(
                certificateChain: mount.certificate, privateKey: mount.key,
                onRefusal: { error in refusals.withLock { $0.append(error) } })
        ) { _ in .text(200, "well") }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let all = authorities.flatMap(\.certificatePEM)
        let isOver = Lock(false)
        let traffic = (0..<4).map { _ in
            Task { () -> (asked: Int, failed: Int) in
                var (asked, failed) = (0, 0)
                while !isOver.withLock({ $0 }) {
                    asked += 1
                    if await !Self.ask(address, trusting: all) { failed += 1 }
                }
                return (asked, failed)
            }
        }
        #expect(await Self.ask(address, trusting: authorities[0].certificatePEM))
        for number in 1..<authorities.count {
            try mount.swap(number, authorities[number])
            #expect(await Self.ask(address, trusting: authorities[number].certificatePEM))
            #expect(await !Self.ask(address, trusting: authorities[number - 1].certificatePEM))
        }
        isOver.withLock { $0 = true }
        for task in traffic {
            let (asked, failed) = await task.value
            #expect(asked > 0 && failed == 0)
        }
        // A certificate of one directory and the key of the next may be read in one go; the next client finds both.
        #expect(refusals.withLock { $0.allSatisfy { !$0.description.isEmpty } })
        await server.shutdown(grace: .zero)
    }

    @Test("keeps the one it has while the new one is not whole, and says so once")
    func halfWritten() async throws {
        let authorities = try (0..<2).map {
            try CertificateAuthority(commonName: "ca\($0)", validity: .days(1))
        }
        let mount = try Mount()
        try mount.swap(0, authorities[0])
        let refusals = Lock(0)
        let server = HTTPServer(
            security: try TLSServer.files(
                certificateChain: mount.certificate, privateKey: mount.key,
                onRefusal: { _ in refusals.withLock { $0 += 1 } })
        ) { _ in .text(200, "well") }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let next = try authorities[1].issueServerCertificate(hosts: ["localhost"], validity: .days(1))
            .identity
        try Files.write(mount.certificate, next.certificateChain)
        for _ in 0..<3 { #expect(await Self.ask(address, trusting: authorities[0].certificatePEM)) }
        #expect(refusals.withLock { $0 } == 1)
        try Files.write(mount.key, next.privateKey)
        #expect(await Self.ask(address, trusting: authorities[1].certificatePEM))
        try Files.remove(mount.directory.path + "/..data")
        #expect(
            await Self.ask(address, trusting: authorities[1].certificatePEM),
            "files that are away say what they said")
        await server.shutdown(grace: .zero)
    }

    @Test("asks clients for a certificate of the authorities that its file names now")
    func clients() async throws {
        let authorities = try (0..<2).map {
            try CertificateAuthority(commonName: "ca\($0)", validity: .days(1))
        }
        let mount = try Mount()
        try mount.swap(0, authorities[0])
        let server = HTTPServer(
            security: try TLSServer.files(
                certificateChain: mount.certificate, privateKey: mount.key,
                clientAuthorities: mount.authorities)
        ) { _ in .text(200, "well") }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let trust = authorities.flatMap(\.certificatePEM)
        func asks(as authority: CertificateAuthority) async throws -> Bool {
            let own = try authority.issueClientCertificate(commonName: "scheduler", validity: .days(1))
            let client = HTTPClient(
                address,
                security: try TLSClient(host: "localhost", trust: .authorities(trust), identity: own.identity)
            )
            defer { Task { await client.close() } }
            return (try? await client.send(HTTPRequest("GET", "/")))?.status == 200
        }
        #expect(try await asks(as: authorities[0]))
        #expect(try await !asks(as: authorities[1]))
        try mount.swap(1, authorities[1])
        #expect(try await asks(as: authorities[1]))
        #expect(try await !asks(as: authorities[0]))
        await server.shutdown(grace: .zero)
    }
}
