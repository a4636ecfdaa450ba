// `ganglion report`: a container that says what it was given. It needs no shell, no file that can be written and no
// rights, so that it runs wherever a model server would, and it stands in for a server that somebody else wrote.

package import Arguments
internal import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO

/// The `report` command.
package enum ReportCommand {
    /// What the command prints: the report as one line of JSON.
    ///
    /// Fails where exactly `expectedCores` were asked for and the container cannot use as many; the report is printed
    /// even then.
    package static func run(_ report: ContainerReport, expectedCores: Int?) -> CommandOutput {
        guard let json = try? JSON(encoding: report) else {
            return CommandOutput(failure: "the report cannot be written as JSON")
        }
        return CommandOutput(
            text: json.text() + "\n", failure: expectedCores.flatMap { report.fault(expecting: $0) })
    }

    /// Where to listen: `:PORT` is that port of the pod's address, where POD_IP tells it, and of every address of
    /// both families otherwise.
    ///
    /// - Throws: `SystemError` that says what an address looks like.
    static func address(_ text: String, podIP: String?) throws(SystemError) -> SocketAddress {
        let address = try SocketAddress(parsing: text)
        guard case .any(let port) = address, let host = podIP, !host.isEmpty else { return address }
        return try SocketAddress(parsing: SocketAddress.authority(host, port))
    }

    private static let stay = Flag("stay", help: "Remain until SIGTERM or SIGINT")
    private static let listen = Option<String?>(
        "listen", placeholder: "ADDRESS",
        help:
            "Answer every request over HTTP with the report, until SIGTERM or SIGINT; :PORT is on $POD_IP where it is set"
    )
    private static let expected = Option<Int?>(
        "expect-cores", placeholder: "N",
        help: "Fail unless the container has exactly so many NeuronCores, and can use them"
    ) { (0...512).contains($0) ? nil : "must be 0 to 512" }
    private static let deviceRoot = Option(
        "device-root", default: "/dev", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where the device nodes are")

    /// `report` for the command line.
    package static let command = Command(
        "report", summary: "Print what this container was given: NeuronCores, devices and environment",
        details: """
            One line of JSON: the host name, the variables that begin with NEURON_, GANGLION_ or AWS_NEURON_, and for each \
            device whether it can be opened.
            """,
        arguments: [stay, listen, expected, deviceRoot],
        examples: [
            .init(
                "ganglion report --expect-cores 4",
                "the report, and exit code 1 unless four cores can be used"),
            .init("ganglion report --listen :9000", "answer every request on port 9000 with the report"),
        ]
    ) { values in
        let signals = try SignalWatcher()
        let report = try ContainerReport.gather(
            environment: environment(), deviceRoot: values[deviceRoot])
        let output = run(report, expectedCores: values[expected])
        try print(output)
        guard let listen = values[listen] else {
            if values[stay] { _ = await signals.first() }
            return
        }
        let answer = Array(output.text.utf8)
        let server = HTTPServer { _ in
            HTTPResponse(200, headers: ["content-type": "application/json"], body: .bytes(answer))
        }
        try await server.listen(on: address(listen, podIP: Command.environment("POD_IP")))
        _ = await signals.first()
        await server.shutdown()
    }

    /// All variables with which this process was started.
    private static func environment() throws(SystemError) -> [String: String] {
        let entries = try Files.read("/proc/self/environ", limit: 4 << 20).split(separator: 0)
        return Dictionary(
            entries.compactMap { entry in
                let parts = entry.split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                return (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
            }, uniquingKeysWith: { first, _ in first })
    }
}
