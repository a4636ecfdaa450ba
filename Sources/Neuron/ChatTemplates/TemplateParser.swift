// The statements of a template, after Jinja's grammar (`jinja2/parser.py`).

/// Makes a tree of parts.
struct TemplateParser {
    /// Statements in each other.
    private static let deepest = 60

    private var parts: ArraySlice<TemplatePart>
    private var depth = 0

    /// The tree of a template.
    static func nodes(of template: String) throws(ChatTemplateError) -> [TemplateNode] {
        var parser = TemplateParser(parts: try TemplateLexer.parts(of: template)[...])
        let (nodes, end) = try parser.nodes(until: [])
        if let end { throw ChatTemplateError(end.line, "\(end.word) closes nothing") }
        return nodes
    }

    private init(parts: ArraySlice<TemplatePart>) { self.parts = parts }

    /// A statement that ends others.
    private struct End {
        let word: String
        var rest: ExpressionParser
        let line: Int
    }

    /// Nodes up to one of these statements, or to the end.
    private mutating func nodes(until ends: Set<String>) throws(ChatTemplateError) -> ([TemplateNode], End?) {
        depth += 1
        defer { depth -= 1 }
        var nodes: [TemplateNode] = []
        while let part = parts.popFirst() {
            guard depth <= Self.deepest else {
                throw ChatTemplateError(part.line, "statements stand in more than \(Self.deepest) others")
            }
            switch part.content {
            case .text(let text): nodes.append(.text(text))
            case .expression(let tokens):
                var words = ExpressionParser(tokens, line: part.line)
                nodes.append(.output(try words.tuple(), line: part.line))
                try words.end()
            case .statement(let tokens):
                var words = ExpressionParser(tokens, line: part.line)
                let word = try words.name()
                if ends.contains(word) || word.hasPrefix("end") || word == "else" || word == "elif" {
                    return (nodes, End(word: word, rest: words, line: part.line))
                }
                nodes += try statement(word, &words, line: part.line)
            }
        }
        return (nodes, nil)
    }

    /// The nodes up to a statement that has to come.
    private mutating func body(
        of word: String, line: Int, until ends: Set<String>
    ) throws(ChatTemplateError) -> ([TemplateNode], End) {
        let (body, end) = try nodes(until: ends)
        guard let end else { throw ChatTemplateError(line, "\(word) has no end: close it with end\(word)") }
        guard ends.contains(end.word) else {
            throw ChatTemplateError(end.line, "\(end.word) does not close \(word)")
        }
        return (body, end)
    }

    private mutating func statement(
        _ word: String, _ words: inout ExpressionParser, line: Int
    ) throws(ChatTemplateError) -> [TemplateNode] {
        switch word {
        case "if": return [try condition(&words, line: line)]
        case "for": return [try loop(&words, line: line)]
        case "set": return [try setting(&words, line: line)]
        case "macro": return [try macro(&words, line: line)]
        case "break":
            try words.end()
            return [.break(line: line)]
        case "continue":
            try words.end()
            return [.continue(line: line)]
        case "generation":
            // Marks for training what the model has written.
            try words.end()
            let (body, end) = try body(of: word, line: line, until: ["endgeneration"])
            try end.rest.end()
            return body
        default:
            throw ChatTemplateError(
                line, "the statement \(word) is not known: known are if, for, set, macro, break, continue")
        }
    }

    private mutating func condition(
        _ words: inout ExpressionParser, line: Int
    ) throws(ChatTemplateError) -> TemplateNode {
        var cases: [(condition: TemplateExpression, body: [TemplateNode])] = []
        var condition = try words.tuple()
        try words.end()
        while true {
            var (body, end) = try body(of: "if", line: line, until: ["elif", "else", "endif"])
            cases.append((condition, body))
            switch end.word {
            case "elif":
                condition = try end.rest.tuple()
                try end.rest.end()
            case "else":
                try end.rest.end()
                let (otherwise, last) = try self.body(of: "if", line: line, until: ["endif"])
                try last.rest.end()
                return .if(cases, otherwise: otherwise, line: line)
            default:
                try end.rest.end()
                return .if(cases, otherwise: [], line: line)
            }
        }
    }

    private mutating func loop(
        _ words: inout ExpressionParser, line: Int
    ) throws(ChatTemplateError) -> TemplateNode {
        var targets = [try words.name()]
        while words.take(sign: ",") { targets.append(try words.name()) }
        guard words.take(word: "in") else { throw ChatTemplateError(line, "for has no in") }
        let values = try words.tuple(isWhole: false)
        let condition: TemplateExpression? = words.take(word: "if") ? try words.expression() : nil
        guard !words.take(word: "recursive") else {
            throw ChatTemplateError(line, "recursive loops are not known")
        }
        try words.end()
        var (body, end) = try body(of: "for", line: line, until: ["else", "endfor"])
        var otherwise: [TemplateNode] = []
        try end.rest.end()
        if end.word == "else" {
            (otherwise, end) = try self.body(of: "for", line: line, until: ["endfor"])
            try end.rest.end()
        }
        return .for(
            TemplateLoop(
                targets: targets, values: values, condition: condition, body: body, otherwise: otherwise),
            line: line)
    }

    private mutating func setting(
        _ words: inout ExpressionParser, line: Int
    ) throws(ChatTemplateError) -> TemplateNode {
        var targets: [TemplateTarget] = []
        repeat {
            let name = try words.name()
            let attribute: String? = words.take(sign: ".") ? try words.name() : nil
            targets.append(TemplateTarget(name: name, attribute: attribute))
        } while words.take(sign: ",")
        if words.take(sign: "=") {
            let value = try words.tuple()
            try words.end()
            return .set(targets, value, line: line)
        }
        try words.end()
        guard targets.count == 1 else { throw ChatTemplateError(line, "set has no value") }
        let (body, end) = try body(of: "set", line: line, until: ["endset"])
        try end.rest.end()
        return .setBlock(targets[0], body, line: line)
    }

    private mutating func macro(
        _ words: inout ExpressionParser, line: Int
    ) throws(ChatTemplateError) -> TemplateNode {
        let name = try words.name()
        var parameters: [(name: String, fallback: TemplateExpression?)] = []
        guard words.take(sign: "(") else {
            throw ChatTemplateError(line, "macro \(name) has no parameters in ( )")
        }
        while !words.take(sign: ")") {
            let parameter = try words.name()
            parameters.append((parameter, words.take(sign: "=") ? try words.expression() : nil))
            if !words.take(sign: ","), !words.isAt(sign: ")") {
                throw ChatTemplateError(line, "the parameters of macro \(name) have no end")
            }
        }
        try words.end()
        var (body, end) = try body(of: "macro", line: line, until: ["endmacro"])
        _ = try? end.rest.name()
        try end.rest.end()
        return .macro(TemplateMacro(name: name, parameters: parameters, body: body), line: line)
    }
}
