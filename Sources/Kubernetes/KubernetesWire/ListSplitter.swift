// A list is read while it comes: each item as soon as its last octet is there, so that no more than one is held twice, however
// long the list.

/// Cuts a list into its items. No I/O.
public struct ListSplitter: Sendable {
    /// Why a list cannot be read.
    public enum Fault: Error, Equatable {
        case itemTooLarge(limit: Int)
        case notAList
    }

    private enum Form {
        case json(JSONListState)
        case protobuf(ProtobufListState)
    }

    private var form: Form
    private let maximumItemSize: Int

    /// A splitter.
    ///
    /// - Parameter maximumItemSize: octets of one item, and of what stands around them.
    public init(isProtobuf: Bool, maximumItemSize: Int = 8 << 20) {
        form = isProtobuf ? .protobuf(ProtobufListState()) : .json(JSONListState())
        self.maximumItemSize = maximumItemSize
    }

    /// Takes what has arrived.
    ///
    /// - Parameter item: called with each item that is complete, and where it stands.
    public mutating func receive(
        _ octets: [UInt8], _ item: ([UInt8], Range<Int>) -> Void
    ) throws(Fault) {
        switch form {
        case .json(var state):
            form = .json(JSONListState())
            try state.receive(octets, limit: maximumItemSize, item)
            form = .json(state)
        case .protobuf(var state):
            form = .protobuf(ProtobufListState())
            try state.receive(octets, limit: maximumItemSize, item)
            form = .protobuf(state)
        }
    }

    /// The list has ended.
    ///
    /// - Returns: what stands around the items: a JSON document without them, or its metadata (ListMeta) in protobuf.
    public func finish() throws(Fault) -> [UInt8] {
        switch form {
        case .json(let state):
            guard state.depth == 0, state.hasItems, !state.isInString else { throw .notAList }
            return state.around
        case .protobuf(let state):
            guard state.isComplete else { throw .notAList }
            return state.metadata
        }
    }
}

/// A list in JSON.
private struct JSONListState: Sendable {
    private(set) var depth = 0
    private(set) var isInString = false
    private(set) var hasItems = false
    /// Everything but the items.
    private(set) var around: [UInt8] = []
    private var isEscaped = false
    private var isInItems = false
    /// An item whose beginning came in an earlier piece.
    private var pending: [UInt8] = []

    mutating func receive(
        _ octets: [UInt8], limit: Int, _ item: ([UInt8], Range<Int>) -> Void
    ) throws(ListSplitter.Fault) {
        var offset = 0
        // Where the item that has begun in these octets stands.
        var start = isInItems && depth > 2 ? 0 : -1
        var isBroken = false
        octets.withUnsafeBytes { base in
            while offset < base.count {
                let octet = base[offset]
                offset += 1
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if octet == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if octet == UInt8(ascii: "\"") {
                        isInString = false
                    }
                    if start < 0 { around.append(octet) }
                    continue
                }
                switch octet {
                case UInt8(ascii: "\""):
                    isInString = true
                    // Elements that are no objects are no items.
                    if isInItems, depth == 2 { isBroken = true }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    if isInItems, depth == 3 {
                        start = offset - 1
                        continue
                    }
                    if depth == 2, octet == UInt8(ascii: "["), around.endsWithItems {
                        isInItems = true
                        hasItems = true
                    }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth < 0 { isBroken = true }
                    if isInItems, depth == 2 {
                        if pending.isEmpty {
                            item(octets, start..<offset)
                        } else {
                            pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: base[start..<offset]))
                            item(pending, pending.indices)
                            pending.removeAll(keepingCapacity: pending.capacity <= 65_536)
                        }
                        start = -1
                        continue
                    }
                    if isInItems, depth < 2 { isInItems = false }
                case UInt8(ascii: ",") where isInItems && depth == 2: continue
                case UInt8(ascii: "n") where depth == 1 && around.endsWithItems: hasItems = true
                default: break
                }
                if start < 0 { around.append(octet) }
                if isBroken { break }
            }
            if start >= 0, start < base.count {
                pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: base[start...]))
            }
        }
        if isBroken { throw .notAList }
        guard pending.count <= limit, around.count <= limit else { throw .itemTooLarge(limit: limit) }
    }
}

extension [UInt8] {
    /// Whether they end with the name `items` and its colon.
    fileprivate var endsWithItems: Bool {
        var end = count
        func skipBlanks() { while end > 0, self[end - 1] <= 0x20 { end -= 1 } }
        skipBlanks()
        guard end > 0, self[end - 1] == UInt8(ascii: ":") else { return false }
        end -= 1
        skipBlanks()
        return self[..<end].suffix(7).elementsEqual("\"items\"".utf8)
    }
}

/// A list in protobuf: an envelope, and in it metadata (1) and items (2).
private struct ProtobufListState: Sendable {
    private(set) var metadata: [UInt8] = []
    private var pending: [UInt8] = []
    private var hasMagic = false
    /// Octets of the list that are still to come; nil outside of it.
    private var left: Int?
    private var hasList = false

    var isComplete: Bool { hasList && left == nil && pending.isEmpty }

    mutating func receive(
        _ octets: [UInt8], limit: Int, _ item: ([UInt8], Range<Int>) -> Void
    ) throws(ListSplitter.Fault) {
        pending += octets
        var offset = 0
        if !hasMagic {
            guard pending.count >= 4 else { return }
            guard pending.prefix(4).elementsEqual(ProtobufEnvelope.magic) else { throw .notAList }
            hasMagic = true
            offset = 4
        }
        while let (number, start, count) = try header(at: offset, limit: limit) {
            if number == 2, left == nil {
                // The list itself: its fields are read as they come.
                hasList = true
                left = count > 0 ? count : nil
                offset = start
                continue
            }
            guard start + count <= pending.count else { break }
            if let rest = left {
                guard rest >= start + count - offset else { throw .notAList }
                if number == 2 { item(pending, start..<start + count) }
                if number == 1 { metadata = Array(pending[start..<start + count]) }
                left = rest - (start + count - offset)
                if left == 0 { left = nil }
            }
            offset = start + count
        }
        pending.removeSubrange(..<offset)
        if pending.capacity > 1 << 20, pending.count < 65_536 { pending = Array(pending) }
    }

    /// The field that begins at `offset`; nil while that has not come.
    private func header(
        at offset: Int, limit: Int
    ) throws(ListSplitter.Fault) -> (number: Int, start: Int, count: Int)? {
        var place = offset
        func varint() -> UInt64? {
            var result: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard place < pending.count else { return nil }
                let octet = pending[place]
                place += 1
                result |= UInt64(octet & 0x7f) << shift
                if octet < 0x80 { return result }
            }
            return nil
        }
        guard let tag = varint() else {
            if pending.count - offset > 10 { throw .notAList }
            return nil
        }
        guard tag & 7 == 2, tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw .notAList }
        guard let count = varint() else {
            if pending.count - offset > 20 { throw .notAList }
            return nil
        }
        let isList = left == nil && tag >> 3 == 2
        guard count <= UInt64(isList ? Int.max / 2 : limit) else { throw .itemTooLarge(limit: limit) }
        return (Int(tag >> 3), place, Int(count))
    }
}
