// One allocation for each object: its octets behind their count. What it uses of the shared table is given back with it.

internal import SystemIO

/// The octets of a packed object; never changed.
final class PackedOctets: ManagedBuffer<UInt32, UInt8> {
    /// Keeps octets; the users of shared ones are counted already.
    static func make(_ octets: [UInt8]) -> PackedOctets? {
        let buffer = create(minimumCapacity: octets.count) { _ in UInt32(octets.count) }
        buffer.withUnsafeMutablePointerToElements { elements in
            octets.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { elements.initialize(from: base, count: source.count) }
            }
        }
        return buffer as? PackedOctets
    }

    deinit {
        withOctets { octets in
            SharedOctets.table.withLock { table in
                // Numbers stand in the object or in its parts, and nowhere deeper.
                Self.forEachShared(octets, 0..<octets.count, depth: 0) { table.release($0) }
            }
        }
    }

    /// Lends the octets.
    func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeMutablePointers { count, elements in
            body(UnsafeRawBufferPointer(start: elements, count: Int(count.pointee)))
        }
    }

    /// A copy of the octets.
    func copy() -> [UInt8] { withOctets { Array($0) } }

    func isSame(as other: PackedOctets) -> Bool {
        self === other
            || withOctets { own in
                other.withOctets { own.count == $0.count && own.elementsEqual($0) }
            }
    }

    /// A string of the metadata: 1 is the name, 3 the namespace, 5 the uid, 6 the version.
    func metadata(_ number: Int) -> String {
        withOctets { octets in
            var object = MessageWalk(octets, 0..<octets.count)
            while object.next() {
                guard object.number == 1, object.wireType == 2 else { continue }
                var walk = MessageWalk(octets, object.start..<object.limit)
                while walk.next() { if walk.number == number { return Self.text(walk, octets) } }
            }
            return ""
        }
    }

    private static func text(_ walk: MessageWalk, _ octets: UnsafeRawBufferPointer) -> String {
        guard walk.wireType == 2 else {
            return SharedOctets.table.withLock { $0.text(UInt32(truncatingIfNeeded: walk.value)) }
        }
        return String(decoding: octets[walk.start..<walk.limit], as: UTF8.self)
    }

    private static func forEachShared(
        _ octets: UnsafeRawBufferPointer, _ range: Range<Int>, depth: Int, _ body: (UInt32) -> Void
    ) {
        var walk = MessageWalk(octets, range)
        while walk.next() {
            if walk.wireType == 5 {
                body(UInt32(truncatingIfNeeded: walk.value))
            } else if walk.wireType == 2, depth == 0, walk.number <= 3 {
                forEachShared(octets, walk.start..<walk.limit, depth: 1, body)
            }
        }
    }
}
