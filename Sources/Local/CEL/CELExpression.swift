// The tree of a CEL expression. Every node knows where it stands, for the messages of the checker.

/// One node.
indirect enum CELExpression: Equatable, Sendable {
    case literal(CELValue)
    case identifier(String, offset: Int)
    /// `operand.field`; `test` for `has(operand.field)`.
    case select(CELExpression, String, test: Bool, offset: Int)
    case index(CELExpression, CELExpression, offset: Int)
    /// A function or an operator (`_+_`, `!_`), with the receiver of a method first.
    case call(String, [CELExpression], method: Bool, offset: Int)
    case conditional(CELExpression, CELExpression, CELExpression)
    case and(CELExpression, CELExpression)
    case or(CELExpression, CELExpression)
    case list([CELExpression])
    case map([CELPair])
    /// `range.macro(variable, [second,] body)` for all, exists, exists_one, filter, map.
    case macro(
        String, range: CELExpression, variable: String, condition: CELExpression?, body: CELExpression,
        offset: Int)

    /// Whether an identifier occurs in the expression.
    package func mentions(_ name: String) -> Bool {
        switch self {
        case .literal: false
        case .identifier(let found, _): found == name
        case .select(let operand, _, _, _): operand.mentions(name)
        case .index(let operand, let key, _): operand.mentions(name) || key.mentions(name)
        case .call(_, let arguments, _, _): arguments.contains { $0.mentions(name) }
        case .conditional(let a, let b, let c): a.mentions(name) || b.mentions(name) || c.mentions(name)
        case .and(let a, let b), .or(let a, let b): a.mentions(name) || b.mentions(name)
        case .list(let items): items.contains { $0.mentions(name) }
        case .map(let pairs): pairs.contains { $0.key.mentions(name) || $0.value.mentions(name) }
        case .macro(_, let range, _, let condition, let body, _):
            range.mentions(name) || body.mentions(name) || (condition?.mentions(name) ?? false)
        }
    }
}

/// One entry of a map literal.
struct CELPair: Equatable, Sendable {
    var key: CELExpression
    var value: CELExpression
}
