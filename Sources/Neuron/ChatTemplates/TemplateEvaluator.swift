// Fills a template in. What a template may cost is bounded: steps, octets of text, depth of calls.

/// What one filling-in works with.
struct TemplateEvaluator {
    /// Nodes, expressions and elements that are looked at.
    static let mostSteps = 1_000_000
    /// Octets of any text that is made.
    static let longestText = 16 << 20
    /// Macros that call each other, expressions in each other.
    static let deepest = 200

    /// How a body ended.
    private enum Flow { case done, broken, continued }

    /// The variables, the innermost last; the first are those of the caller, the second those of the template.
    var scopes: [[String: TemplateValue]]
    var namespaces: [TemplateDict] = []
    var macros: [TemplateMacro] = []
    var output: [UInt8] = []
    var steps = 0
    var depth = 0
    /// The line that is worked on.
    var line = 1
    /// What `strftime_now` makes of a format.
    let clock: @Sendable (String) -> String

    init(_ variables: [String: TemplateValue], clock: @escaping @Sendable (String) -> String) {
        scopes = [variables, [:]]
        self.clock = clock
    }

    /// The template filled in.
    static func text(
        of nodes: [TemplateNode], _ variables: [String: TemplateValue],
        clock: @escaping @Sendable (String) -> String
    ) throws(ChatTemplateError) -> String {
        var evaluator = TemplateEvaluator(variables, clock: clock)
        _ = try evaluator.run(nodes)
        return String(decoding: evaluator.output, as: UTF8.self)
    }

    func error(_ problem: String) -> ChatTemplateError { ChatTemplateError(line, problem) }

    /// Counts work.
    mutating func spend(_ count: Int = 1) throws(ChatTemplateError) {
        steps += count
        guard steps <= Self.mostSteps else { throw error("it takes more than \(Self.mostSteps) steps") }
    }

    /// A text that was made, if it is not too long.
    mutating func made(_ text: String) throws(ChatTemplateError) -> TemplateValue {
        guard text.utf8.count <= Self.longestText else {
            throw error("a text is longer than \(Self.longestText) octets")
        }
        try spend(1 + text.utf8.count / 64)
        return .string(text)
    }

    mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= Self.deepest else { throw error("calls stand in more than \(Self.deepest) others") }
    }

    private mutating func write(_ text: String) throws(ChatTemplateError) {
        guard output.count + text.utf8.count <= Self.longestText else {
            throw error("the text is longer than \(Self.longestText) octets")
        }
        output += text.utf8
    }

    // MARK: - Statements

    private mutating func run(_ nodes: [TemplateNode]) throws(ChatTemplateError) -> Flow {
        for node in nodes {
            try spend()
            let flow = try run(node)
            guard flow == .done else { return flow }
        }
        return .done
    }

    private mutating func run(_ node: TemplateNode) throws(ChatTemplateError) -> Flow {
        switch node {
        case .text(let text): try write(text)
        case .output(let expression, let line):
            self.line = line
            try write(value(of: expression).text)
        case .if(let cases, let otherwise, let line):
            self.line = line
            for (condition, body) in cases {
                if try value(of: condition).isTrue { return try run(body) }
            }
            return try run(otherwise)
        case .for(let loop, let line):
            self.line = line
            return try run(loop)
        case .set(let targets, let expression, let line):
            self.line = line
            try set(targets, value(of: expression))
        case .setBlock(let target, let body, let line):
            self.line = line
            try set([target], .string(captured(body)))
        case .macro(let macro, let line):
            self.line = line
            macros.append(macro)
            scopes[scopes.count - 1][macro.name] = .macro(macros.count - 1)
        case .break: return .broken
        case .continue: return .continued
        }
        return .done
    }

    /// What a body writes.
    mutating func captured(_ body: [TemplateNode]) throws(ChatTemplateError) -> String {
        let before = output
        output = []
        scopes.append([:])
        try enter()
        _ = try run(body)
        depth -= 1
        scopes.removeLast()
        let text = String(decoding: output, as: UTF8.self)
        output = before
        return text
    }

    mutating func set(
        _ targets: [TemplateTarget], _ value: TemplateValue
    ) throws(ChatTemplateError) {
        guard targets.count > 1 else {
            try set(targets[0], value)
            return
        }
        guard let values = value.members, values.count == targets.count else {
            throw error("\(targets.count) names are set to \(value.kind) of another size")
        }
        for (target, value) in zip(targets, values) { try set(target, value) }
    }

    mutating func set(_ target: TemplateTarget, _ value: TemplateValue) throws(ChatTemplateError) {
        guard let attribute = target.attribute else {
            scopes[scopes.count - 1][target.name] = value
            return
        }
        guard case .namespace(let index)? = lookUp(target.name) else {
            throw error("\(target.name).\(attribute) is set, and \(target.name) is no namespace")
        }
        namespaces[index][attribute] = value
    }

    func lookUp(_ name: String) -> TemplateValue? {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return nil
    }

    private mutating func run(_ loop: TemplateLoop) throws(ChatTemplateError) -> Flow {
        var values = try elements(of: value(of: loop.values), "for goes through")
        try enter()
        defer { depth -= 1 }
        scopes.append([:])
        defer { scopes.removeLast() }
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for value in values {
                try bind(loop.targets, value)
                if try self.value(of: condition).isTrue { kept.append(value) }
            }
            values = kept
        }
        guard !values.isEmpty else { return try run(loop.otherwise) }
        for (index, value) in values.enumerated() {
            scopes[scopes.count - 1] = ["loop": .dict(Self.position(index, in: values))]
            try bind(loop.targets, value)
            switch try run(loop.body) {
            case .done, .continued: continue
            case .broken: return .done
            }
        }
        return .done
    }

    private mutating func bind(_ names: [String], _ value: TemplateValue) throws(ChatTemplateError) {
        if names.count == 1 {
            scopes[scopes.count - 1][names[0]] = value
        } else {
            try set(names.map { TemplateTarget(name: $0, attribute: nil) }, value)
        }
    }

    /// What `loop` is.
    private static func position(_ index: Int, in values: [TemplateValue]) -> TemplateDict {
        var loop = TemplateDict()
        loop["index"] = .int(index + 1)
        loop["index0"] = .int(index)
        loop["revindex"] = .int(values.count - index)
        loop["revindex0"] = .int(values.count - index - 1)
        loop["first"] = .bool(index == 0)
        loop["last"] = .bool(index == values.count - 1)
        loop["length"] = .int(values.count)
        if index > 0 { loop["previtem"] = values[index - 1] }
        if index + 1 < values.count { loop["nextitem"] = values[index + 1] }
        return loop
    }

    /// What there is to go through.
    mutating func elements(of value: TemplateValue, _ what: String) throws(ChatTemplateError)
        -> [TemplateValue]
    {
        let elements: [TemplateValue]
        switch value {
        case .list(let values), .tuple(let values): elements = values
        case .dict(let dict): elements = dict.entries.map { .string($0.key) }
        case .string(let text): elements = text.unicodeScalars.map { .string(String($0)) }
        case .undefined: elements = []
        default: throw error("\(what) \(value.kind)")
        }
        try spend(elements.count)
        return elements
    }
}

/// What a function was given.
struct TemplateInputs {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]

    /// A value by its place, or by its name.
    func value(_ place: Int, _ name: String) -> TemplateValue? { positional[safe: place] ?? named[name] }
}
