// A watch answers with JSON objects, one to a line, or with frames of protobuf behind their length, in chunks whose borders
// mean nothing: the API server cuts at 2048 bytes. They are put together here, whatever the pieces, and each becomes an object
// of its type at once.

internal import Glibc
internal import JSON
public import KubernetesAPI
internal import KubernetesWire

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
    init(
        reading octets: [UInt8], _ line: Range<Int>, _ reader: ObjectReader<Object>
    ) throws(JSONError) {
        let members = (try? JSONOutline.members(octets, in: line)) ?? []
        guard let object = members.last(where: { $0.name == "object" })?.value,
            let name = members.last(where: { $0.name == "type" })?.value,
            let type = try? JSON.decode(String.self, from: octets, in: name)
        else { throw JSONError("\"type\" or \"object\" is missing") }
        if let event = Self.change(type, reader.read(.json, octets, object)) {
            self = event
            return
        }
        switch type {
        case "BOOKMARK":
            self = .bookmark(try JSON.decode(Bookmark.self, from: octets, in: object).metadata)
        case "ERROR": self = .error(APIStatus(try JSON(parsing: octets, in: object)))
        default: throw JSONError("type \"\(type)\"")
        }
    }

    /// Reads a frame.
    init(
        frame octets: [UInt8], _ range: Range<Int>, _ reader: ObjectReader<Object>, _ resource: APIResource
    ) throws(JSONError) {
        guard let (type, object) = ProtobufEnvelope.event(in: octets, range) else {
            throw JSONError("a frame that is no event")
        }
        switch type {
        case "BOOKMARK":
            do {
                self = .bookmark(
                    try ObjectDecoder.decode(Bookmark.self, resource, octets, in: object).metadata)
            } catch { throw JSONError(decoding: error) }
        case "ERROR": self = .error(APIStatus(WireStatus(octets, object)))
        default:
            guard let event = Self.change(type, reader.read(.protobuf, octets, object)) else {
                throw JSONError("type \"\(type)\"")
            }
            self = event
        }
    }

    private static func bookmark(_ metadata: ObjectMetadata) -> WatchEvent {
        .bookmark(
            resourceVersion: metadata.resourceVersion,
            endsInitialEvents: metadata.annotations["k8s.io/initial-events-end"] == "true")
    }

    /// The event that an object makes; nil for events that have none. The object is read only for those that do.
    private static func change(
        _ type: String, _ read: @autoclosure () -> DecodedObject<Object>
    ) -> WatchEvent? {
        guard ["ADDED", "MODIFIED", "DELETED"].contains(type) else { return nil }
        switch read() {
        case .object(let object):
            return type == "ADDED"
                ? .added(object) : type == "MODIFIED" ? .modified(object) : .deleted(object)
        case .unreadable(let object): return .unreadable(object, isGone: type == "DELETED")
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
    private let resource: APIResource
    private let reader: ObjectReader<Object>
    private let form: ObjectReader<Object>.Form
    private var pending: [UInt8] = []

    /// A decoder of lines.
    ///
    /// - Parameter maximumEventSize: the longest event, in bytes. Objects are at most 1.5 MiB in etcd; their JSON with managed
    ///   fields can be somewhat more.
    public init(maximumEventSize: Int = 8 << 20) {
        self.init(.pods, ObjectReader(.pods), .json, maximumEventSize: maximumEventSize)
    }

    init(
        _ resource: APIResource, _ reader: ObjectReader<Object>, _ form: ObjectReader<Object>.Form,
        maximumEventSize: Int = 8 << 20
    ) {
        self.resource = resource
        self.reader = reader
        self.form = form
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
        try receive(bytes) { events.append($0) }
        return events
    }

    /// Takes what has arrived, and hands out each event that is complete.
    ///
    /// - Throws: as above; the events before what is wrong have been handed out.
    mutating func receive(
        _ bytes: [UInt8], _ event: (WatchEvent<Object>) -> Void
    ) throws(WatchDecodingError) {
        switch form {
        case .json: try receiveLines(bytes, event)
        case .protobuf: try receiveFrames(bytes, event)
        }
    }

    private mutating func receiveLines(
        _ bytes: [UInt8], _ event: (WatchEvent<Object>) -> Void
    ) throws(WatchDecodingError) {
        var start = 0
        while let end = Self.newline(bytes, start) {
            let line = start..<end
            start = end + 1
            guard !pending.isEmpty else {
                try read(bytes, line, event)
                continue
            }
            try append(bytes[line])
            defer { pending.removeAll(keepingCapacity: pending.capacity <= Self.keptCapacity) }
            try read(pending, pending.indices, event)
        }
        try append(bytes[start...])
    }

    private static func newline(_ bytes: [UInt8], _ start: Int) -> Int? {
        bytes.withUnsafeBytes { base in
            guard start < base.count, let first = base.baseAddress,
                let found = memchr(first + start, 0x0a, base.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - first
        }
    }

    private func read(
        _ bytes: [UInt8], _ line: Range<Int>, _ event: (WatchEvent<Object>) -> Void
    ) throws(WatchDecodingError) {
        guard line.count <= maximumEventSize else { throw .eventTooLarge(limit: maximumEventSize) }
        if let read = reader.quickly(bytes, line) { return event(read) }
        guard bytes[line].contains(where: { $0 > 0x20 }) else { return }
        let read: WatchEvent<Object>
        do throws(JSONError) { read = try WatchEvent(reading: bytes, line, reader) } catch {
            throw .notAnEvent(error.description)
        }
        event(read)
    }

    private mutating func receiveFrames(
        _ bytes: [UInt8], _ event: (WatchEvent<Object>) -> Void
    ) throws(WatchDecodingError) {
        pending += bytes
        var offset = 0
        while pending.count - offset >= 4 {
            let size = pending[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard size <= maximumEventSize else { throw .eventTooLarge(limit: maximumEventSize) }
            let frame = offset + 4..<offset + 4 + size
            guard frame.upperBound <= pending.count else { break }
            offset = frame.upperBound
            let read: WatchEvent<Object>
            do throws(JSONError) { read = try WatchEvent(frame: pending, frame, reader, resource) } catch {
                throw .notAnEvent(error.description)
            }
            event(read)
        }
        pending.removeSubrange(..<offset)
        if pending.isEmpty, pending.capacity > Self.keptCapacity { pending = [] }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(WatchDecodingError) {
        guard pending.count + bytes.count <= maximumEventSize else {
            throw .eventTooLarge(limit: maximumEventSize)
        }
        pending += bytes
    }
}
