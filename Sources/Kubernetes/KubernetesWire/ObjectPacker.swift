// Packs objects as they come in. The shared table is locked once for each of them.

internal import SystemIO

/// From an API server's octets to packed objects.
public enum ObjectPacker {
    /// Scratch space, kept between objects.
    private static let writer = Lock(PackedWriter())

    /// Packs an object out of JSON.
    ///
    /// - Parameter range: where it stands in `octets`.
    /// - Returns: nil where it is no JSON, is not of its kind's shape, or has no name.
    public static func pack<Form: PackedForm>(
        json octets: [UInt8], _ range: Range<Int>, as form: Form.Type
    ) -> Packed<Form>? {
        octets.withUnsafeBytes { base in
            let parts = PackedLayoutParts.of(form)
            let range = range.clamped(to: 0..<base.count)
            let isWhole = parts.wholeJSON.contains { $0.isFound(in: base, range) }
            return pack(parts) { (writer, table, shape) in
                var walk = JSONWalk(base, range)
                return writer.pack(
                    json: &walk, shape, isWhole ? nil : parts.selection, depth: 0, sharing: &table)
                    && walk.peek() == 0
            }
        }
    }

    /// Packs an object out of protobuf, without its envelope.
    ///
    /// - Parameter range: where it stands in `octets`.
    /// - Returns: nil where it is no protobuf, is not of its kind's shape, or has no name.
    public static func pack<Form: PackedForm>(
        protobuf octets: [UInt8], _ range: Range<Int>, as form: Form.Type
    ) -> Packed<Form>? {
        octets.withUnsafeBytes { base in
            let parts = PackedLayoutParts.of(form)
            let range = range.clamped(to: 0..<base.count)
            let isWhole = parts.wholeProtobuf.contains { $0.isFound(in: base, range) }
            return pack(parts) { (writer, table, shape) in
                writer.pack(
                    protobuf: base, range, shape, isWhole ? nil : parts.selection, depth: 0, sharing: &table)
            }
        }
    }

    private static func pack<Form: PackedForm>(
        _ parts: PackedLayoutParts,
        _ body: (inout PackedWriter, inout SharedOctets, MessageShape) -> Bool
    ) -> Packed<Form>? {
        guard parts.shape >= 0 else { return nil }
        let shape = MessageShapes.all.shapes[parts.shape]
        let made: PackedOctets? = writer.withLock { writer in
            writer.reset()
            return SharedOctets.table.withLock { table in
                guard body(&writer, &table, shape), let octets = PackedOctets.make(writer.octets) else {
                    for number in writer.shared { table.release(number) }
                    return nil
                }
                return octets
            }
        }
        guard let made, !made.metadata(1).isEmpty else { return nil }
        return Packed(octets: made)
    }
}
