// What the suite is told about the cluster: images, places, and how to do what no API can.

/// The settings of a run.
package struct SuiteSettings: Sendable {
    /// The image of `ganglion`, for the pods that report what they were given.
    package var image = "ganglion.dev/ganglion:latest"
    /// The model server's image; nil for the operator's own.
    package var modelServerImage: String?
    /// The model's directory on the node; nil where there is none.
    package var model: String?
    /// What the names of the suite's namespaces begin with.
    package var namespacePrefix = "ganglion-e2e"
    /// Where the chart is installed.
    package var systemNamespace = "ganglion-system"
    /// The node to test; nil for the one with the most NeuronCores.
    package var node: String?
    /// The longest that a case waits for one thing.
    package var timeout = Duration.seconds(120)
    /// Pods of the churn.
    package var churnPods = 200
    /// Pods of the churn at a time.
    package var churnWidth = 10
    /// The fake node's directory on the node.
    package var fakeRoot = "/var/lib/ganglion/fake"
    /// Whether the chips are known to be fake, whatever the NeuronNode says.
    package var isFake = false
    /// Restarts a component that is no pod; `$1` is device-plugin, node-agent or operator.
    package var restartCommand: String?
    /// Restarts the node's kubelet.
    package var kubeletRestartCommand: String?
    /// Upgrades the chart from an older version to this one.
    package var upgradeCommand: String?
    /// Uninstalls the chart.
    package var uninstallCommand: String?
    /// Leave the namespaces of failed cases.
    package var keepsFailures = false

    /// The defaults.
    package init() {}

    /// What can be known of a cluster of `ganglion up`.
    ///
    /// - Parameter directory: its --state-directory.
    package mutating func adopt(localCluster directory: String) {
        fakeRoot = directory + "/neuron"
        isFake = true
        restartCommand = restartCommand ?? "kill -9 $(cat '\(directory)'/pid/\"$1\")"
        kubeletRestartCommand = kubeletRestartCommand ?? "kill -9 $(cat '\(directory)/pid/kubelet')"
    }
}
