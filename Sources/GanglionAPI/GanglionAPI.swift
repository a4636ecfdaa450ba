// The chart's CustomResourceDefinitions, inside the executables that install them: there is one text of each.

/// The API group ganglion.dev.
package enum GanglionAPI {
    /// The definitions as the chart has them, YAML.
    package static let definitions = [PackageResources.modelservers_yaml, PackageResources.neuronnodes_yaml]
}
