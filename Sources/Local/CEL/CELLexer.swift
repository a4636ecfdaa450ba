// The words of CEL, the language of CRD validation rules (cel-spec, langdef.md "Syntax").

/// A fault in an expression, with its place.
package struct CELSyntaxError: Error, Equatable {
    /// Offset in Unicode scalars.
    var offset: Int
    /// What is wrong, in cel-go's words.
    package var message: String
}

/// One word of an expression.
struct CELToken: Equatable {
    enum Kind: Equatable {
        case identifier(String)
        case int(Int64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(String)
        case end
    }

    var kind: Kind
    var offset: Int
}

/// Splits an expression into words.
struct CELLexer {
    /// Scalars an expression may have.
    static let maximumLength = 8 << 10
    private let text: [Unicode.Scalar]
    private var index = 0

    static func tokens(of source: String) throws(CELSyntaxError) -> [CELToken] {
        var lexer = CELLexer(text: Array(source.unicodeScalars))
        guard lexer.text.count <= maximumLength else {
            throw CELSyntaxError(offset: 0, message: "expression code point size exceeds limit")
        }
        var tokens: [CELToken] = []
        while let token = try lexer.next() { tokens.append(token) }
        tokens.append(CELToken(kind: .end, offset: lexer.text.count))
        return tokens
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        index + ahead < text.count ? text[index + ahead] : nil
    }

    private mutating func next() throws(CELSyntaxError) -> CELToken? {
        while let scalar = peek() {
            if scalar.properties.isWhitespace {
                index += 1
            } else if scalar == "/", peek(1) == "/" {
                while let scalar = peek(), scalar != "\n" { index += 1 }
            } else {
                break
            }
        }
        guard let scalar = peek() else { return nil }
        let start = index
        if scalar.isIdentifierStart {
            let prefix = scalar == "r" || scalar == "R" || scalar == "b" || scalar == "B"
            if prefix, let mark = peek(1), mark == "\"" || mark == "'" {
                index += 1
                let raw = scalar == "r" || scalar == "R"
                let value = try string(raw: raw)
                return CELToken(kind: raw ? .string(value) : .bytes(Array(value.utf8)), offset: start)
            }
            var name = ""
            while let scalar = peek(), scalar.isIdentifierStart || scalar.isDigit {
                name.unicodeScalars.append(scalar)
                index += 1
            }
            return CELToken(kind: .identifier(name), offset: start)
        }
        if scalar.isDigit || (scalar == "." && peek(1)?.isDigit == true) { return try number() }
        if scalar == "\"" || scalar == "'" {
            return CELToken(kind: .string(try string(raw: false)), offset: start)
        }
        for symbol in ["&&", "||", "==", "!=", "<=", ">=", "?."] {
            if peek().map(String.init) == symbol.prefix(1).description,
                peek(1).map(String.init) == symbol.suffix(1).description
            {
                index += 2
                return CELToken(kind: .symbol(symbol), offset: start)
            }
        }
        guard "+-*/%!<>()[]{},.?:".unicodeScalars.contains(scalar) else {
            throw CELSyntaxError(
                offset: start, message: "Syntax error: token recognition error at: '\(scalar)'")
        }
        index += 1
        return CELToken(kind: .symbol(String(scalar)), offset: start)
    }

    private mutating func number() throws(CELSyntaxError) -> CELToken {
        let start = index
        if peek() == "0", peek(1) == "x" || peek(1) == "X" {
            index += 2
            var digits = ""
            while let scalar = peek(), scalar.properties.isASCIIHexDigit {
                digits.unicodeScalars.append(scalar)
                index += 1
            }
            guard let value = Int64(digits, radix: 16) else {
                throw CELSyntaxError(offset: start, message: "invalid int literal")
            }
            return CELToken(kind: .int(value), offset: start)
        }
        var digits = ""
        var isDouble = false
        while let scalar = peek() {
            if scalar.isDigit {
                digits.unicodeScalars.append(scalar)
            } else if scalar == ".", !isDouble, peek(1)?.isDigit == true {
                isDouble = true
                digits.unicodeScalars.append(scalar)
            } else if scalar == "e" || scalar == "E" {
                isDouble = true
                digits.unicodeScalars.append(scalar)
                if let sign = peek(1), sign == "-" || sign == "+" {
                    index += 1
                    digits.unicodeScalars.append(sign)
                }
            } else {
                break
            }
            index += 1
        }
        if isDouble {
            guard let value = Double(digits) else {
                throw CELSyntaxError(offset: start, message: "invalid double literal")
            }
            return CELToken(kind: .double(value), offset: start)
        }
        if peek() == "u" || peek() == "U" {
            index += 1
            guard let value = UInt64(digits) else {
                throw CELSyntaxError(offset: start, message: "invalid uint literal")
            }
            return CELToken(kind: .uint(value), offset: start)
        }
        guard let value = Int64(digits) else {
            throw CELSyntaxError(offset: start, message: "invalid int literal")
        }
        return CELToken(kind: .int(value), offset: start)
    }

    private mutating func string(raw: Bool) throws(CELSyntaxError) -> String {
        let start = index
        guard let mark = peek() else { return "" }
        let triple = peek(1) == mark && peek(2) == mark
        index += triple ? 3 : 1
        var result = ""
        while let scalar = peek() {
            if scalar == mark, !triple || (peek(1) == mark && peek(2) == mark) {
                index += triple ? 3 : 1
                return result
            }
            if scalar == "\n", !triple { break }
            index += 1
            guard scalar == "\\", !raw else {
                result.unicodeScalars.append(scalar)
                continue
            }
            result.unicodeScalars.append(try escape(start))
        }
        throw CELSyntaxError(offset: start, message: "Syntax error: token recognition error at: '\(mark)'")
    }

    private mutating func escape(_ start: Int) throws(CELSyntaxError) -> Unicode.Scalar {
        guard let scalar = peek() else {
            throw CELSyntaxError(offset: start, message: "unterminated escape sequence")
        }
        index += 1
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "a": return "\u{07}"
        case "b": return "\u{08}"
        case "f": return "\u{0c}"
        case "v": return "\u{0b}"
        case "\\", "'", "\"", "`", "?": return scalar
        case "x", "X", "u", "U":
            let count = scalar == "u" ? 4 : scalar == "U" ? 8 : 2
            var digits = ""
            for _ in 0..<count {
                guard let digit = peek() else { break }
                digits.unicodeScalars.append(digit)
                index += 1
            }
            guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
                let result = Unicode.Scalar(value)
            else { throw CELSyntaxError(offset: start, message: "invalid escape sequence") }
            return result
        default:
            throw CELSyntaxError(offset: start, message: "invalid escape sequence \\\(scalar)")
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { value >= 48 && value <= 57 }
    fileprivate var isIdentifierStart: Bool {
        self == "_" || (value >= 65 && value <= 90) || (value >= 97 && value <= 122)
    }
}
