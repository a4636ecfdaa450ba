// What an operator can be told.

internal import GanglionAPI
package import Observability
internal import Scheduling

/// What the pods of ModelServers get where neither template nor preset says otherwise.
package struct ServingDefaults: Equatable, Sendable {
    /// The image.
    package var image = "ganglion.dev/model-server:latest"
    /// Whether another image here replaces the pods that run with an earlier one.
    package var replacesImage = false
    /// The command of pods whose template names no image; empty for the image's own.
    package var command: [String] = []
    /// The folder of every node in which servers of preset ganglion keep the models that they fetch; nil where each has its
    /// own.
    package var modelCachePath: String?
    /// How much it may hold, such as `64Gi`; nil for the server's own default.
    package var modelCacheSize: String?
    /// The extended resource of NeuronCores.
    package var resource = WellKnown.neuronCore

    /// The standard ones.
    package init() {}
}

/// Settings of an operator.
package struct OperatorSettings: Sendable {
    /// What pods get.
    package var serving = ServingDefaults()
    /// Whether pods of other controllers go that kubelets have rejected.
    package var deletesRejectedPods = false
    /// The extended resource of whole chips.
    package var chipResource = WellKnown.neuronChip
    /// The `schedulerName`s of pods that get their cores from an extender.
    package var extenderSchedulers: Set<String> = []
    /// ModelServers that are worked on at a time.
    package var workers = 4
    /// How long the claims of a pod may take to be bound before another node is looked for: kube-scheduler's
    /// bindTimeoutSeconds.
    package var volumeTimeLimit = Duration.seconds(600)
    /// How often pods are asked how far their models are.
    package var modelPace = ModelWatchPace()
    /// Who this process is, in events.
    package var instance = "ganglion-operator"
    /// Where metrics go.
    package var registry: MetricsRegistry?

    /// The standard settings.
    package init() {}

    /// By which names pods are placed.
    var names: PlacementNames {
        PlacementNames(
            resource: serving.resource, chipResource: chipResource, assigners: extenderSchedulers)
    }
}
