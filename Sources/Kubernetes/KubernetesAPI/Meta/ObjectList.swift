// A page of a collection. One object that cannot be read must not hide the others: it is named, and the rest goes on.

internal import JSON

/// An object that is not of the shape that its kind has here.
public struct UnreadableObject: Error, Hashable, Sendable, CustomStringConvertible {
    /// The object's namespace and name, as far as they can be read.
    public let key: ObjectKey
    /// The version that cannot be read, empty where even that is unknown.
    public let version: String
    /// What is wrong, in one sentence.
    public let fault: String

    /// An object that cannot be read.
    public init(key: ObjectKey, version: String, fault: String) {
        self.key = key
        self.version = version
        self.fault = fault
    }

    /// One sentence for a log.
    public var description: String { "\(key) cannot be read: \(fault)" }
}

/// An object, or why it cannot be read. Decoding never fails.
public enum DecodedObject<Object: APIObject>: Decodable, Sendable {
    case object(Object)
    case unreadable(UnreadableObject)

    /// What can be read of an object of any shape.
    private struct Identity: Decodable {
        var metadata: ObjectMetadata?
    }

    /// Reads an object.
    public init(from decoder: any Decoder) {
        do {
            self = .object(try Object(from: decoder))
        } catch {
            let metadata = (try? Identity(from: decoder))?.metadata
            self = .unreadable(
                UnreadableObject(
                    key: metadata?.key ?? ObjectKey(name: ""), version: metadata?.resourceVersion ?? "",
                    fault: JSONError(decoding: error).description))
        }
    }
}

/// A collection, or a page of it.
public struct ObjectList<Object: APIObject>: Decodable, Sendable {
    /// The version of the collection.
    public var resourceVersion: String
    /// Where the next page begins; empty on the last.
    public var continueToken: String
    /// The objects.
    public var items: [Object]
    /// What cannot be read.
    public var unreadable: [UnreadableObject]

    /// A list made of its parts.
    public init(
        _ items: [Object], resourceVersion: String = "", continueToken: String = "",
        unreadable: [UnreadableObject] = []
    ) {
        self.items = items
        self.resourceVersion = resourceVersion
        self.continueToken = continueToken
        self.unreadable = unreadable
    }

    private enum CodingKeys: String, CodingKey {
        case metadata, items
    }

    private struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    /// Reads a list.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let metadata = try container.decodeIfPresent(Metadata.self, forKey: .metadata)
        self.init(
            [], resourceVersion: metadata?.resourceVersion ?? "", continueToken: metadata?.continue ?? "")
        for reading in try container.decode([DecodedObject<Object>].self, forKey: .items) {
            switch reading {
            case .object(let object): items.append(object)
            case .unreadable(let object): unreadable.append(object)
            }
        }
    }
}
