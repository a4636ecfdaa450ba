// A request has about nine fields. As strings they would be eighteen allocations, so a list keeps all names and values
// back to back in one array and hands out strings only to those who ask.

/// An ordered list of header fields; names may repeat.
public struct HeaderList: Sendable {
    /// How a field may be compressed (RFC 7541 §6.2).
    public enum Indexing: UInt8, Sendable {
        /// May enter the dynamic table.
        case allowed
        /// Would only push better entries out of the table: deadlines, messages, lengths.
        case avoided
        /// Must never be stored, here or in a proxy: credentials (§7.1.3).
        case never
    }

    /// Where a field stands, and what is known about it.
    @usableFromInline struct Field: Sendable {
        @usableFromInline var start: Int
        @usableFromInline var nameLength: Int
        @usableFromInline var valueLength: Int
        @usableFromInline var indexing: Indexing
        @usableFromInline var name: HeaderName
        /// The octets have been looked at and keep the rules of RFC 9113 §8.2.1.
        @usableFromInline var isPlain: Bool

        @usableFromInline var nameRange: Range<Int> { start..<start + nameLength }
        @usableFromInline var valueRange: Range<Int> { start + nameLength..<start + nameLength + valueLength }
    }

    /// All names and values, back to back.
    public internal(set) var storage: [UInt8] = []
    @usableFromInline var fields: [Field] = []
    /// Whether this very list is sent again and again: an encoder keeps its block. Any change of the list ends that.
    public var isSentOften = false

    /// An empty list.
    public init() {}

    /// The number of fields.
    @inlinable public var count: Int { fields.count }

    /// Whether there is no field.
    @inlinable public var isEmpty: Bool { fields.isEmpty }

    /// The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: names, values, and 32 octets a field (RFC 9113 §6.5.2).
    public var size: Int { storage.count + 32 * fields.count }

    /// Appends a field. Names must be lower case already (RFC 9113 §8.2.1).
    public mutating func add(_ name: String, _ value: String, indexing: Indexing = .allowed) {
        let start = storage.count
        storage.append(contentsOf: name.utf8)
        let nameLength = storage.count - start
        storage.append(contentsOf: value.utf8)
        note(start: start, nameLength: nameLength, indexing: indexing, HeaderName(name), isPlain: false)
    }

    /// Appends a field of another list as it is.
    public mutating func add(_ other: HeaderList, _ index: Int) {
        let field = other.fields[index]
        let start = storage.count
        storage.append(contentsOf: other.storage[field.start..<field.valueRange.upperBound])
        note(
            start: start, nameLength: field.nameLength, indexing: field.indexing, field.name,
            isPlain: field.isPlain)
    }

    /// Removes all fields and keeps the memory.
    public mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        isSentOften = false
    }

    /// Where the name of field `index` stands in `storage`; `index` must be below `count`.
    public func nameRange(_ index: Int) -> Range<Int> { fields[index].nameRange }

    /// Where the value of field `index` stands in `storage`; `index` must be below `count`.
    public func valueRange(_ index: Int) -> Range<Int> { fields[index].valueRange }

    /// The name of field `index`; octets that are not UTF-8 become U+FFFD.
    public func name(_ index: Int) -> String { String(decoding: storage[nameRange(index)], as: UTF8.self) }

    /// The value of field `index`; octets that are not UTF-8 become U+FFFD.
    public func value(_ index: Int) -> String { String(decoding: storage[valueRange(index)], as: UTF8.self) }

    /// The name of field `index` if it is one of the known ones.
    @inlinable public func knownName(_ index: Int) -> HeaderName { fields[index].name }

    /// Whether the octets of field `index` were found to keep the rules of RFC 9113 §8.2.1.
    @inlinable public func isPlain(_ index: Int) -> Bool { fields[index].isPlain }

    /// How field `index` may be compressed.
    public func indexing(_ index: Int) -> Indexing { fields[index].indexing }

    /// The first field called `name`, or nil.
    public func firstIndex(of name: String) -> Int? { fields.indices.first { isNamed($0, name) } }

    /// The first field with a known name, or nil.
    public func firstIndex(of name: HeaderName) -> Int? { fields.firstIndex { $0.name == name } }

    /// The value of the first field called `name`, or nil.
    public subscript(_ name: String) -> String? { firstIndex(of: name).map(value) }

    /// The value of the first field with a known name, or nil.
    public subscript(_ name: HeaderName) -> String? { firstIndex(of: name).map(value) }

    /// Whether field `index` is called `name`.
    public func isNamed(_ index: Int, _ name: String) -> Bool { storage.matches(name, nameRange(index)) }

    /// Whether the value of field `index` is `value`.
    public func hasValue(_ index: Int, _ value: String) -> Bool { storage.matches(value, valueRange(index)) }

    /// Whether the value of field `index` is `octets`.
    public func hasValue(_ index: Int, octets: UnsafeBufferPointer<UInt8>) -> Bool {
        withOctets(fields[index].valueRange) { $0.isEqual(to: octets) }
    }

    /// Whether both are the same list in memory, so that what was found out about one holds for the other.
    public func isSame(as other: HeaderList) -> Bool {
        !isEmpty && count == other.count && storage.isSame(as: other.storage)
    }

    /// Lends octets of `storage`.
    func withOctets<Result>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
    }
}

extension HeaderList {
    /// Notes that the octets from `start` to the end of the storage are a field.
    mutating func note(
        start: Int, nameLength: Int, indexing: Indexing, _ name: HeaderName, isPlain: Bool
    ) {
        isSentOften = false
        fields.append(
            Field(
                start: start, nameLength: nameLength, valueLength: storage.count - start - nameLength,
                indexing: indexing, name: name, isPlain: isPlain))
    }

    /// Makes room at once instead of in steps.
    mutating func reserve(octets: Int, fields count: Int) {
        if octets > 0 { storage.reserveCapacity(octets) }
        if count > 0 { fields.reserveCapacity(count) }
    }

    /// Removes the last field.
    mutating func removeLast() {
        guard let last = fields.popLast() else { return }
        storage.removeSubrange(last.start...)
    }

    /// Removes octets that belong to no field: a field was cut short.
    mutating func removeRest() { storage.removeSubrange((fields.last?.valueRange.upperBound ?? 0)...) }
}

extension HeaderList: Equatable {
    /// Equal names and values in equal order; how they may be compressed does not count.
    public static func == (left: HeaderList, right: HeaderList) -> Bool {
        guard left.count == right.count, left.storage == right.storage else { return false }
        return left.fields.indices.allSatisfy {
            left.fields[$0].start == right.fields[$0].start
                && left.fields[$0].nameLength == right.fields[$0].nameLength
        }
    }
}

extension HeaderList: ExpressibleByDictionaryLiteral {
    /// A list written as `[":method": "POST", "te": "trailers"]`; order and repetitions are kept.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}

extension HeaderList: CustomStringConvertible {
    /// One `name: value` a line, for tests and logs.
    public var description: String {
        fields.indices.map { "\(name($0)): \(value($0))" }.joined(separator: "\n")
    }
}

extension [UInt8] {
    /// Whether both are the same memory, not only equal.
    func isSame(as other: [UInt8]) -> Bool {
        withUnsafeBufferPointer { own in
            other.withUnsafeBufferPointer { own.baseAddress == $0.baseAddress && own.count == $0.count }
        }
    }

    /// Whether the octets of `range` spell `text`.
    fileprivate func matches(_ text: String, _ range: Range<Int>) -> Bool {
        guard text.utf8.count == range.count else { return false }
        return withUnsafeBufferPointer { own in
            let octets = UnsafeBufferPointer(rebasing: own[range])
            return text.utf8.withContiguousStorageIfAvailable { octets.isEqual(to: $0) }
                ?? octets.elementsEqual(text.utf8)
        }
    }
}
