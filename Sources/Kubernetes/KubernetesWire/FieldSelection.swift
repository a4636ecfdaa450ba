// Which fields of an object are kept. A copy of many objects is as large as what is kept of each.

/// What is kept of a kind's objects.
package final class FieldSelection: Sendable {
    /// What becomes of a field.
    enum Action: Equatable, Sendable {
        case drop
        case keepAll
        /// Of the message, or of each element, only what this selection says.
        case keepSome
    }

    let actions: [Action]
    let children: [FieldSelection?]
    /// Elements of a list that are kept, by field: those whose first field is one of these strings. Empty for all.
    let elements: [[[UInt8]]]

    private init(actions: [Action], children: [FieldSelection?], elements: [[[UInt8]]]) {
        self.actions = actions
        self.children = children
        self.elements = elements
    }

    /// A selection by paths.
    ///
    /// - Parameters:
    ///   - shape: the message that they begin in.
    ///   - paths: names joined by dots, such as `spec.containers.resources`; in lists and maps they are those of each
    ///     element. A path that ends with a dot keeps that there is something, and nothing of it. `conditions=Ready` keeps
    ///     of a list the elements whose first field (in protobuf) is that string.
    init(_ shape: Int, _ paths: [[Substring]]) {
        let message = MessageShapes.all.shapes[shape]
        var actions: [Action] = []
        var children: [FieldSelection?] = []
        var elements: [[[UInt8]]] = []
        for (place, field) in message.fields.enumerated() {
            let name = field.isEmbedded ? nil : message.keys[place]
            let own: [(rest: [Substring], element: [UInt8]?)] = paths.compactMap { path in
                guard let first = path.first else { return nil }
                let parts = first.split(separator: "=", maxSplits: 1)
                guard parts.first.map(String.init) == name else { return nil }
                return (Array(path.dropFirst()), parts.count == 2 ? Array(parts[1].utf8) : nil)
            }
            elements.append(own.compactMap(\.element))
            if own.isEmpty {
                actions.append(.drop)
                children.append(nil)
            } else if own.contains(where: \.rest.isEmpty) || field.child < 0 {
                actions.append(.keepAll)
                children.append(nil)
            } else {
                actions.append(.keepSome)
                children.append(FieldSelection(field.child, own.map(\.rest)))
            }
        }
        self.actions = actions
        self.children = children
        self.elements = elements
    }
}
