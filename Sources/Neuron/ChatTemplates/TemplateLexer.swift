// A template as text and marks: `{{ expression }}`, `{% statement %}`, `{# comment #}`. White space is treated as the
// transformers library has it: `trim_blocks` and `lstrip_blocks` are on, `-` and `+` in a mark do what they do in Jinja.

/// A word of an expression.
enum TemplateToken: Equatable {
    case name(String)
    case string(String)
    case int(Int)
    case double(Double)
    case sign(String)
}

/// A part of a template.
struct TemplatePart {
    enum Content {
        case text(String)
        case expression([TemplateToken])
        case statement([TemplateToken])
    }

    let content: Content
    /// Where it begins, from 1.
    let line: Int
}

/// Cuts a template into parts.
struct TemplateLexer {
    private let octets: [UInt8]
    private var place = 0
    private var line = 1
    private var parts: [TemplatePart] = []
    private var text: [UInt8] = []
    private var textLine = 1
    /// Whether what comes next is at the start of a line.
    private var isLineStart = true

    private init(_ template: String) {
        var octets = Array(template.utf8)
        octets = octets.replacing([0x0d, 0x0a], with: [0x0a])
        // Jinja takes the last end of a line away.
        if octets.last == 0x0a { octets.removeLast() }
        self.octets = octets
    }

    /// The parts of a template.
    static func parts(of template: String) throws(ChatTemplateError) -> [TemplatePart] {
        var lexer = TemplateLexer(template)
        while lexer.place < lexer.octets.count { try lexer.step() }
        lexer.endText()
        return lexer.parts
    }

    private func has(_ word: String, at place: Int) -> Bool {
        let word = word.utf8
        return place + word.count <= octets.count && octets[place..<place + word.count].elementsEqual(word)
    }

    private mutating func move(to end: Int) {
        line += octets[place..<end].count { $0 == 0x0a }
        place = end
    }

    private mutating func endText() {
        if !text.isEmpty {
            parts.append(TemplatePart(content: .text(String(decoding: text, as: UTF8.self)), line: textLine))
        }
        text = []
    }

    private mutating func step() throws(ChatTemplateError) {
        let isBlock = has("{%", at: place)
        let isComment = has("{#", at: place)
        guard isBlock || isComment || has("{{", at: place) else {
            if text.isEmpty { textLine = line }
            text.append(octets[place])
            move(to: place + 1)
            return
        }
        stripBefore(octets[safe: place + 2], isBlock: isBlock || isComment)
        endText()
        let start = line
        if isComment {
            try skipComment()
            return
        }
        move(to: place + 2)
        if let sign = octets[safe: place], sign == 0x2d || sign == 0x2b { move(to: place + 1) }
        let tokens = try words(until: isBlock ? "%}" : "}}", from: start)
        if isBlock, tokens == [.name("raw")] {
            try takeRaw(from: start)
        } else {
            parts.append(
                TemplatePart(content: isBlock ? .statement(tokens) : .expression(tokens), line: start))
        }
    }

    /// Takes white space away before a mark.
    private mutating func stripBefore(_ sign: UInt8?, isBlock: Bool) {
        func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || 0x09...0x0d ~= octet }
        if sign == 0x2d {
            while let last = text.last, isSpace(last) { text.removeLast() }
        } else if isBlock, sign != 0x2b {
            let start = text.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
            if start > 0 || isLineStart, text[start...].allSatisfy(isSpace) { text.removeSubrange(start...) }
        }
    }

    /// Goes behind a mark's end, and behind the white space that goes with it.
    private mutating func end(_ mark: String, minus: Bool, plus: Bool) {
        var end = place + mark.utf8.count
        if minus {
            while let next = octets[safe: end], next == 0x20 || 0x09...0x0d ~= next { end += 1 }
        } else if mark != "}}", !plus, octets[safe: end] == 0x0a {
            end += 1
        }
        move(to: end)
        isLineStart = octets[end - 1] == 0x0a
    }

    private mutating func skipComment() throws(ChatTemplateError) {
        let start = line
        var end = place + 2
        while !has("#}", at: end) {
            guard end < octets.count else {
                throw ChatTemplateError(start, "a comment has no end: close it with #}")
            }
            end += 1
        }
        let sign = octets[end - 1]
        move(to: end)
        self.end("#}", minus: sign == 0x2d, plus: sign == 0x2b)
    }

    /// What stands until `{% endraw %}` is text.
    private mutating func takeRaw(from start: Int) throws(ChatTemplateError) {
        while place < octets.count {
            if has("{%", at: place) {
                var ahead = self
                let sign = octets[safe: place + 2]
                ahead.move(to: place + (sign == 0x2d || sign == 0x2b ? 3 : 2))
                if let tokens = try? ahead.words(until: "%}", from: line), tokens == [.name("endraw")] {
                    isLineStart = false
                    stripBefore(sign, isBlock: true)
                    (ahead.text, ahead.textLine) = (text, textLine)
                    self = ahead
                    return
                }
            }
            if text.isEmpty { textLine = line }
            text.append(octets[place])
            move(to: place + 1)
        }
        throw ChatTemplateError(start, "raw has no end: close it with {% endraw %}")
    }

    // MARK: - Words

    private mutating func words(until mark: String, from start: Int) throws(ChatTemplateError)
        -> [TemplateToken]
    {
        var tokens: [TemplateToken] = []
        var open: [UInt8] = []
        while true {
            while let octet = octets[safe: place], octet == 0x20 || 0x09...0x0d ~= octet {
                move(to: place + 1)
            }
            guard let octet = octets[safe: place] else {
                throw ChatTemplateError(start, "a mark has no end: close it with \(mark)")
            }
            if open.isEmpty {
                let isSigned = (octet == 0x2d || octet == 0x2b && mark == "%}") && has(mark, at: place + 1)
                if isSigned || has(mark, at: place) {
                    if isSigned { move(to: place + 1) }
                    end(mark, minus: isSigned && octet == 0x2d, plus: isSigned && octet == 0x2b)
                    return tokens
                }
            }
            tokens.append(try word(octet, &open))
        }
    }

    private static let signs = ["**", "//", "==", "!=", "<=", ">="]

    private mutating func word(_ octet: UInt8, _ open: inout [UInt8]) throws(ChatTemplateError)
        -> TemplateToken
    {
        switch octet {
        case 0x22, 0x27: return .string(try string(octet))
        case 0x30...0x39: return try number()
        case 0x41...0x5a, 0x5f, 0x61...0x7a, 0x80...: return .name(name())
        default: break
        }
        for sign in Self.signs where has(sign, at: place) {
            move(to: place + 2)
            return .sign(sign)
        }
        guard "+-*/%~.,:|()[]{}=<>".utf8.contains(octet) else {
            throw ChatTemplateError(
                line, "\(String(decoding: [octet], as: UTF8.self)) is no sign of an expression")
        }
        switch octet {
        case 0x28, 0x5b, 0x7b: open.append(octet)
        case 0x29, 0x5d, 0x7d:
            // ( ) differ by one, [ ] and { } by two.
            guard let last = open.popLast(), octet == last + (last == 0x28 ? 1 : 2) else {
                throw ChatTemplateError(line, "\(String(decoding: [octet], as: UTF8.self)) closes nothing")
            }
        default: break
        }
        move(to: place + 1)
        return .sign(String(decoding: [octet], as: UTF8.self))
    }

    private mutating func name() -> String {
        let start = place
        while let octet = octets[safe: place],
            octet == 0x5f || octet >= 0x80 || 0x30...0x39 ~= octet || 0x41...0x5a ~= octet
                || 0x61...0x7a ~= octet
        { place += 1 }
        return String(decoding: octets[start..<place], as: UTF8.self)
    }

    private mutating func number() throws(ChatTemplateError) -> TemplateToken {
        let start = place
        func isDigit(_ place: Int) -> Bool {
            octets[safe: place].map { 0x30...0x39 ~= $0 || $0 == 0x5f } ?? false
        }
        while isDigit(place) { place += 1 }
        var isDouble = false
        if octets[safe: place] == 0x2e, isDigit(place + 1) {
            isDouble = true
            place += 1
            while isDigit(place) { place += 1 }
        }
        if octets[safe: place].map({ $0 | 0x20 == 0x65 }) ?? false {
            let sign = octets[safe: place + 1].map { $0 == 0x2d || $0 == 0x2b } ?? false
            if isDigit(place + (sign ? 2 : 1)) {
                isDouble = true
                place += sign ? 2 : 1
                while isDigit(place) { place += 1 }
            }
        }
        let text = String(decoding: octets[start..<place].filter { $0 != 0x5f }, as: UTF8.self)
        if isDouble, let value = Double(text) { return .double(value) }
        if !isDouble, let value = Int(text) { return .int(value) }
        throw ChatTemplateError(line, "\(text) is too large a number")
    }

    private mutating func string(_ quote: UInt8) throws(ChatTemplateError) -> String {
        let start = line
        move(to: place + 1)
        var result: [UInt8] = []
        while let octet = octets[safe: place] {
            if octet == quote {
                move(to: place + 1)
                return String(decoding: result, as: UTF8.self)
            }
            if octet == 0x5c, let escaped = octets[safe: place + 1] {
                move(to: place + 2)
                appendEscaped(escaped, to: &result)
            } else {
                result.append(octet)
                move(to: place + 1)
            }
        }
        throw ChatTemplateError(start, "a text has no end: close it with its quote")
    }

    /// Python's escapes; what is none stays as it is.
    private mutating func appendEscaped(_ octet: UInt8, to result: inout [UInt8]) {
        switch octet {
        case 0x6e: result.append(0x0a)
        case 0x74: result.append(0x09)
        case 0x72: result.append(0x0d)
        case 0x30: result.append(0)
        case 0x61: result.append(7)
        case 0x62: result.append(8)
        case 0x66: result.append(0x0c)
        case 0x76: result.append(0x0b)
        case 0x5c, 0x22, 0x27: result.append(octet)
        case 0x0a: break
        case 0x78, 0x75, 0x55:
            let count = octet == 0x78 ? 2 : octet == 0x75 ? 4 : 8
            let digits = String(decoding: octets[place..<min(place + count, octets.count)], as: UTF8.self)
            guard digits.utf8.count == count, let value = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(value)
            else {
                result += [0x5c, octet]
                return
            }
            result += Array(String(scalar).utf8)
            move(to: place + count)
        default: result += [0x5c, octet]
        }
    }
}

extension Array {
    /// The element of a place; nil where there is none.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
