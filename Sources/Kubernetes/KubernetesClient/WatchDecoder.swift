// A watch answers with JSON objects, one to a line, in chunks whose borders mean nothing: the API server cuts at 2048 bytes.
// Lines are put together here, whatever the pieces, and each becomes an object of its type at once.

internal import JSON
public import KubernetesAPI

/// What a watch says.
public enum WatchEvent<Object: APIObject>: Equatable, Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// An object is new, has changed or is gone that is not of its kind's shape.
    case unreadable(UnreadableObject, isGone: Bool)
    /// Nothing changed up to this version.
    ///
    /// - `endsInitialEvents`: everything that existed at the start has been sent (WatchList).
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)
    /// The server ends the watch because of this.
    case error(APIStatus)
}

extension WatchEvent {
    private struct Bookmark: Decodable {
        var metadata: ObjectMetadata
    }

    /// Reads a line. Managed fields, a fifth of an object's octets, are passed over.
    init(reading line: [UInt8]) throws(JSONError) {
        let members = (try? JSONOutline.members(line)) ?? []
        guard let object = members.last(where: { $0.name == "object" })?.value,
            let name = members.last(where: { $0.name == "type" })?.value,
            let type = try? JSON.decode(String.self, from: line, in: name)
        else { throw JSONError("\"type\" or \"object\" is missing") }
        switch type {
        case "ADDED", "MODIFIED", "DELETED":
            switch DecodedObject<Object>(reading: line, in: object) {
            case .object(let object):
                self =
                    type == "ADDED"
                    ? .added(object) : type == "MODIFIED" ? .modified(object) : .deleted(object)
            case .unreadable(let object): self = .unreadable(object, isGone: type == "DELETED")
            }
        case "BOOKMARK":
            let metadata = try JSON.decode(Bookmark.self, from: line, in: object).metadata
            self = .bookmark(
                resourceVersion: metadata.resourceVersion,
                endsInitialEvents: metadata.annotations["k8s.io/initial-events-end"] == "true")
        case "ERROR": self = .error(APIStatus(try JSON(parsing: line, in: object)))
        default: throw JSONError("type \"\(type)\"")
        }
    }
}

/// Why a watch's bytes cannot be followed.
public enum WatchDecodingError: Error, Equatable, CustomStringConvertible {
    case eventTooLarge(limit: Int)
    case notAnEvent(String)

    /// One sentence for a log.
    public var description: String {
        switch self {
        case .eventTooLarge(let limit): "the watch sent an event of more than \(limit) bytes"
        case .notAnEvent(let fault): "the watch sent a line that is no event: \(fault)"
        }
    }
}

/// Bytes in, events out.
public struct WatchDecoder<Object: APIObject>: Sendable {
    /// What is kept for the next event of a line that is over, in octets.
    private static var keptCapacity: Int { 65_536 }

    private let maximumEventSize: Int
    private var pending: [UInt8] = []

    /// A decoder.
    ///
    /// - Parameter maximumEventSize: the longest line, in bytes. Objects are at most 1.5 MiB in etcd; their JSON with managed
    ///   fields can be somewhat more.
    public init(maximumEventSize: Int = 8 << 20) {
        self.maximumEventSize = maximumEventSize
    }

    /// Whether the stream could end here without an event being cut.
    public var isAtBoundary: Bool { pending.isEmpty }

    /// Takes what has arrived.
    ///
    /// - Returns: the events that are complete.
    /// - Throws: `WatchDecodingError`; the watch has to be started again.
    public mutating func receive(_ bytes: [UInt8]) throws(WatchDecodingError) -> [WatchEvent<Object>] {
        var events: [WatchEvent<Object>] = []
        var start = 0
        while start < bytes.count, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try append(bytes[start..<end])
            start = end + 1
            defer { pending.removeAll(keepingCapacity: pending.capacity <= Self.keptCapacity) }
            guard pending.contains(where: { $0 > 0x20 }) else { continue }
            do throws(JSONError) { events.append(try WatchEvent(reading: pending)) } catch {
                throw .notAnEvent(error.description)
            }
        }
        try append(bytes[start...])
        return events
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(WatchDecodingError) {
        guard pending.count + bytes.count <= maximumEventSize else {
            throw .eventTooLarge(limit: maximumEventSize)
        }
        pending += bytes
    }
}
