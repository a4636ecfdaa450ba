// What an operator can be told.

package import Observability

/// Settings of an operator.
package struct OperatorSettings: Sendable {
    /// The image of model servers whose template names none.
    package var modelServerImage = "ganglion.dev/model-server:latest"
    /// The command of model servers whose template names no image; empty for the image's own.
    package var modelServerCommand: [String] = []
    /// The extended resource of NeuronCores.
    package var resource = "aws.amazon.com/neuroncore"
    /// ModelServers that are worked on at a time.
    package var workers = 4
    /// Who this process is, in events.
    package var instance = "ganglion-operator"
    /// Where metrics go.
    package var registry: MetricsRegistry?

    /// The standard settings.
    package init() {}
}
