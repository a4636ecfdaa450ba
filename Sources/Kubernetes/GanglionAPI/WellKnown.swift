// The names that tie the parts together. Pods, nodes, dashboards and other programs know them: they never change.

/// Labels, annotations, taints, resources and the names under which this project's programs write.
package enum WellKnown {
    // MARK: Resources and taints

    /// The extended resource that the device plugin advertises: AWS's own name.
    package static let neuronCore = "aws.amazon.com/neuroncore"
    /// The same for whole chips.
    package static let neuronChip = "aws.amazon.com/neuron"
    /// The taint of Neuron nodes that AWS's documentation recommends.
    package static let neuronTaint = "aws.amazon.com/neuron"

    // MARK: Pods

    /// The pod annotation with the assigned cores, such as `4,5,6,7`; the Binding brings it.
    package static let coresAnnotation = "ganglion.dev/neuroncores"
    /// The annotation of a ModelServer whose every new value starts a server that the autoscaler has stopped.
    package static let wakeAnnotation = "ganglion.dev/wake"
    /// The annotation of a ModelServer that asks for an earlier revision: its number, or 0 for the one before.
    package static let rollbackAnnotation = "ganglion.dev/rollback-to"
    /// The annotation of a pod with the name of its gang: pods of a namespace that are placed together or not at all.
    package static let gangAnnotation = "ganglion.dev/gang"
    /// The annotation of a pod with how many pods its gang has at least.
    package static let gangSizeAnnotation = "ganglion.dev/gang-size"
    /// The pods' `schedulerName`: whoever has it is bound by the operator, and nobody else assigns cores.
    package static let scheduler = "ganglion-operator"
    /// The pod label with the ModelServer's name; also the Service's selector.
    package static let serverLabel = "ganglion.dev/model-server"
    /// The pod label with the replica's number.
    package static let replicaLabel = "ganglion.dev/replica"
    /// The pod label with the hash of what the pod was made from.
    package static let hashLabel = "ganglion.dev/template-hash"
    /// The container that serves.
    package static let servingContainer = "model-server"

    // MARK: Objects in general

    /// The label of everything the operator makes.
    package static let managedByLabel = "app.kubernetes.io/managed-by"

    // MARK: Nodes

    /// The node label with the EC2 instance type.
    package static let instanceTypeLabel = "node.kubernetes.io/instance-type"
    /// The node label by which AWS's plugin marks Neuron nodes, and by which the Neuron Observer and others choose them.
    package static let neuronPresentLabel = "neuron.amazonaws.com/present"

    // MARK: Who writes

    /// The operator's field manager of server-side apply, and the value of `managedByLabel`.
    package static let operatorManager = "ganglion-operator"
    /// The field manager under which the autoscaler writes `spec.replicas`.
    package static let autoscalerManager = "ganglion-autoscaler"
    /// The node agent's field manager of server-side apply.
    package static let agentManager = "ganglion-node-agent"
    /// The operator as the reporting controller of events.
    package static let operatorController = "ganglion.dev/operator"
    /// The node agent as the reporting controller of events.
    package static let agentController = "ganglion.dev/node-agent"
}
