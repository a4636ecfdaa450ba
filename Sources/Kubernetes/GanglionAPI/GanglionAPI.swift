// The chart's CustomResourceDefinitions and rules of rights, inside the executables that need them: there is one text of
// each.

/// The API group ganglion.dev.
package enum GanglionAPI {
    /// The definitions as the chart has them, YAML.
    package static let definitions = [PackageResources.modelservers_yaml, PackageResources.neuronnodes_yaml]

    /// What each part may ask of the API server: the chart's lists of RBAC rules, YAML.
    package enum Rights {
        /// The node agent's, in the whole cluster.
        package static let nodeAgent = PackageResources.node_agent_yaml
        /// What the node agent's `--label-node` needs besides.
        package static let nodeLabel = PackageResources.node_agent_label_yaml
        /// The operator's, in the whole cluster.
        package static let `operator` = PackageResources.operator_yaml
        /// The operator's in its own namespace: its Lease.
        package static let operatorLease = PackageResources.operator_lease_yaml
    }
}
