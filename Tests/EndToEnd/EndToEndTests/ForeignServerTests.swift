import HTTP
import HTTP1
import JSON
import SystemIO
import Testing

/// Servers that the project did not write, as their owners would run them: Python's own HTTP server stands for them.
@Suite(
    "Servers that others wrote", .serialized,
    .enabled(if: Tools.isAvailable, "kubectl or the executables are missing: run make test"))
struct ForeignServerTests {
    /// It takes its address from the environment that preset custom hands over, and answers at one path, which is not /ping.
    private static let program = """
        import http.server, os
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/cores" else 404)
                self.end_headers()
                self.wfile.write(os.environ["NEURON_RT_VISIBLE_CORES"].encode())
        address = os.environ["POD_IP"], int(os.environ["GANGLION_PORT"])
        http.server.HTTPServer(address, Handler).serve_forever()
        """

    private static func server(_ name: String, runtime: String, container: String = "") -> String {
        """
        apiVersion: ganglion.dev/v1alpha1
        kind: ModelServer
        metadata: {name: \(name)}
        spec:
          neuron: {cores: 2}
          runtime: {\(runtime)}
          models: [{name: any, uri: "file:///anything"}]
          template:
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: model-server
                image: ganglion.dev/shell
                command: [python3, -c, \(JSON.string(program).text())]
                \(container)
        """
    }

    @Test("turn ready on any port, and the Service, the URL and kubectl's table follow")
    func ready() async throws {
        let cluster = try await Cluster.start()
        let servers = [
            // A connection is all that is asked.
            ("bare", 9000, Self.server("bare", runtime: "preset: custom, port: 9000")),
            ("path", 9001, Self.server("path", runtime: "preset: custom, port: 9001, readinessPath: /cores")),
            // The container's own port and probe: nothing is added beside them.
            (
                "own", 9002,
                Self.server(
                    "own", runtime: "preset: custom",
                    container: """
                        ports: [{name: http, containerPort: 9002}]
                                readinessProbe: {httpGet: {path: /cores, port: http}, periodSeconds: 1}
                        """)
            ),
        ]
        for (_, _, manifest) in servers {
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: manifest).succeeded()
        }
        for (name, port, _) in servers {
            _ = try await cluster.kubectl([
                "wait", "--for=condition=Ready", "modelserver/\(name)", "--timeout=120s",
            ]).succeeded()
            let service = try await cluster.json("get", "service", name)
            let entry = try #require(service.spec?.ports?[0])
            #expect(entry.port?.int == port)
            #expect(entry.targetPort == "http")
            let address = try SocketAddress(parsing: "\(service.spec?.clusterIP?.string ?? ""):\(port)")
            let answer = try await HTTPClient(address).send(HTTPRequest("GET", "/cores"))
            #expect(answer.status == 200)
            #expect(String(decoding: answer.bytes, as: UTF8.self) == "0,1")
            let server = try await cluster.json("get", "modelserver", name)
            #expect(server.status?.url?.string == "http://\(name).default.svc:\(port)")
            let table = try await cluster.kubectl(["get", "modelserver", name, "-o", "wide"]).succeeded()
            #expect(table.contains("http://\(name).default.svc:\(port)"))
            #expect(table.contains("PRESET") && table.contains("custom"))
        }
        let own = try await cluster.json("get", "pods", "-l", "ganglion.dev/model-server=own")
        let container = try #require(own.items?[0]?.spec?.containers?[0])
        #expect(container.startupProbe == nil)
        #expect(container.livenessProbe == nil)
        try await cluster.stop()
    }

    @Test("the project's own server moves with spec.runtime.port")
    func ownPort() async throws {
        let cluster = try await Cluster.start()
        let manifest = """
            apiVersion: ganglion.dev/v1alpha1
            kind: ModelServer
            metadata: {name: minilm}
            spec:
              neuron: {cores: 2}
              runtime: {port: 9100}
              models: [{name: minilm, uri: "file://\(try Tools.model(cluster))"}]
            """
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: manifest).succeeded()
        _ = try await cluster.kubectl([
            "wait", "--for=condition=Ready", "modelserver/minilm", "--timeout=120s",
        ]).succeeded()
        let service = try await cluster.json("get", "service", "minilm")
        let address = try SocketAddress(parsing: "\(service.spec?.clusterIP?.string ?? ""):9100")
        #expect(try await HTTPClient(address).send(HTTPRequest("GET", "/ping")).status == 200)
        try await cluster.stop()
    }
}
