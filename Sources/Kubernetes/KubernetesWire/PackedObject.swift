// An object as octets: a few hundred for a pod, whatever its Swift type is made of. Whoever wants the object gets it decoded.

internal import JSON
public import KubernetesAPI
internal import SystemIO

/// What is kept of the objects of one kind, for a copy of very many.
public protocol PackedForm: Sendable {
    /// The objects.
    associatedtype Object: Resource
    /// The fields that are kept: names joined by dots, `spec.containers.resources`; in lists and maps those of each element.
    /// A path that ends with a dot keeps that there is something, and nothing of it; `status.conditions=Ready` keeps the
    /// elements of a list whose first field is that string. Name, namespace, uid and version are kept always; empty for
    /// everything.
    static var fields: [String] { get }
    /// Objects that have one of these strings as a value, such as the name of a scheduler, are kept whole.
    static var keptWholeFor: [String] { get }
}

extension PackedForm {
    /// None.
    public static var keptWholeFor: [String] { [] }
}

/// An object that is kept as octets. Equal octets are equal objects.
public struct Packed<Form: PackedForm>: APIObject {
    nonisolated(unsafe) let octets: PackedOctets  // never changed once it is made

    /// The object, decoded anew each time.
    ///
    /// - Throws: `DecodingError` where what is kept lacks a field that its type cannot be without.
    public var object: Form.Object {
        get throws {
            try ObjectDecoder.decode(Form.Object.self, octets.copy(), shape: PackedLayout<Form>.shape)
        }
    }

    /// Namespace and name.
    public var objectKey: ObjectKey {
        ObjectKey(namespace: octets.metadata(3), name: octets.metadata(1))
    }
    /// Unique over all time.
    public var objectUID: String { octets.metadata(5) }
    /// The opaque version in the store.
    public var objectVersion: String { octets.metadata(6) }
    /// The owner that controls the object, where owners are kept.
    public var objectController: OwnerReference? { (try? object)?.objectController }
    /// Nothing is missing: the form says which kind it is.
    public mutating func complete(as resource: APIResource) {}

    init(octets: PackedOctets) { self.octets = octets }

    /// Reads an object by a decoder, as others do: for what does not come as octets.
    public init(from decoder: any Decoder) throws {
        // Its type says what is wrong with it, in its own words.
        _ = try Form.Object(from: decoder)
        let json = try JSON(from: decoder).serialized()
        guard let packed = ObjectPacker.pack(json: json, json.indices, as: Form.self) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no such object"))
        }
        self = packed
    }

    /// By their octets.
    public static func == (left: Self, right: Self) -> Bool { left.octets.isSame(as: right.octets) }
}

/// What is known of a form, worked out once.
enum PackedLayout<Form: PackedForm> {
    static var shape: Int {
        MessageShapes.all.root(of: Form.Object.resource.kind, group: Form.Object.resource.group) ?? -1
    }

    static func make() -> PackedLayoutParts {
        let always = ["metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion"]
        let shape = shape
        let paths = (Form.fields + always).map {
            $0.split(separator: ".", omittingEmptySubsequences: false)
        }
        return PackedLayoutParts(
            shape: shape, selection: Form.fields.isEmpty || shape < 0 ? nil : FieldSelection(shape, paths),
            wholeJSON: Form.keptWholeFor.map { OctetSearch(Array("\"\($0)\"".utf8)) },
            wholeProtobuf: Form.keptWholeFor.map {
                OctetSearch([UInt8(clamping: $0.utf8.count)] + Array($0.utf8))
            })
    }
}

/// A form's parts.
struct PackedLayoutParts: Sendable {
    let shape: Int
    let selection: FieldSelection?
    let wholeJSON: [OctetSearch]
    let wholeProtobuf: [OctetSearch]

    private static let known = Lock<[ObjectIdentifier: PackedLayoutParts]>([:])

    static func of<Form: PackedForm>(_ form: Form.Type) -> PackedLayoutParts {
        known.withLock { known in
            if let parts = known[ObjectIdentifier(form)] { return parts }
            let parts = PackedLayout<Form>.make()
            known[ObjectIdentifier(form)] = parts
            return parts
        }
    }
}

/// A type that reads itself out of octets, whatever decoders there are.
public protocol PackedReadable: APIObject {
    /// Whether the kind's protobuf can be read.
    static var knowsProtobuf: Bool { get }
    /// Reads an object out of JSON; nil where a thorough reader has to say what is wrong.
    static func read(json octets: [UInt8], _ range: Range<Int>) -> Self?
    /// Reads an object out of protobuf.
    static func read(protobuf octets: [UInt8], _ range: Range<Int>) -> Self?
}

extension Packed: PackedReadable {
    /// Whether the kind is built in.
    public static var knowsProtobuf: Bool { ObjectDecoder.knows(Form.Object.resource) }
    /// Packs an object out of JSON.
    public static func read(json octets: [UInt8], _ range: Range<Int>) -> Packed? {
        ObjectPacker.pack(json: octets, range, as: Form.self)
    }
    /// Packs an object out of protobuf.
    public static func read(protobuf octets: [UInt8], _ range: Range<Int>) -> Packed? {
        ObjectPacker.pack(protobuf: octets, range, as: Form.self)
    }
}
