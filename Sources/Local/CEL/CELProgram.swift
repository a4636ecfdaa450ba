// A compiled rule, and the text that says why one does not compile.

/// An expression ready to run.
package struct CELProgram: Equatable, Sendable {
    /// The expression as written.
    let source: String
    private let expression: CELExpression

    /// Parses an expression.
    package init(_ source: String) throws(CELSyntaxError) {
        self.source = source
        expression = try CELParser.parse(source)
    }

    /// Whether a variable occurs in it.
    package func mentions(_ name: String) -> Bool { expression.mentions(name) }

    /// Checks names, fields and types against the schema the rule hangs on.
    func check(schema: any CELSchema, isRoot: Bool, result: String) throws(CELSyntaxError) {
        try CELChecker.check(expression, self: schema, isRoot: isRoot, result: result)
    }

    /// The expression's value.
    package func evaluate(_ variables: [String: CELValue]) throws(CELError) -> CELValue {
        try CELEvaluator.evaluate(expression, variables)
    }

    /// Why a rule does not compile, as cel-go words it; nil when it does.
    package static func compilationFault(
        _ source: String, schema: any CELSchema, isRoot: Bool, result: String
    ) -> String? {
        do {
            try CELProgram(source).check(schema: schema, isRoot: isRoot, result: result)
            return nil
        } catch {
            guard error.offset >= 0 else { return error.message }
            return "compilation failed: " + shown(error, source)
        }
    }

    /// The fault with the line it stands in and a mark below.
    private static func shown(_ error: CELSyntaxError, _ source: String) -> String {
        var line = 1
        var column = 0
        var text = String.UnicodeScalarView()
        for (index, scalar) in source.unicodeScalars.enumerated() {
            if scalar == "\n" {
                if index >= error.offset { break }
                line += 1
                column = 0
                text = String.UnicodeScalarView()
            } else {
                text.append(scalar)
                if index < error.offset { column += 1 }
            }
        }
        let mark = String(repeating: ".", count: column) + "^"
        return "ERROR: <input>:\(line):\(column + 1): \(error.message)\n | \(String(text))\n | \(mark)"
    }
}
