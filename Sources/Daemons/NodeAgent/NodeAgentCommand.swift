// The program `ganglion-node-agent`: from the command line to an agent that runs until SIGTERM. Whatever it cannot reach,
// it goes on.

package import Arguments
internal import Glibc
internal import KubernetesClient
internal import LogArguments
internal import Observability
internal import StatusEndpoints
internal import SystemIO

/// The command line and life of the node agent.
package enum NodeAgentCommand {
    private static let nodeName = Option<String>(
        "node-name", environment: "NODE_NAME", placeholder: "NAME", help: "The name of this Node",
        check: { $0.isEmpty ? "must not be empty" : nil })
    private static let kubeconfig = Option<String?>(
        "kubeconfig", placeholder: "FILE",
        help: "How to reach the API server (default KUBECONFIG, the pod's service account, ~/.kube/config)")
    private static let pluginSocket = Option(
        "plugin-socket", default: "/run/ganglion/agent.sock", environment: "GANGLION_AGENT_SOCKET",
        placeholder: "PATH", help: "The device plugin's socket for the agent")
    private static let podResourcesSocket = Option(
        "pod-resources-socket", default: "/var/lib/kubelet/pod-resources/kubelet.sock",
        environment: "GANGLION_POD_RESOURCES_SOCKET", placeholder: "PATH",
        help: "The kubelet's socket that says who holds what")

    private static let labelNode = Flag(
        "label-node",
        help: "Label the Node neuron.amazonaws.com/present=true while it has chips, as AWS's plugin does")

    private static let extenderSchedulers = Option<String?>(
        "extender-schedulers", environment: "GANGLION_EXTENDER_SCHEDULERS", placeholder: "NAMES",
        help:
            "The schedulerNames, with commas between, of pods that get their NeuronCores from ganglion extender"
    )

    private static let metricsAddress = Option<String?>(
        "metrics-address", environment: "GANGLION_METRICS_ADDRESS", placeholder: "HOST:PORT",
        help: "Serve /metrics, /healthz and /readyz over HTTP, :9411 for every address (default nowhere)",
        check: { text in
            do throws(SystemError) {
                _ = try SocketAddress(parsing: text)
                return nil
            } catch {
                return "must be HOST:PORT with a numeric host and a port up to 65535, or a path"
            }
        })

    /// The program.
    package static let command = Command(
        "ganglion-node-agent",
        summary: "Publishes a node's NeuronCores and tells the device plugin its groups",
        details: """
            Runs beside the device plugin: hands it the groups that the operator has assigned, publishes the \
            NeuronNode, and writes events. Without it cores are still handed out.
            """,
        arguments: [
            nodeName, kubeconfig, pluginSocket, podResourcesSocket, labelNode, extenderSchedulers,
            metricsAddress,
        ]
            + LogOptions.all,
        action: { values in try await run(values) })

    private static func run(_ values: ArgumentValues) async throws {
        let log = LogOptions.logger(values)
        let signals = try SignalWatcher()
        let configuration = try ClientConfiguration.load(kubeconfig: values[kubeconfig])
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        let client = try await KubernetesClient.make(
            configuration, program: "ganglion-node-agent", metrics: ClientMetrics(registry))
        var settings = NodeAgent.Settings(
            nodeName: values[nodeName], pluginSocket: values[pluginSocket],
            podResourcesSocket: values[podResourcesSocket])
        settings.labelsNode = values[labelNode]
        settings.extenderSchedulers = Set(
            (values[extenderSchedulers] ?? "").split(separator: ",").map(String.init))
        let agent = NodeAgent(settings: settings, client: client, registry: registry, log: log)
        var status: StatusServer?
        if let text = values[metricsAddress] {
            status = StatusServer(address: try SocketAddress(parsing: text), log: log, metrics: registry) {
                await agent.checks($0)
            }
            await status?.start()
        }
        log.info("started", ["node": values[nodeName], "server": configuration.server.authority])
        await agent.start()
        _ = await signals.first()
        log.info("stopping")
        // A kubelet or an API server that does not answer must not keep the pod from ending.
        _ = EventLoop.shared.schedule(after: .seconds(5)) { exit(0) }
        await status?.stop()
        await agent.stop()
    }
}
