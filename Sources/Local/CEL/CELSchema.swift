// What the checker has to know of a schema, and no more: CEL is compiled without the OpenAPI schemas that its rules hang on.
// cel-go calls it a declared type (common/types/provider.go).

/// The declaration of a value that a rule may use.
package protocol CELSchema: Sendable {
    /// The simple name of the declared type (`int`, `string`, `list`, `map`, `object` ...); nil where values may be of
    /// several types.
    var typeName: String? { get }
    /// The declaration of a list's elements; nil where the value is no list or its elements may be anything.
    var elements: (any CELSchema)? { get }
    /// The declaration of a map's values; nil where the value is no map.
    var values: (any CELSchema)? { get }
    /// Whether the value is a whole Kubernetes object, with apiVersion, kind and metadata.
    var isResource: Bool { get }
    /// Whether fields may be selected that are not declared.
    var allowsUndeclaredFields: Bool { get }
    /// Whether the value is an object, a field of which may be selected if it is declared.
    var isObject: Bool { get }

    /// The declaration of a field; nil where there is none.
    func property(_ name: String) -> (any CELSchema)?
}
