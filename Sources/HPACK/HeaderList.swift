// A request has about nine fields. As strings they would be eighteen allocations, so a list keeps all names and values
// back to back in one array and hands out strings only to those who ask.

/// An ordered list of header fields; names may repeat.
package struct HeaderList: Sendable {
    /// How a field may be compressed (RFC 7541 §6.2).
    package enum Indexing: UInt8, Sendable {
        /// May enter the dynamic table.
        case allowed
        /// Would only push better entries out of the table: deadlines, messages, lengths.
        case avoided
        /// Must never be stored, here or in a proxy: credentials (§7.1.3).
        case never
    }

    private struct Field: Sendable {
        var start: Int
        var nameLength: Int
        var valueLength: Int
        var indexing: Indexing
        var valueStart: Int { start + nameLength }
        var end: Int { start + nameLength + valueLength }
    }

    /// All names and values, back to back.
    package private(set) var storage: [UInt8] = []
    private var fields: [Field] = []

    /// An empty list.
    package init() {}

    /// The number of fields.
    package var count: Int { fields.count }

    /// Whether there is no field.
    package var isEmpty: Bool { fields.isEmpty }

    /// The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: names, values, and 32 octets a field (RFC 9113 §6.5.2).
    package var size: Int { storage.count + 32 * fields.count }

    /// Appends a field. Names must be lower case already (RFC 9113 §8.2.1).
    package mutating func add(_ name: String, _ value: String, indexing: Indexing = .allowed) {
        let start = storage.count
        storage.append(contentsOf: name.utf8)
        let middle = storage.count
        storage.append(contentsOf: value.utf8)
        fields.append(
            Field(
                start: start, nameLength: middle - start, valueLength: storage.count - middle,
                indexing: indexing))
    }

    /// Removes all fields and keeps the memory.
    package mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
    }

    /// Where the name of field `index` stands in `storage`; `index` must be below `count`.
    package func nameRange(_ index: Int) -> Range<Int> {
        let field = fields[index]
        return field.start..<field.valueStart
    }

    /// Where the value of field `index` stands in `storage`; `index` must be below `count`.
    package func valueRange(_ index: Int) -> Range<Int> {
        let field = fields[index]
        return field.valueStart..<field.end
    }

    /// The name of field `index`; octets that are not UTF-8 become U+FFFD.
    package func name(_ index: Int) -> String { String(decoding: storage[nameRange(index)], as: UTF8.self) }

    /// The value of field `index`; octets that are not UTF-8 become U+FFFD.
    package func value(_ index: Int) -> String { String(decoding: storage[valueRange(index)], as: UTF8.self) }

    /// How field `index` may be compressed.
    package func indexing(_ index: Int) -> Indexing { fields[index].indexing }

    /// The first field called `name`, or nil.
    package func firstIndex(of name: String) -> Int? {
        fields.indices.first { storage.matches(name, nameRange($0)) }
    }

    /// The value of the first field called `name`, or nil.
    package subscript(_ name: String) -> String? { firstIndex(of: name).map(value) }

    /// Whether field `index` is called `name`.
    package func isNamed(_ index: Int, _ name: String) -> Bool { storage.matches(name, nameRange(index)) }

    /// Whether the value of field `index` is `value`.
    package func hasValue(_ index: Int, _ value: String) -> Bool { storage.matches(value, valueRange(index)) }
}

extension HeaderList {
    /// Lends the arena to a decoder, which puts it back with `giveBack`.
    mutating func takeStorage() -> [UInt8] {
        let taken = storage
        storage = []
        return taken
    }

    /// Puts the arena back.
    mutating func giveBack(_ arena: consuming [UInt8]) { storage = arena }

    /// Removes the last field.
    mutating func removeLast() {
        guard let last = fields.popLast() else { return }
        storage.removeSubrange(last.start...)
    }

    /// Notes that the octets from `start` to the end of the arena are a field.
    mutating func noteField(start: Int, nameLength: Int, indexing: Indexing) {
        fields.append(
            Field(
                start: start, nameLength: nameLength, valueLength: storage.count - start - nameLength,
                indexing: indexing))
    }
}

extension HeaderList: Equatable {
    /// Equal names and values in equal order; how they may be compressed does not count.
    package static func == (left: HeaderList, right: HeaderList) -> Bool {
        guard left.count == right.count, left.storage == right.storage else { return false }
        return left.fields.indices.allSatisfy {
            left.fields[$0].start == right.fields[$0].start
                && left.fields[$0].nameLength == right.fields[$0].nameLength
        }
    }
}

extension HeaderList: ExpressibleByDictionaryLiteral {
    /// A list written as `[":method": "POST", "te": "trailers"]`; order and repetitions are kept.
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}

extension HeaderList: CustomStringConvertible {
    /// One `name: value` a line, for tests and logs.
    package var description: String {
        fields.indices.map { "\(name($0)): \(value($0))" }.joined(separator: "\n")
    }
}

extension [UInt8] {
    /// Whether the octets of `range` spell `text`.
    fileprivate func matches(_ text: String, _ range: Range<Int>) -> Bool {
        let utf8 = text.utf8
        guard utf8.count == range.count else { return false }
        return self[range].elementsEqual(utf8)
    }
}
