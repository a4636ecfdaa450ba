import Glibc
import HTTP
import Observability
import SystemIO
import Testing

@testable import DevicePlugin

@Suite("What is asked over HTTP", .timeLimit(.minutes(10)))
struct StatusServerTests {
    /// A plugin's answer.
    static func get(_ daemon: DevicePluginDaemon, _ path: String, _ method: String = "GET") async throws -> (
        status: Int, text: String
    ) {
        let address = try #require(await daemon.statusAddress)
        let client = HTTPClient(address)
        let response = try await client.send(HTTPRequest(method, path))
        return (response.status, String(decoding: response.bytes, as: UTF8.self))
    }

    static func daemon(_ node: Node) -> DevicePluginDaemon {
        var settings = node.settings
        settings.statusAddress = .ip("127.0.0.1", port: 0)
        return DevicePluginDaemon(settings: settings, log: .silent, metrics: node.metrics)
    }

    @Test("says that it lives without a kubelet, and that it is ready when the kubelet has the devices")
    func probes() async throws {
        let node = try Node()
        let daemon = Self.daemon(node)
        try await daemon.start()
        #expect(try await Self.get(daemon, "/healthz") == (200, "[+] socket of \(Node.resource)\nok\n"))
        #expect(
            try await Self.get(daemon, "/readyz") == (
                503,
                "[+] socket of \(Node.resource)\n[-] registration of \(Node.resource): the kubelet holds no open "
                    + "ListAndWatch (waiting)\n[+] chips\nfailed\n"
            ))
        try await node.kubelet.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        #expect(
            try await Self.get(daemon, "/readyz") == (
                200, "[+] socket of \(Node.resource)\n[+] registration of \(Node.resource)\n[+] chips\nok\n"
            ))
        #expect(try await Self.get(daemon, "/metrics").text.contains("ganglion_device_plugin_registered"))
        #expect(try await Self.get(daemon, "/").status == 404)
        #expect(try await Self.get(daemon, "/healthz", "POST").status == 405)
        let state = await node.kubelet.state
        #expect(state.registrations == 1 && state.overlaps == 0)
        await daemon.stop()
        await node.kubelet.close()
    }

    @Test("is dead when its own socket does not answer, which a restart mends")
    func ownSocket() async throws {
        let node = try Node()
        var settings = node.settings
        // Nobody but the probe shall notice.
        settings.served[0].plugin.pollInterval = .seconds(600)
        settings.statusAddress = .ip("127.0.0.1", port: 0)
        let daemon = DevicePluginDaemon(settings: settings, log: .silent, metrics: node.metrics)
        try await node.kubelet.start()
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        // A socket that nobody accepts on takes the place of the plugin's own, out of sight of the directory's watch.
        let dead = try Listener(.unix(node.ownSocket + "x")) { _ in }
        let plugin = try #require(await daemon.plugins.first)
        await plugin.stopWatching()
        try #require(rename(node.ownSocket + "x", node.ownSocket) == 0)
        await dead.close()
        let answer = try await Self.get(daemon, "/healthz")
        #expect(answer.status == 503)
        #expect(answer.text.hasPrefix("[-] socket of \(Node.resource): cannot connect"), "\(answer.text)")
        await daemon.stop()
        await node.kubelet.close()
    }
}
