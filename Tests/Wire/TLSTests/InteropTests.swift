import SystemIO
import Testing

@testable import TLS

@Suite("Our server and other clients, over sockets", .timeLimit(.minutes(10)))
struct OtherClientTests {
    /// Listens with TLS; answers every connection alike.
    private func listen(
        _ loop: EventLoop, clients: TLSClientVerification = .none,
        _ answer: @escaping @Sendable ([UInt8]) -> Conversation.Answer
    ) async throws -> Listener {
        let server = try TLSServer(
            identity: Samples.get().server.identity, clients: clients, protocols: ["http/1.1"])
        let listener = try Listener(.ip("127.0.0.1", port: 0), loop: loop) { descriptor in
            guard
                let conversation = try? Conversation(
                    descriptor, loop: loop, security: server, answer: answer)
            else { return }
            Task { try await conversation.start() }
        }
        try await listener.start()
        return listener
    }

    /// Sends lines back; `quit` ends the connection.
    private static func echoLines(_ octets: [UInt8]) -> Conversation.Answer {
        guard octets.last == UInt8(ascii: "\n") else { return .nothing }
        return octets.starts(with: Array("quit".utf8)) ? .end(Array("bye\n".utf8)) : .send(octets)
    }

    @Test(
        "openssl s_client believes us, talks, renews its keys and hears our goodbye",
        .enabled(if: Tool.exists(Tool.openssl), "needs /usr/bin/openssl"), arguments: ["-tls1_2", "-tls1_3"])
    func openssl(version: String) async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let files = try CertificateFiles(Samples.get())
        let listener = try await listen(loop, Self.echoLines)
        let tool = try await Tool.run(
            Tool.openssl,
            [
                "s_client", "-connect", listener.address.description, "-CAfile", files["ca.pem"],
                "-verify_return_error", "-verify_hostname", "localhost", "-alpn", "h2,http/1.1",
                "-x509_strict",
                version,
            ], loop: loop)
        _ = await tool.conversation.text(until: "Verify return code")
        await tool.conversation.send("hello\n")
        let hello = await tool.conversation.text(until: "hello\n")
        #expect(hello.contains("Verification: OK"))
        #expect(hello.contains("ALPN protocol: http/1.1"))
        if version == "-tls1_3" {
            await tool.conversation.send("K\n")
            #expect(await tool.conversation.text(until: "KEYUPDATE").contains("KEYUPDATE"))
            await tool.conversation.send("again\n")
            #expect(await tool.conversation.text(until: "again\n").contains("again\n"))
        }
        await tool.conversation.send("quit\n")
        #expect(await tool.conversation.text(until: "closed").contains("bye\n"))
        #expect(await tool.process.wait() == .exited(0))
        await listener.close()
    }

    @Test(
        "openssl s_client may not renegotiate",
        .enabled(if: Tool.exists(Tool.openssl), "needs /usr/bin/openssl"))
    func renegotiation() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let listener = try await listen(loop, Self.echoLines)
        let tool = try await Tool.run(
            Tool.openssl, ["s_client", "-connect", listener.address.description, "-tls1_2"], loop: loop)
        _ = await tool.conversation.text(until: "Verify return code")
        await tool.conversation.send("hello\n")
        _ = await tool.conversation.text(until: "hello\n")
        await tool.conversation.send("R\n")
        #expect(await tool.conversation.text(until: "no renegotiation").contains("no renegotiation"))
        await tool.conversation.close()
        _ = await tool.process.wait()
        await listener.close()
    }

    @Test(
        "openssl finds nothing wrong with our certificates",
        .enabled(if: Tool.exists(Tool.openssl), "needs /usr/bin/openssl"),
        arguments: [("server.pem", "sslserver"), ("client.pem", "sslclient")])
    func certificates(name: String, purpose: String) async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let files = try CertificateFiles(Samples.get())
        let tool = try await Tool.run(
            Tool.openssl,
            ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", files["ca.pem"], files[name]],
            loop: loop)
        #expect(await tool.conversation.text(until: "OK\n") == "\(files[name]): OK\n")
        #expect(await tool.process.wait() == .exited(0))
    }

    @Test(
        "Python's ssl believes our address, carries 1 MB both ways and says goodbye",
        .enabled(if: Tool.exists(Tool.python), "needs /usr/bin/python3"))
    func python() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let files = try CertificateFiles(Samples.get())
        let authorities = try Samples.get().authority.certificatePEM
        let listener = try await listen(loop, clients: .required(authorities: authorities)) { octets in
            octets.count == 1_000_000 ? .end(octets) : .nothing
        }
        let port = try #require(listener.address.port)
        let script = """
            import socket, ssl
            context = ssl.create_default_context(cafile='\(files["ca.pem"])')
            context.load_cert_chain('\(files["client.pem"])', '\(files["client.key"])')
            context.set_alpn_protocols(['http/1.1'])
            with context.wrap_socket(socket.create_connection(('127.0.0.1', \(port))), server_hostname='127.0.0.1') as s:
                data = bytes(i * 7 % 256 for i in range(1000000))
                s.sendall(data)
                back = b''
                while len(back) < len(data):
                    back += s.recv(65536)
                assert back == data
                assert s.recv(1) == b''
                print(s.version(), s.selected_alpn_protocol(), 'done')
            """
        let tool = try await Tool.run(Tool.python, ["-c", script], loop: loop)
        #expect(await tool.conversation.text(until: "done\n") == "TLSv1.3 http/1.1 done\n")
        #expect(await tool.process.wait() == .exited(0))
        await listener.close()
    }

    @Test(
        "curl believes an authority that we made, and shows its certificate",
        .enabled(if: Tool.exists(Tool.curl), "needs /usr/bin/curl"))
    func http() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let files = try CertificateFiles(Samples.get())
        let authorities = try Samples.get().authority.certificatePEM
        let listener = try await listen(loop, clients: .required(authorities: authorities)) { octets in
            guard String(decoding: octets, as: UTF8.self).hasSuffix("\r\n\r\n") else { return .nothing }
            return .end(
                Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhealth".utf8))
        }
        let url = "https://\(listener.address)"
        let arguments = [
            "--silent", "--show-error", "--cacert", files["ca.pem"], "--cert", files["client.pem"], "--key",
            files["client.key"], "\(url)/healthz",
        ]
        let tool = try await Tool.run(Tool.curl, arguments, loop: loop)
        #expect(await tool.conversation.text(until: "health") == "health")
        #expect(await tool.process.wait() == .exited(0))
        await listener.close()
    }
}

@Suite("Our client and other servers, over sockets", .timeLimit(.minutes(10)))
struct OtherServerTests {
    @Test(
        "openssl s_server asks who we are, and talks",
        .enabled(if: Tool.exists(Tool.openssl), "needs /usr/bin/openssl"), arguments: ["-tls1_2", "-tls1_3"])
    func openssl(version: String) async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let samples = try Samples.get()
        let files = try CertificateFiles(samples)
        let tool = try await Tool.run(
            Tool.openssl,
            [
                "s_server", "-accept", "127.0.0.1:0", "-cert", files["server.pem"], "-key",
                files["server.key"],
                "-Verify", "1", "-verify_return_error", "-CAfile", files["ca.pem"], "-alpn", "h2", "-rev",
                "-naccept", "1", version,
            ], loop: loop)
        let port = try await Self.port(in: tool.conversation, after: "ACCEPT 127.0.0.1:")
        let client = try TLSClient(
            host: "localhost", trust: .file(files["ca.pem"]), identity: samples.client.identity,
            protocols: ["h2", "http/1.1"])
        let conversation = try Conversation(
            try await connect(to: .ip("127.0.0.1", port: port), loop: loop), loop: loop, security: client)
        try await conversation.start()
        await conversation.send("ganglion\n")
        #expect(await conversation.text(until: "\n") == "noilgnag\n")
        #expect(await conversation.negotiatedProtocol == "h2")
        // s_server -rev ends at this word.
        await conversation.send("CLOSE\n")
        #expect(await conversation.end() == .ended)
        #expect(await tool.process.wait() == .exited(0))
    }

    @Test(
        "Python's ssl: an end with goodbye is one, an end without is a fault",
        .enabled(if: Tool.exists(Tool.python), "needs /usr/bin/python3"), arguments: [true, false])
    func python(goodbye: Bool) async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let samples = try Samples.get()
        let files = try CertificateFiles(samples)
        let script = """
            import socket, ssl
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain('\(files["server.pem"])', '\(files["server.key"])')
            listener = socket.create_server(('127.0.0.1', 0))
            print('port %d.' % listener.getsockname()[1], flush=True)
            plain, _ = listener.accept()
            s = context.wrap_socket(plain, server_side=True)
            s.sendall(s.recv(100) * 3)
            if \(goodbye ? "True" : "False"):
                s.unwrap()
            s.close()
            """
        let tool = try await Tool.run(Tool.python, ["-c", script], loop: loop)
        let port = try await Self.port(in: tool.conversation, after: "port ")
        let address = SocketAddress.ip("127.0.0.1", port: port)
        let client = try TLSClient(host: "127.0.0.1", trust: samples.trust)
        let conversation = try Conversation(
            try await connect(to: address, loop: loop), loop: loop, security: client)
        try await conversation.start()
        await conversation.send("abc")
        let octets = await conversation.octets { $0.count == 9 }
        #expect(octets == Array("abcabcabc".utf8))
        let truncated = SystemError(
            "read from", address.description, code: 0, hint: "the connection ended without TLS close_notify")
        #expect(await conversation.end() == (goodbye ? .ended : .failed(truncated)))
        #expect(await tool.process.wait() == .exited(0))
    }

    /// The number that follows `prefix` in what a tool prints.
    private static func port(in conversation: Conversation, after prefix: String) async throws -> UInt16 {
        let octets = await conversation.octets { octets in
            let text = String(decoding: octets, as: UTF8.self)
            guard let start = text.firstRange(of: prefix)?.upperBound else { return false }
            return text[start...].contains { !$0.isNumber }
        }
        let text = String(decoding: octets, as: UTF8.self)
        let start = try #require(text.firstRange(of: prefix)).upperBound
        return try #require(UInt16(text[start...].prefix { $0.isNumber }))
    }
}
