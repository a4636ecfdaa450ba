// JSON patch (RFC 6902) over JSON pointers (RFC 6901).

internal import CEL
package import JSON

/// A parsed JSON patch.
package struct JSONPatch: Sendable {
    /// Why a patch cannot be used.
    package enum Fault: Error, Equatable, Sendable {
        /// The document is no JSON patch.
        case malformed(String)
        /// An operation does not apply to the value, or a test failed.
        case notApplicable(String)
    }

    private struct Operation {
        var name: String
        var path: [String]
        var from: [String]
        var value: JSON
    }

    private var operations: [Operation] = []

    /// Operations one patch may have: what the real server allows.
    static let maximumOperations = 10_000

    /// Reads the operations.
    ///
    /// - Throws: `Fault.malformed`.
    package init(_ json: JSON) throws(Fault) {
        guard let list = json.array else { throw .malformed("a JSON patch is an array of operations") }
        guard list.count <= Self.maximumOperations else {
            throw .malformed(
                "the patch has \(list.count) operations, at most \(Self.maximumOperations) are allowed")
        }
        for item in list {
            guard let name = item.op?.string, let path = item.path?.string else {
                throw .malformed("an operation lacks op or path")
            }
            var operation = Operation(name: name, path: try Self.pointer(path), from: [], value: .null)
            switch name {
            case "add", "replace", "test":
                guard let value = item.value else { throw .malformed("operation \(name) lacks a value") }
                operation.value = value
            case "remove": break
            case "move", "copy":
                guard let from = item.from?.string else { throw .malformed("operation \(name) lacks from") }
                operation.from = try Self.pointer(from)
            default: throw .malformed("there is no operation \(name)")
            }
            operations.append(operation)
        }
    }

    private static func pointer(_ text: String) throws(Fault) -> [String] {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { throw .malformed("\(quoted(text)) is no JSON pointer") }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// The value with all operations applied, or a fault and no change.
    ///
    /// - Throws: `Fault.notApplicable` at the first operation that fails.
    package func applied(to value: JSON) throws(Fault) -> JSON {
        var value = value
        for operation in operations {
            switch operation.name {
            case "add": try Self.set(&value, operation.path[...], operation.value, mustExist: false)
            case "replace": try Self.set(&value, operation.path[...], operation.value, mustExist: true)
            case "remove": _ = try Self.remove(&value, operation.path[...])
            case "test":
                guard try Self.get(value, operation.path) == operation.value else {
                    throw .notApplicable("the test of /\(operation.path.joined(separator: "/")) failed")
                }
            case "copy":
                let copy = try Self.get(value, operation.from)
                try Self.set(&value, operation.path[...], copy, mustExist: false)
            case "move":
                guard !operation.path.starts(with: operation.from) || operation.path == operation.from else {
                    throw .notApplicable("a value cannot move into itself")
                }
                let moved = try Self.remove(&value, operation.from[...])
                try Self.set(&value, operation.path[...], moved, mustExist: false)
            default: break
            }
        }
        return value
    }

    private static func index(_ token: String, count: Int) throws(Fault) -> Int {
        // RFC 6901 §4: no leading zeros, digits only.
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
            token == "0" || !token.hasPrefix("0"), let index = Int(token), index < count
        else { throw .notApplicable("there is no element \(token)") }
        return index
    }

    private static func get(_ value: JSON, _ path: [String]) throws(Fault) -> JSON {
        var value = value
        for token in path {
            switch value {
            case .object(let members):
                guard let member = members[token] else { throw .notApplicable("there is no \(token)") }
                value = member
            case .array(let elements): value = elements[try index(token, count: elements.count)]
            default: throw .notApplicable("there is no \(token)")
            }
        }
        return value
    }

    private static func set(
        _ value: inout JSON, _ path: ArraySlice<String>, _ new: JSON, mustExist: Bool
    ) throws(Fault) {
        guard let token = path.first else {
            value = new
            return
        }
        let rest = path.dropFirst()
        switch value {
        case .object(var members):
            if rest.isEmpty {
                if mustExist, members[token] == nil { throw .notApplicable("there is no \(token)") }
                members[token] = new
            } else {
                guard var member = members[token] else { throw .notApplicable("there is no \(token)") }
                try set(&member, rest, new, mustExist: mustExist)
                members[token] = member
            }
            value = .object(members)
        case .array(var elements):
            if rest.isEmpty, !mustExist {
                let position =
                    token == "-" ? elements.count : try index(token, count: elements.count + 1)
                elements.insert(new, at: position)
            } else {
                let position = try index(token, count: elements.count)
                if rest.isEmpty {
                    elements[position] = new
                } else {
                    try set(&elements[position], rest, new, mustExist: mustExist)
                }
            }
            value = .array(elements)
        default: throw .notApplicable("there is no \(token)")
        }
    }

    private static func remove(_ value: inout JSON, _ path: ArraySlice<String>) throws(Fault) -> JSON {
        guard let token = path.first else {
            let old = value
            value = .null
            return old
        }
        let rest = path.dropFirst()
        switch value {
        case .object(var members):
            guard var member = members[token] else { throw .notApplicable("there is no \(token)") }
            let removed: JSON
            if rest.isEmpty {
                removed = member
                members[token] = nil
            } else {
                removed = try remove(&member, rest)
                members[token] = member
            }
            value = .object(members)
            return removed
        case .array(var elements):
            let position = try index(token, count: elements.count)
            let removed =
                rest.isEmpty ? elements.remove(at: position) : try remove(&elements[position], rest)
            value = .array(elements)
            return removed
        default: throw .notApplicable("there is no \(token)")
        }
    }
}
