// What an operator can be told.

internal import GanglionAPI
package import Observability

/// What the pods of ModelServers get where neither template nor preset says otherwise.
package struct ServingDefaults: Equatable, Sendable {
    /// The image.
    package var image = "ganglion.dev/model-server:latest"
    /// Whether another image here replaces the pods that run with an earlier one.
    package var replacesImage = false
    /// The command of pods whose template names no image; empty for the image's own.
    package var command: [String] = []
    /// The extended resource of NeuronCores.
    package var resource = WellKnown.neuronCore

    /// The standard ones.
    package init() {}
}

/// Settings of an operator.
package struct OperatorSettings: Sendable {
    /// What pods get.
    package var serving = ServingDefaults()
    /// ModelServers that are worked on at a time.
    package var workers = 4
    /// Who this process is, in events.
    package var instance = "ganglion-operator"
    /// Where metrics go.
    package var registry: MetricsRegistry?

    /// The standard settings.
    package init() {}
}
