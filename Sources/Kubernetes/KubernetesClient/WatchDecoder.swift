// A watch answers with JSON objects, one to a line, in chunks whose borders mean nothing: the API server cuts at 2048 bytes.
// Lines are put together here, whatever the pieces.

package import JSON

/// What a watch says.
package enum WatchEvent: Equatable, Sendable {
    case added(JSON)
    case modified(JSON)
    case deleted(JSON)
    /// Nothing changed up to this version.
    ///
    /// - `endsInitialEvents`: everything that existed at the start has been sent (WatchList).
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)
    /// The server ends the watch because of this.
    case error(APIStatus)
}

/// Why a watch's bytes cannot be followed.
package enum WatchDecodingError: Error, Equatable, CustomStringConvertible {
    case eventTooLarge(limit: Int)
    case notAnEvent(String)

    /// One sentence for a log.
    package var description: String {
        switch self {
        case .eventTooLarge(let limit): "the watch sent an event of more than \(limit) bytes"
        case .notAnEvent(let fault): "the watch sent a line that is no event: \(fault)"
        }
    }
}

/// Bytes in, events out.
package struct WatchDecoder: Sendable {
    /// Objects are at most 1.5 MiB in etcd; their JSON with managed fields can be somewhat more.
    package static let defaultMaximumEventSize = 8 << 20

    private let maximumEventSize: Int
    private var pending: [UInt8] = []

    /// A decoder.
    ///
    /// - Parameter maximumEventSize: the longest line, in bytes.
    package init(maximumEventSize: Int = Self.defaultMaximumEventSize) {
        self.maximumEventSize = maximumEventSize
    }

    /// Whether the stream could end here without an event being cut.
    package var isAtBoundary: Bool { pending.isEmpty }

    /// Takes what has arrived.
    ///
    /// - Returns: the events that are complete.
    /// - Throws: `WatchDecodingError`; the watch has to be started again.
    package mutating func receive(_ bytes: [UInt8]) throws(WatchDecodingError) -> [WatchEvent] {
        var events: [WatchEvent] = []
        var start = 0
        while start < bytes.count, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try append(bytes[start..<end])
            start = end + 1
            let line = pending
            pending.removeAll(keepingCapacity: true)
            if let event = try Self.event(line) { events.append(event) }
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

    private static func event(_ line: [UInt8]) throws(WatchDecodingError) -> WatchEvent? {
        guard line.contains(where: { $0 > 0x20 }) else { return nil }
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw .notAnEvent(error.description) }
        guard var object = json["object"], let type = json["type"]?.string else {
            throw .notAnEvent("\"type\" or \"object\" is missing")
        }
        // Managed fields are a fifth of an object's bytes and nobody here reads them.
        if object["metadata"]?["managedFields"] != nil { object[path: ["metadata", "managedFields"]] = nil }
        switch type {
        case "ADDED": return .added(object)
        case "MODIFIED": return .modified(object)
        case "DELETED": return .deleted(object)
        case "BOOKMARK":
            return .bookmark(
                resourceVersion: object.meta.resourceVersion,
                endsInitialEvents: object.meta.annotations["k8s.io/initial-events-end"] == "true")
        case "ERROR": return .error(APIStatus(object))
        default: throw .notAnEvent("type \"\(type)\"")
        }
    }
}
