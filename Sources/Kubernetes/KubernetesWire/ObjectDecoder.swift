// Types out of protobuf, by the names that they have in JSON: what a type does not ask for is never looked at.

public import KubernetesAPI

/// Decodes the built-in kinds.
public enum ObjectDecoder {
    /// Whether a kind is built in, so that its protobuf can be read.
    public static func knows(_ resource: APIResource) -> Bool {
        MessageShapes.all.root(of: resource.kind, group: resource.group) != nil
    }

    /// Reads an object out of its protobuf, without an envelope.
    ///
    /// - Parameters:
    ///   - range: where it stands in `octets`.
    ///   - omitted: fields that are read as absent.
    /// - Throws: `DecodingError`.
    public static func decode<Object: Decodable>(
        _ type: Object.Type = Object.self, _ resource: APIResource, _ octets: [UInt8], in range: Range<Int>,
        omitting omitted: OmittedFields? = nil
    ) throws -> Object {
        guard let shape = MessageShapes.all.root(of: resource.kind, group: resource.group) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: "\(resource.kind) is no built-in kind"))
        }
        return try decode(type, octets, range, shape: shape, omitting: omitted)
    }

    static func decode<Object: Decodable>(
        _ type: Object.Type, _ octets: [UInt8], _ range: Range<Int>? = nil, shape: Int,
        omitting omitted: OmittedFields? = nil
    ) throws -> Object {
        guard shape >= 0 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: "no built-in kind"))
        }
        let piece = Piece(octets: octets, range: range ?? octets.indices)
        let message = MessageView(piece, shape, omitting: omitted)
        return try ValueDecoder(value: .message(message), parent: nil).decoded(type)
    }
}

/// Octets within others.
struct Piece {
    let octets: [UInt8]
    let range: Range<Int>

    var text: String { octets.withUnsafeBytes { String(decoding: $0[range], as: UTF8.self) } }

    /// The fields of a message that JSON writes as one value.
    func parts() -> (first: UInt64, second: UInt64, text: Piece?, third: Piece?) {
        var result: (first: UInt64, second: UInt64, text: Piece?, third: Piece?) = (0, 0, nil, nil)
        octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, range)
            while walk.next() {
                switch (walk.number, walk.wireType) {
                case (1, 0): result.first = walk.value
                case (2, 0): result.second = walk.value
                case (1, 2): result.text = Piece(octets: octets, range: walk.start..<walk.limit)
                case (3, 2): result.third = Piece(octets: octets, range: walk.start..<walk.limit)
                default: break
                }
            }
        }
        return result
    }
}
