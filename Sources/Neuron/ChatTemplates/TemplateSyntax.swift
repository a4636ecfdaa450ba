// A template as a tree.

/// A statement, or what is written.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplateExpression, line: Int)
    case `if`([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode], line: Int)
    case `for`(TemplateLoop, line: Int)
    case set([TemplateTarget], TemplateExpression, line: Int)
    case setBlock(TemplateTarget, [TemplateNode], line: Int)
    case macro(TemplateMacro, line: Int)
    case `break`(line: Int)
    case `continue`(line: Int)
}

/// What a loop goes through.
struct TemplateLoop: Sendable {
    let targets: [String]
    let values: TemplateExpression
    let condition: TemplateExpression?
    let body: [TemplateNode]
    let otherwise: [TemplateNode]
}

/// What is set: a name, or a name in a namespace.
struct TemplateTarget: Sendable {
    let name: String
    let attribute: String?
}

/// A function of the template.
struct TemplateMacro: Sendable {
    let name: String
    let parameters: [(name: String, fallback: TemplateExpression?)]
    let body: [TemplateNode]
}

/// What is given to a function.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
}

/// What has a value.
indirect enum TemplateExpression: Sendable {
    case value(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dict([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(
        TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, by: TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    case choice(TemplateExpression, if: TemplateExpression, else: TemplateExpression?)
}
