// The names that tie the parts together. Pods, nodes and other programs know them: they never change.

/// Labels, annotations and resources.
package enum Names {
    /// The extended resource that the device plugin advertises: AWS's own name.
    package static let neuronCore = "aws.amazon.com/neuroncore"
    /// The pod annotation with the assigned cores, such as `4,5,6,7`; the Binding brings it.
    package static let coresAnnotation = "ganglion.dev/neuroncores"
    /// The pods' `schedulerName`.
    package static let scheduler = "ganglion-operator"
    /// The field manager of server-side apply.
    package static let fieldManager = "ganglion-operator"
    /// The pod label with the ModelServer's name; also the Service's selector.
    package static let serverLabel = "ganglion.dev/model-server"
    /// The pod label with the replica's number.
    package static let replicaLabel = "ganglion.dev/replica"
    /// The pod label with the hash of what the pod was made from.
    package static let hashLabel = "ganglion.dev/template-hash"
    /// The label of everything the operator makes.
    package static let managedByLabel = "app.kubernetes.io/managed-by"
    /// The node label with the EC2 instance type.
    package static let instanceTypeLabel = "node.kubernetes.io/instance-type"
    /// The taint of Neuron nodes that AWS's documentation recommends.
    package static let neuronTaint = "aws.amazon.com/neuron"
    /// The container that serves.
    package static let container = "model-server"
}
