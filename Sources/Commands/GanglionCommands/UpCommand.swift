// `ganglion up`: a whole cluster on this machine, for as long as the command runs.

import Arguments
import Glibc
import LocalCluster
import LogArguments
import Observability
import SystemIO

/// Options that `up` and `demo` share.
enum ClusterOptions {
    static let instanceType = Option(
        "instance-type", default: "inf2.48xlarge", placeholder: "TYPE",
        help: "The EC2 instance type whose chips the node gets")
    static let nodeName = Option(
        "node-name", default: "local-0", placeholder: "NAME", help: "The node's name")
    static let port = Option(
        "port", default: 0, placeholder: "N", help: "The API server's port on 127.0.0.1; 0 takes a free one"
    ) { (0...65_535).contains($0) ? nil : "must be 0 to 65535" }
    static let granularity = Option(
        "granularity", default: "core", placeholder: "core|chip|both",
        help: "What the device plugin advertises: aws.amazon.com/neuroncore, aws.amazon.com/neuron or both"
    ) { ["core", "chip", "both"].contains($0) ? nil : "must be core, chip or both" }
    static let stateDirectory = Option<String?>(
        "state-directory", placeholder: "DIR",
        help: "Where the cluster's state is kept while it runs, at most 60 octets; otherwise under /tmp")

    static let auditLog = Option<String?>(
        "audit-log", placeholder: "FILE",
        help: "Add a line for each request to this file, in the form of kube-apiserver's audit log")
    static let leaderElect = Flag("leader-elect", help: "Let the operator work only while it holds its Lease")
    static let labelNode = Flag(
        "label-node", help: "Let the agent label its Node neuron.amazonaws.com/present, as AWS's plugin does")
    static let featureGates = Option(
        "feature-gates", default: "WatchList=true", placeholder: "GATE=BOOL",
        help: "WatchList=false makes the API server one like those before Kubernetes 1.32"
    ) {
        ["WatchList=true", "WatchList=false"].contains($0) ? nil : "must be WatchList=true or WatchList=false"
    }

    static let all: [any ArgumentDeclaration] = [
        instanceType, nodeName, port, granularity, stateDirectory, auditLog, leaderElect, labelNode,
        featureGates, LogOptions.level,
    ]

    /// What the command itself logs: what goes wrong, and everything where everything is asked for.
    static func logger(_ values: ArgumentValues) -> Logger {
        Logger(level: values[LogOptions.level] == .debug ? .debug : .warning)
    }

    /// A cluster as the options say, not started.
    static func cluster(_ values: ArgumentValues, log: Logger) throws -> SingleNodeCluster {
        var options = SingleNodeCluster.Options(programs: try programs())
        options.instanceType = values[instanceType]
        options.nodeName = values[nodeName]
        options.port = UInt16(clamping: values[port])
        options.granularity = values[granularity]
        options.stateDirectory = values[stateDirectory].map(absolutePath)
        options.logLevel = values[LogOptions.level]
        options.auditLog = values[auditLog]
        options.leaderElection = values[leaderElect]
        options.labelsNode = values[labelNode]
        options.hasWatchList = values[featureGates] != "WatchList=false"
        return try SingleNodeCluster(options, log: log)
    }

    /// The directory of this executable: the others are beside it.
    private static func programs() throws -> String {
        let path = try Files.readLink("/proc/self/exe")
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }
}

/// The `up` command.
enum UpCommand {
    static let command = Command(
        "up", summary: "Run a cluster of one node with fake NeuronCores on this machine",
        details: """
            Starts an API server, a kubelet, the device plugin, the node agent and the operator, and stops them all when it \
            is stopped. Containers are local processes; the images are ganglion.dev/ganglion, ganglion.dev/model-server and \
            ganglion.dev/shell.
            """,
        arguments: ClusterOptions.all,
        examples: [
            .init("ganglion up", "a node like inf2.48xlarge: 12 chips, 24 NeuronCores"),
            .init("ganglion up --instance-type trn1.32xlarge", "one with 16 chips in a torus"),
        ]
    ) { values in
        let signals = try SignalWatcher([.terminate, .interrupt, .hangup])
        let cluster = try ClusterOptions.cluster(values, log: ClusterOptions.logger(values))
        do {
            say("starting a cluster in \(cluster.directory.path)")
            try await cluster.start()
            say(
                """
                node \(values[ClusterOptions.nodeName]) is ready

                  export KUBECONFIG=\(cluster.directory.kubeconfig)
                  kubectl get nodes -o wide

                Ctrl-C stops it.
                """)
            _ = await signals.first()
            say("stopping")
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }
}

/// Prints a line and makes sure that it is seen at once, also through a pipe.
func say(_ text: String) {
    print(text)
    fflush(nil)
}
