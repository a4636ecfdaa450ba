// What the API server stores: something with metadata and a place in the API.

/// An object that can be followed: it has a name, an identity and a version.
public protocol APIObject: Decodable, Equatable, Sendable {
    /// Namespace and name.
    var objectKey: ObjectKey { get }
    /// Unique over all time.
    var objectUID: String { get }
    /// The opaque version in the store.
    var objectVersion: String { get }
    /// The owner that controls the object, nil where none does.
    var objectController: OwnerReference? { get }
    /// Items of a list come without `apiVersion` and `kind`: puts them in where they are kept.
    mutating func complete(as resource: APIResource)
}

extension APIObject {
    /// The object that controls this one, where it is of this resource, in whatever version.
    public func owner(of resource: APIResource) -> ObjectKey? {
        guard let owner = objectController, owner.kind == resource.kind else { return nil }
        // `v1` has no group, `apps/v1` has.
        let group = owner.apiVersion.contains("/") ? owner.apiVersion.prefix { $0 != "/" } : ""
        guard group == resource.group else { return nil }
        return ObjectKey(namespace: resource.isNamespaced ? objectKey.namespace : "", name: owner.name)
    }
}

/// A kind of objects, typed.
///
/// A resource states its fields; the first two say which kind it is and take no room:
///
///     package struct Pod: Resource {
///         package static let resource = APIResource.pods
///         package private(set) var apiVersion = VersionField<Pod>()
///         package private(set) var kind = KindField<Pod>()
///         package var metadata: ObjectMetadata
///
/// So `apiVersion` and `kind` are always written; the items of a list come without them.
public protocol Resource: APIObject, Codable {
    /// Where the objects are in the API.
    static var resource: APIResource { get }
    /// Name, namespace, labels and what else every object has.
    var metadata: ObjectMetadata { get set }
}

extension Resource {
    /// Namespace and name.
    public var key: ObjectKey { metadata.key }
    /// Namespace and name.
    public var objectKey: ObjectKey { metadata.key }
    /// Unique over all time.
    public var objectUID: String { metadata.uid }
    /// The opaque version in the store.
    public var objectVersion: String { metadata.resourceVersion }
    /// The owner that controls the object, nil where none does.
    public var objectController: OwnerReference? { metadata.controller }
    /// Nothing is missing: the type says which kind it is.
    public mutating func complete(as resource: APIResource) {}

    /// A reference to this object, for events and endpoints.
    public var reference: ObjectReference {
        ObjectReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind,
            namespace: metadata.namespace.isEmpty ? nil : metadata.namespace, name: metadata.name,
            uid: metadata.uid.isEmpty ? nil : metadata.uid)
    }

    /// An owner reference to this object, as the one that controls another.
    public var controllerReference: OwnerReference {
        OwnerReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, name: metadata.name,
            uid: metadata.uid)
    }
}

/// A field without room whose text follows from the type of the object.
public protocol ConstantField: Codable, Equatable, Sendable, DefaultInitializable {
    /// What is written.
    static var text: String { get }
}

extension ConstantField {
    /// Whatever is there: the request said which kind is meant.
    public init(from decoder: any Decoder) throws { self.init() }
    /// The text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.text)
    }
}

/// The field `apiVersion` of an object.
public struct VersionField<Object: Resource>: ConstantField {
    /// Such as `v1`.
    public static var text: String { Object.resource.apiVersion }
    /// The field.
    public init() {}
}

/// The field `kind` of an object.
public struct KindField<Object: Resource>: ConstantField {
    /// Such as `Pod`.
    public static var text: String { Object.resource.kind }
    /// The field.
    public init() {}
}

extension KeyedDecodingContainer {
    /// Nothing is looked for: the type knows.
    public func decode<Field: ConstantField>(_ type: Field.Type, forKey key: Key) -> Field { Field() }
}

extension KeyedEncodingContainer {
    /// Always written.
    public mutating func encode<Field: ConstantField>(_ field: Field, forKey key: Key) throws {
        try encode(Field.text, forKey: key)
    }
}
