// Requests as they go over the wire, and what the client makes of the answers.

import GanglionAPI
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import TLS
import TestSupport
import Testing

@testable import KubernetesClient

@Suite("Client of the API server")
struct KubernetesClientTests {
    private static let pod = ObjectKey(namespace: "n", name: "p")

    @Test("sends method, path, query, content type and token as the API wants them")
    func forms() async throws {
        let server = try await ScriptedServer(credential: .token("t")) { _, _ in
            ScriptedServer.json(200, ["a": 1])
        }
        let client = server.client
        let object: JSON = ["metadata": ["name": "p", "namespace": "n"]]
        #expect(try await client.get(.pods, Self.pod) == ["a": 1])
        _ = try await client.list(.pods, namespace: "n", query: ["labelSelector": "a=b", "limit": "2"])
        try await client.create(.pods, object)
        try await client.update(.pods, object, subresource: "status")
        try await client.patch(.pods, Self.pod, ["x": 1])
        try await client.patch(.pods, Self.pod, [["op": "remove"]], type: .json)
        try await client.apply(.pods, object, manager: "me", subresource: "status")
        try await client.delete(.pods, Self.pod, uid: "u", gracePeriod: 0)
        try await client.scale(.modelServers, Self.pod, replicas: 3)
        try await client.bind(pod: Self.pod, uid: "u", node: "node", annotations: ["k": "v"])
        let lines = server.requests.map { "\($0.method) \($0.target) \($0.contentType ?? "-")" }
        #expect(
            lines == [
                "GET /prefix/api/v1/namespaces/n/pods/p -",
                "GET /prefix/api/v1/namespaces/n/pods?labelSelector=a%3Db&limit=2 -",
                "POST /prefix/api/v1/namespaces/n/pods application/json",
                "PUT /prefix/api/v1/namespaces/n/pods/p/status application/json",
                "PATCH /prefix/api/v1/namespaces/n/pods/p application/merge-patch+json",
                "PATCH /prefix/api/v1/namespaces/n/pods/p application/json-patch+json",
                "PATCH /prefix/api/v1/namespaces/n/pods/p/status?fieldManager=me&force=true application/apply-patch+yaml",
                "DELETE /prefix/api/v1/namespaces/n/pods/p application/json",
                "PATCH /prefix/apis/ganglion.dev/v1alpha1/namespaces/n/modelservers/p/scale application/merge-patch+json",
                "POST /prefix/api/v1/namespaces/n/pods/p/binding application/json",
            ])
        #expect(server.requests.allSatisfy { $0.authorization == "Bearer t" })
        #expect(
            server.requests.last?.body == [
                "apiVersion": "v1", "kind": "Binding",
                "metadata": ["name": "p", "namespace": "n", "uid": "u", "annotations": ["k": "v"]],
                "target": ["apiVersion": "v1", "kind": "Node", "name": "node"],
            ])
        #expect(
            server.requests[7].body == [
                "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                "preconditions": ["uid": "u"], "gracePeriodSeconds": 0,
            ])
        await server.stop()
    }

    @Test("reads a log as the text that it is, and a failure as the status that it is")
    func log() async throws {
        let server = try await ScriptedServer { request, _ in
            request.target.hasSuffix("container=c")
                ? .text(200, "{\"a\": 1}\nb\n")
                : ScriptedServer.json(
                    400, ["kind": "Status", "reason": "BadRequest", "message": "no such container"])
        }
        #expect(try await server.client.log(of: Self.pod, container: "c") == "{\"a\": 1}\nb\n")
        #expect(server.requests.last?.target == "/prefix/api/v1/namespaces/n/pods/p/log?container=c")
        await #expect(
            throws: KubernetesError.status(
                APIStatus(code: 400, reason: "BadRequest", message: "no such container"))
        ) { try await server.client.log(of: Self.pod, container: "d") }
        await server.stop()
    }

    @Test("gives the server's Status as an error, and makes one up for a proxy's page")
    func errors() async throws {
        let server = try await ScriptedServer { _, number in
            number == 1 ? ScriptedServer.failure(404, "NotFound") : HTTPResponse.text(502, "bad gateway")
        }
        await #expect(throws: KubernetesError.status(APIStatus(code: 404, reason: "NotFound", message: "m")))
        {
            try await server.client.get(.pods, Self.pod)
        }
        await #expect(
            throws: KubernetesError.status(APIStatus(code: 502, reason: "", message: "bad gateway"))
        ) {
            try await server.client.get(.pods, Self.pod)
        }
        await server.stop()
    }

    @Test("repeats a request when the server says when, and only then", arguments: [429, 500, 503])
    func retries(code: Int) async throws {
        let server = try await ScriptedServer { _, number in
            number < 3
                ? ScriptedServer.failure(code, "x", headers: ["retry-after": "0"])
                : ScriptedServer.json(200, [:])
        }
        #expect(try await server.client.get(.pods, Self.pod) == [:])
        #expect(server.requests.count == 3)
        await server.stop()

        let stern = try await ScriptedServer { _, _ in ScriptedServer.failure(code, "x") }
        await #expect(throws: KubernetesError.self) { try await stern.client.get(.pods, Self.pod) }
        #expect(stern.requests.count == 1)
        await stern.stop()
    }

    @Test("gives up after ten repetitions")
    func givesUp() async throws {
        let server = try await ScriptedServer { _, _ in
            ScriptedServer.failure(429, "x", headers: ["retry-after": "0"])
        }
        await #expect(throws: KubernetesError.self) { try await server.client.get(.pods, Self.pod) }
        #expect(server.requests.count == 11)
        await server.stop()
    }

    @Test("says so when no answer comes in time, or nobody is there")
    func silence() async throws {
        let server = try await ScriptedServer(timeout: .milliseconds(50)) { _, _ in
            try? await Task.sleep(for: .seconds(60))
            return HTTPResponse(200)
        }
        await #expect(
            throws: KubernetesError.timedOut(
                after: .milliseconds(50), request: "GET /prefix/api/v1/namespaces/n/pods/p")
        ) { try await server.client.get(.pods, Self.pod) }
        await server.stop()
        let error = await #expect(throws: KubernetesError.self) {
            try await server.client.get(.pods, Self.pod)
        }
        #expect(error?.description.hasPrefix("the API server cannot be reached: ") == true)
    }

    @Test("reads a rotated token again, and keeps the last one while the file is away")
    func tokens() throws {
        let path = Scratch.path()
        try Files.write(path, Array("one\n".utf8))
        let source = TokenSource(.tokenFile(path))
        #expect(source.token(now: .seconds(100)) == "one")
        try Files.write(path, Array("two".utf8))
        #expect(source.token(now: .seconds(159)) == "one")
        #expect(source.token(now: .seconds(160)) == "two")
        try Files.remove(path)
        #expect(source.token(now: .seconds(300)) == "two")
        #expect(TokenSource(.none).token() == nil)
    }

    @Test("finds numeric addresses and names, and says which host is not known")
    func resolution() async throws {
        #expect(try await resolve(host: "127.0.0.1", port: 6443) == [.ip("127.0.0.1", port: 6443)])
        #expect(try await resolve(host: "::1", port: 1) == [.ip("::1", port: 1)])
        let local = try await resolve(host: "localhost", port: 1)
        #expect(!local.isEmpty && local.allSatisfy(\.isLocal))
        let error = await #expect(throws: SystemError.self) {
            try await resolve(host: "no-such-host.invalid", port: 1)
        }
        #expect(error?.description.hasPrefix("cannot find the host no-such-host.invalid: ") == true)
    }

    @Test("reads a pod's configuration from its files")
    func inCluster() throws {
        let directory = Scratch.path()
        try Files.makeDirectory(directory)
        let missing = #expect(throws: ConfigurationError.self) {
            try ClientConfiguration.inCluster(host: "10.0.0.1", port: "443", directory: directory)
        }
        #expect(
            missing?.description
                == "this pod has no token at \(directory)/token: give it a service account and mount its token"
        )
        for (name, text) in [("token", "t"), ("ca.crt", "CA"), ("namespace", "models\n")] {
            try Files.write("\(directory)/\(name)", Array(text.utf8))
        }
        let configuration = try ClientConfiguration.inCluster(
            host: "fd00::1", port: "443", directory: directory)
        #expect(configuration.server == (try ServerAddress("https://[fd00::1]:443")))
        #expect(configuration.namespace == "models")
        #expect(configuration.credential == .tokenFile("\(directory)/token"))
        #expect(configuration.security.authorities == Array("CA".utf8))
        try Files.removeTree(directory)
    }
}

@Suite("Client of the API server over TLS", .timeLimit(.minutes(10)))
struct KubernetesClientTLSTests {
    @Test("trusts the authority of its configuration")
    func trust() async throws {
        let authority = try CertificateAuthority(commonName: "test")
        let identity = try authority.issueServerCertificate(hosts: ["127.0.0.1"]).identity
        let server = HTTPServer(security: try TLSServer(identity: identity)) { _ in
            ScriptedServer.json(200, ["a": 1])
        }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        var configuration = ClientConfiguration(
            server: try ServerAddress("https://127.0.0.1:\(address.port ?? 0)"))
        configuration.security.authorities = authority.certificatePEM
        let client = try await KubernetesClient.make(configuration, program: "test")
        #expect(try await client.get(.nodes, ObjectKey(name: "n")) == ["a": 1])

        configuration.security.authorities = try CertificateAuthority(commonName: "other").certificatePEM
        let stranger = try await KubernetesClient.make(configuration, program: "test")
        await #expect(throws: KubernetesError.self) { try await stranger.get(.nodes, ObjectKey(name: "n")) }
        await server.shutdown(grace: .zero)
    }

    @Test("says which certificate cannot be read")
    func badAuthority() async throws {
        var configuration = ClientConfiguration(server: try ServerAddress("https://127.0.0.1:1"))
        configuration.security.authorities = Array("nonsense".utf8)
        await #expect(
            throws: ConfigurationError(
                "the list of certificate authorities holds no certificate: "
                    + "give PEM that has -----BEGIN CERTIFICATE-----")
        ) { try await KubernetesClient.make(configuration, program: "test") }
    }
}
