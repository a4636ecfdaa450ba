// What stands around an object in Kubernetes' protobuf: `k8s\0` and runtime.Unknown, in a watch metav1.WatchEvent around that,
// and metav1.Status where there is no object (apimachinery, runtime/serializer/protobuf and meta/v1).

/// Reads what is around objects.
public enum ProtobufEnvelope {
    /// The media type.
    public static let mediaType = "application/vnd.kubernetes.protobuf"
    /// What every envelope begins with.
    public static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

    /// Where the object stands in its envelope; nil where there is none.
    public static func object(in octets: [UInt8], _ range: Range<Int>? = nil) -> Range<Int>? {
        octets.withUnsafeBytes { base in
            let range = (range ?? 0..<base.count).clamped(to: 0..<base.count)
            guard range.count >= 4, base[range.lowerBound..<range.lowerBound + 4].elementsEqual(magic) else {
                return nil
            }
            return field(2, in: base, range.lowerBound + 4..<range.upperBound)
        }
    }

    /// The type of a watch's event and where its object stands, the envelope gone; nil where this is no event.
    public static func event(in octets: [UInt8], _ range: Range<Int>) -> (type: String, object: Range<Int>)? {
        let parts: (type: String, object: Range<Int>)? = octets.withUnsafeBytes { base in
            guard let type = field(1, in: base, range), let rawExtension = field(2, in: base, range),
                let raw = field(1, in: base, rawExtension)
            else { return nil }
            return (String(decoding: base[type], as: UTF8.self), raw)
        }
        guard let parts, let object = object(in: octets, parts.object) else { return nil }
        return (parts.type, object)
    }

    /// Where the last field of a number stands; an empty one where it is absent from a message that can be read.
    static func field(_ number: Int, in base: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int>? {
        var walk = MessageWalk(base, range)
        var found: Range<Int>?
        while walk.next() { if walk.number == number, walk.wireType == 2 { found = walk.start..<walk.limit } }
        return walk.isBroken ? nil : found ?? range.lowerBound..<range.lowerBound
    }
}

/// metav1.Status as it comes in protobuf.
public struct WireStatus: Equatable, Sendable {
    /// Of `details.causes`.
    public struct Cause: Equatable, Sendable {
        /// The machine's word.
        public var reason = ""
        /// The cause in words.
        public var message = ""
        /// The path of the field.
        public var field = ""
    }

    /// The HTTP status code.
    public var code = 0
    /// The machine's word.
    public var reason = ""
    /// The server's sentence.
    public var message = ""
    /// The single faults.
    public var causes: [Cause] = []
    /// When to try again, in seconds.
    public var retryAfterSeconds: Int?

    /// Reads a status without its envelope.
    public init(_ octets: [UInt8], _ range: Range<Int>) {
        octets.withUnsafeBytes { base in
            func text(_ walk: MessageWalk) -> String {
                walk.wireType == 2 ? String(decoding: base[walk.start..<walk.limit], as: UTF8.self) : ""
            }
            var walk = MessageWalk(base, range)
            while walk.next() {
                switch walk.number {
                case 3: message = text(walk)
                case 4: reason = text(walk)
                case 6: code = Int(truncatingIfNeeded: walk.value)
                case 5 where walk.wireType == 2:
                    var details = MessageWalk(base, walk.start..<walk.limit)
                    while details.next() {
                        if details.number == 5, details.wireType == 0, details.value > 0 {
                            retryAfterSeconds = Int(truncatingIfNeeded: details.value)
                        }
                        guard details.number == 4, details.wireType == 2 else { continue }
                        var cause = Cause()
                        var parts = MessageWalk(base, details.start..<details.limit)
                        while parts.next() {
                            switch parts.number {
                            case 1: cause.reason = text(parts)
                            case 2: cause.message = text(parts)
                            case 3: cause.field = text(parts)
                            default: break
                            }
                        }
                        causes.append(cause)
                    }
                default: break
                }
            }
        }
    }
}

/// metav1.ListMeta as it comes in protobuf.
public struct WireListMetadata: Equatable, Sendable {
    /// The version of the list.
    public var resourceVersion = ""
    /// Where the next page begins; empty on the last.
    public var continueToken = ""

    /// Reads metadata.
    public init(_ octets: [UInt8]) {
        octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, 0..<base.count)
            while walk.next() {
                guard walk.wireType == 2 else { continue }
                let text = String(decoding: base[walk.start..<walk.limit], as: UTF8.self)
                if walk.number == 2 { resourceVersion = text }
                if walk.number == 3 { continueToken = text }
            }
        }
    }
}
