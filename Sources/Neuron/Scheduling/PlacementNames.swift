// By which names a cluster knows what pods are placed by.

internal import GanglionAPI

/// Names that an administrator can choose.
package struct PlacementNames: Sendable {
    /// The extended resource of NeuronCores.
    package var resource: String
    /// The extended resource of whole chips.
    package var chipResource: String
    /// The `schedulerName`s, besides the operator's own, of pods whose bindings bring cores.
    package var assigners: Set<String>

    /// Names.
    package init(
        resource: String = WellKnown.neuronCore, chipResource: String = WellKnown.neuronChip,
        assigners: Set<String> = []
    ) {
        self.resource = resource
        self.chipResource = chipResource
        self.assigners = assigners
    }
}
