// How objects of a type are read out of what a server sends: JSON always, protobuf for the built-in kinds.

internal import JSON
internal import KubernetesAPI
internal import KubernetesWire

/// Reads objects of one type.
struct ObjectReader<Object: APIObject>: Sendable {
    /// What a server sends.
    enum Form: Sendable { case json, protobuf }

    private let packed: (any PackedReadable.Type)?
    private let resource: APIResource
    private let omitted: OmittedFields?
    /// Whether protobuf can be read.
    let knowsProtobuf: Bool

    init(_ resource: APIResource, omitting omitted: OmittedFields? = nil) {
        self.resource = resource
        self.omitted = omitted
        packed = Object.self as? any PackedReadable.Type
        knowsProtobuf =
            packed.map { $0.knowsProtobuf }
            ?? (Object.self is any Resource.Type && ObjectDecoder.knows(resource))
    }

    /// What to ask for, the preferred first.
    var accept: String {
        knowsProtobuf ? "\(ProtobufEnvelope.mediaType),application/json" : "application/json"
    }

    /// What an answer is, by its media type.
    static func form(_ contentType: String?) -> Form {
        contentType?.hasPrefix(ProtobufEnvelope.mediaType) == true ? .protobuf : .json
    }

    /// Reads a line of a watch that is written as API servers write it, where objects are packed; nil for all others.
    func quickly(_ octets: [UInt8], _ line: Range<Int>) -> WatchEvent<Object>? {
        guard let packed else { return nil }
        for (index, start) in Self.starts.enumerated() where line.count > start.count + 1 {
            let object = line.lowerBound + start.count..<line.upperBound - 1
            guard octets[line.upperBound - 1] == UInt8(ascii: "}"),
                octets[line.lowerBound..<object.lowerBound].elementsEqual(start)
            else { continue }
            guard let object = packed.read(json: octets, object) as? Object else { return nil }
            return index == 0 ? .added(object) : index == 1 ? .modified(object) : .deleted(object)
        }
        return nil
    }

    private static var starts: [[UInt8]] { WatchLineStarts.all }

    /// Reads an object, its envelope gone.
    func read(_ form: Form, _ octets: [UInt8], _ range: Range<Int>) -> DecodedObject<Object> {
        switch form {
        case .json:
            if let packed, let object = packed.read(json: octets, range) as? Object { return .object(object) }
            return DecodedObject(reading: octets, in: range)
        case .protobuf:
            if let packed, let object = packed.read(protobuf: octets, range) as? Object {
                return .object(object)
            }
            do {
                return try ObjectDecoder.decode(
                    DecodedObject<Object>.self, resource, octets, in: range, omitting: omitted)
            } catch {
                return .unreadable(
                    UnreadableObject(key: ObjectKey(name: ""), version: "", fault: "no protobuf"))
            }
        }
    }
}

/// How the lines of a watch begin that carry objects.
private enum WatchLineStarts {
    static let all = ["ADDED", "MODIFIED", "DELETED"].map { Array("{\"type\":\"\($0)\",\"object\":".utf8) }
}

/// What is read of a list's own metadata.
private struct ListAround: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata?
}

/// Reads a list while it comes.
struct ListDecoder<Object: APIObject> {
    private let reader: ObjectReader<Object>
    private let form: ObjectReader<Object>.Form
    private var splitter: ListSplitter
    private let transform: (Object) -> Object
    private var list = ObjectList<Object>([])

    init(
        _ reader: ObjectReader<Object>, _ form: ObjectReader<Object>.Form,
        _ transform: @escaping (Object) -> Object
    ) {
        self.reader = reader
        self.form = form
        self.transform = transform
        splitter = ListSplitter(isProtobuf: form == .protobuf)
    }

    mutating func receive(_ octets: [UInt8]) throws(KubernetesError) {
        do throws(ListSplitter.Fault) {
            try splitter.receive(octets) { octets, range in
                switch reader.read(form, octets, range) {
                case .object(let object): list.items.append(transform(object))
                case .unreadable(let object): list.unreadable.append(object)
                }
            }
        } catch {
            throw Self.translated(error)
        }
    }

    /// The list, whole.
    mutating func finish() throws(KubernetesError) -> ObjectList<Object> {
        let around: [UInt8]
        do throws(ListSplitter.Fault) { around = try splitter.finish() } catch {
            throw Self.translated(error)
        }
        switch form {
        case .json:
            do throws(JSONError) {
                let metadata = try JSON.decode(ListAround.self, from: around).metadata
                list.resourceVersion = metadata?.resourceVersion ?? ""
                list.continueToken = metadata?.continue ?? ""
            } catch { throw .malformed(error.description) }
        case .protobuf:
            let metadata = WireListMetadata(around)
            list.resourceVersion = metadata.resourceVersion
            list.continueToken = metadata.continueToken
        }
        return list
    }

    private static func translated(_ fault: ListSplitter.Fault) -> KubernetesError {
        switch fault {
        case .itemTooLarge(let limit): .malformed("an item of the list is larger than \(limit) octets")
        case .notAList: .malformed("the answer is no list, or ends in the middle of one")
        }
    }
}
