// What a CustomResourceDefinition says besides the schema. `scripts/generate-definitions` prints the chart's files from it.

package import KubernetesAPI

/// The definition of a resource.
package struct ResourceDefinition: Sendable {
    /// A column of `kubectl get`.
    package struct Column: Sendable {
        /// The heading.
        package var name: String
        /// OpenAPI's type: `integer`, `string` or `date`.
        package var type: String
        /// The field.
        package var path: String
        /// What the heading does not say; empty where it does.
        package var description: String
        /// Whether it is shown with `-o wide` only.
        package var isWide: Bool

        /// A column.
        package init(
            _ name: String, _ type: String, _ path: String, description: String = "", isWide: Bool = false
        ) {
            self.name = name
            self.type = type
            self.path = path
            self.description = description
            self.isWide = isWide
        }
    }

    /// Group, version and names.
    package var resource: APIResource
    /// What the file begins with.
    package var comment: String
    /// For `kubectl explain`.
    package var description: String
    /// What users type.
    package var shortName: String
    /// Whether `spec.replicas` can be set through the scale subresource.
    package var isScalable = false
    /// The columns.
    package var columns: [Column]
    /// What users write; nil where only a status is written.
    package var spec: Schema?
    /// What programs have seen.
    package var status: Schema
    /// Conditions on the object as a whole.
    package var rules: [SchemaRule] = []

    /// All of the API group.
    package static let all = [ModelServer.definition, NeuronNode.definition]

    /// The object as a whole.
    package var schema: Schema {
        var fields = [
            Schema.Field(name: "apiVersion", schema: .string(), isRequired: false),
            Schema.Field(name: "kind", schema: .string(), isRequired: false),
            Schema.Field(name: "metadata", schema: .object("", [:]), isRequired: false),
        ]
        if let spec { fields.append(Schema.Field(name: "spec", schema: spec, isRequired: true)) }
        fields.append(Schema.Field(name: "status", schema: status, isRequired: false))
        return Schema(form: .object(fields), description: description, rules: rules)
    }
}
