// The names that the agent shares with other programs. They never change.

/// Annotations, resources and who writes.
enum AgentNames {
    /// The pod annotation with the assigned cores, such as `4,5,6,7`; the operator's Binding brings it.
    static let coresAnnotation = "ganglion.dev/neuroncores"
    /// The `schedulerName` of pods that the operator binds: nobody else assigns cores.
    static let scheduler = "ganglion-operator"
    /// The resource whose devices are cores, for as long as the plugin has not said what it advertises.
    static let coreResource = "aws.amazon.com/neuroncore"
    /// The field manager of server-side apply.
    static let fieldManager = "ganglion-node-agent"
    /// The reporting controller of events.
    static let controller = "ganglion.dev/node-agent"
}
