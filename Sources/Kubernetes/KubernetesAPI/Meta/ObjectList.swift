// A page of a collection. One object that cannot be read must not hide the others: it is named, and the rest goes on.

internal import JSON

/// An object that is not of the shape that its kind has here.
package struct UnreadableObject: Error, Hashable, Sendable, CustomStringConvertible {
    /// The object's namespace and name, as far as they can be read.
    package let key: ObjectKey
    /// The version that cannot be read, empty where even that is unknown.
    package let version: String
    /// What is wrong, in one sentence.
    package let fault: String

    /// An object that cannot be read.
    package init(key: ObjectKey, version: String, fault: String) {
        self.key = key
        self.version = version
        self.fault = fault
    }

    /// One sentence for a log.
    package var description: String { "\(key) cannot be read: \(fault)" }
}

/// An object, or why it cannot be read. Decoding never fails.
package enum DecodedObject<Object: APIObject>: Decodable, Sendable {
    case object(Object)
    case unreadable(UnreadableObject)

    /// What can be read of an object of any shape.
    private struct Identity: Decodable {
        var metadata: ObjectMetadata?
    }

    /// Reads an object.
    package init(from decoder: any Decoder) {
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
package struct ObjectList<Object: APIObject>: Decodable, Sendable {
    /// The version of the collection.
    package var resourceVersion: String
    /// Where the next page begins; empty on the last.
    package var continueToken: String
    /// The objects.
    package var items: [Object]
    /// What cannot be read.
    package var unreadable: [UnreadableObject]

    /// A list made of its parts.
    package init(
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
    package init(from decoder: any Decoder) throws {
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
