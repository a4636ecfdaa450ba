// The program `ganglion-node-agent`: from the command line to an agent that runs until SIGTERM. Whatever it cannot reach,
// it goes on.

package import Arguments
internal import Glibc
internal import KubernetesClient
internal import LogArguments
internal import Observability
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

    /// The program.
    package static let command = Command(
        "ganglion-node-agent",
        summary: "Publishes a node's NeuronCores and tells the device plugin its groups",
        details: """
            Runs beside the device plugin: hands it the groups that the operator has assigned, publishes the \
            NeuronNode, and writes events. Without it cores are still handed out.
            """,
        arguments: [nodeName, kubeconfig, pluginSocket, podResourcesSocket, labelNode] + LogOptions.all,
        action: { values in try await run(values) })

    private static func run(_ values: ArgumentValues) async throws {
        let log = LogOptions.logger(values)
        let signals = try SignalWatcher()
        let configuration = try ClientConfiguration.load(kubeconfig: values[kubeconfig])
        let client = try await KubernetesClient.make(configuration, program: "ganglion-node-agent")
        var settings = NodeAgent.Settings(
            nodeName: values[nodeName], pluginSocket: values[pluginSocket],
            podResourcesSocket: values[podResourcesSocket])
        settings.labelsNode = values[labelNode]
        let agent = NodeAgent(settings: settings, client: client, log: log)
        log.info("started", ["node": values[nodeName], "server": configuration.server.authority])
        await agent.start()
        _ = await signals.first()
        log.info("stopping")
        // Whoever does not answer shall not keep the pod from ending.
        _ = EventLoop.shared.schedule(after: .seconds(5)) { exit(0) }
        await agent.stop()
    }
}
