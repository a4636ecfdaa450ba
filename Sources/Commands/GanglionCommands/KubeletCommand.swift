// `ganglion kubelet`: the local cluster's kubelet, started by `ganglion up`. It is a process of its own so that it can be
// killed and started again while pods run.

import Arguments
import KubernetesClient
import LocalKubelet
import LogArguments
import Observability
import SystemIO

/// The `kubelet` command.
enum KubeletCommand {
    private static let root = Option<String>("root", placeholder: "DIR", help: "The kubelet's directory")
    private static let nodeName = Option<String>("node-name", placeholder: "NAME", help: "The node's name")
    private static let kubeconfig = Option<String>(
        "kubeconfig", placeholder: "FILE", help: "How to reach the API server")
    private static let instanceType = Option<String?>(
        "instance-type", placeholder: "TYPE", help: "The label node.kubernetes.io/instance-type")

    static let command = Command(
        "kubelet", summary: "Run a node whose containers are local processes (started by ganglion up)",
        arguments: [root, nodeName, kubeconfig, instanceType] + LogOptions.all,
        examples: [
            .init(
                "ganglion kubelet --root /tmp/node --node-name n1 --kubeconfig kubeconfig",
                "add a node to a local cluster")
        ]
    ) { values in
        let program = try Files.readLink("/proc/self/exe")
        let directory = String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])
        var options = KubeletOptions(
            root: absolutePath(values[root]), nodeName: values[nodeName],
            images: ImageTable(directory: directory),
            program: program)
        options.instanceType = values[instanceType]
        let log = LogOptions.logger(values)
        let configuration = try ClientConfiguration.load(kubeconfig: values[kubeconfig])
        options.service = (configuration.server.host, configuration.server.port)
        if let supervisor = Command.environment(ContainerShim.supervisorVariable) {
            options.supervisor = Int32(supervisor)
        }
        let client = try await KubernetesClient.make(configuration, program: "kubelet")
        try await Kubelet(options, client: client, log: log).run()
    }
}
