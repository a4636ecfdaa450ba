// What travels beside the messages of a call. A thin view of the header list: most calls never look at it.

internal import HPACK
internal import SystemIO

/// The fields of a call that are not HTTP's and not gRPC's own.
public struct GRPCMetadata: Equatable, Sendable {
    var fields: HeaderList

    /// No fields.
    public init() { fields = HeaderList() }

    init(_ headers: HeaderList) { fields = headers }

    /// The first value of a text field, or nil. Names are lower case.
    public subscript(_ name: String) -> String? { fields[name] }

    /// All values of a text field in their order.
    public func all(_ name: String) -> [String] {
        (0..<fields.count).filter { fields.isNamed($0, name) }.map { fields.value($0) }
    }

    /// All values of a binary field, whose name ends with `-bin`; what is no Base64 is left out.
    public func binary(_ name: String) -> [[UInt8]] {
        all(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.compactMap {
            Base64.decode($0, allowing: [.padding, .urlAlphabet])
        }
    }

    /// Adds a text field.
    ///
    /// - Parameters:
    ///   - name: lower case letters, digits, `_`, `-` and `.`; not beginning with `grpc-` and not ending with `-bin`.
    ///   - value: printable ASCII.
    ///   - sensitive: whether it is a secret, which header compression must not store.
    /// - Throws: INVALID_ARGUMENT for another name or value.
    public mutating func add(_ name: String, _ value: String, sensitive: Bool = false) throws(GRPCStatus) {
        try Self.check(name)
        guard !name.hasSuffix("-bin"), value.utf8.allSatisfy({ $0 >= 0x20 && $0 <= 0x7e }) else {
            throw GRPCStatus(
                .invalidArgument, "metadata \(name) is not printable ASCII: use a name with -bin")
        }
        fields.add(name, value, indexing: sensitive ? .never : .allowed)
    }

    /// Adds a binary field.
    ///
    /// - Parameter name: as for text, but ending with `-bin`.
    /// - Throws: INVALID_ARGUMENT for another name.
    public mutating func add(_ name: String, _ value: [UInt8]) throws(GRPCStatus) {
        try Self.check(name)
        guard name.hasSuffix("-bin") else {
            throw GRPCStatus(
                .invalidArgument, "metadata \(name) has binary values: its name must end with -bin")
        }
        fields.add(name, Base64.encode(value, padded: false))
    }

    private static func check(_ name: String) throws(GRPCStatus) {
        let isValid = name.utf8.allSatisfy { octet in
            (octet >= UInt8(ascii: "a") && octet <= UInt8(ascii: "z"))
                || (octet >= UInt8(ascii: "0") && octet <= UInt8(ascii: "9")) || octet == UInt8(ascii: "_")
                || octet == UInt8(ascii: "-") || octet == UInt8(ascii: ".")
        }
        guard isValid, !name.isEmpty, !name.hasPrefix("grpc-") else {
            throw GRPCStatus(.invalidArgument, "\(name) is no name for metadata")
        }
    }
}
