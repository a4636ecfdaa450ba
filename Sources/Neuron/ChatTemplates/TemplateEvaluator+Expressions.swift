// What expressions are worth, and what macros write.

extension TemplateEvaluator {
    /// The value of an expression.
    mutating func value(of expression: TemplateExpression) throws(ChatTemplateError) -> TemplateValue {
        try spend()
        try enter()
        defer { depth -= 1 }
        switch expression {
        case .value(let value): return value
        case .name(let name):
            if let value = lookUp(name) { return value }
            return TemplateFunctions.names.contains(name) ? .function(name) : .undefined(name)
        case .list(let expressions):
            var values: [TemplateValue] = []
            for expression in expressions { values.append(try value(of: expression)) }
            return .list(values)
        case .tuple(let expressions):
            var values: [TemplateValue] = []
            for expression in expressions { values.append(try value(of: expression)) }
            return .tuple(values)
        case .dict(let entries):
            var dict = TemplateDict()
            for (key, expression) in entries { dict[try value(of: key).text] = try value(of: expression) }
            return .dict(dict)
        case .attribute(let object, let name): return try attribute(name, of: value(of: object))
        case .item(let object, let index): return try item(value(of: index), of: value(of: object))
        case .slice(let object, let from, let to, let by):
            return try slice(value(of: object), bound(from), bound(to), bound(by))
        case .call(let function, let given): return try call(function, given)
        case .filter(let object, let name, let given):
            return try filter(value(of: object), name, values(of: given))
        case .test(let object, let name, let given):
            return .bool(try test(value(of: object), name, values(of: given)))
        case .not(let expression): return .bool(try !value(of: expression).isTrue)
        case .negative(let expression): return try binary("-", .int(0), value(of: expression))
        case .and(let left, let right):
            let left = try value(of: left)
            return left.isTrue ? try value(of: right) : left
        case .or(let left, let right):
            let left = try value(of: left)
            return left.isTrue ? left : try value(of: right)
        case .binary(let sign, let left, let right):
            return try binary(sign, value(of: left), value(of: right))
        case .choice(let one, if: let condition, else: let other):
            if try value(of: condition).isTrue { return try value(of: one) }
            return try other.map { (other) throws(ChatTemplateError) in try value(of: other) }
                ?? .undefined("the else of an if")
        }
    }

    private mutating func bound(_ expression: TemplateExpression?) throws(ChatTemplateError) -> Int? {
        guard let expression else { return nil }
        switch try value(of: expression) {
        case .none: return nil
        case let value:
            guard let bound = value.integer else { throw error("a bound is \(value.kind)") }
            return bound
        }
    }

    private mutating func values(of given: TemplateArguments) throws(ChatTemplateError) -> TemplateInputs {
        var inputs = TemplateInputs()
        for expression in given.positional { inputs.positional.append(try value(of: expression)) }
        for (name, expression) in given.named { inputs.named[name] = try value(of: expression) }
        return inputs
    }

    private func attribute(_ name: String, of object: TemplateValue) throws(ChatTemplateError)
        -> TemplateValue
    {
        switch object {
        case .dict(let dict): return dict[name] ?? .undefined(name)
        case .namespace(let index): return namespaces[index][name] ?? .undefined(name)
        case .undefined(let object): throw error("\(object) has no value, so no \(name)")
        default: return .undefined(name)
        }
    }

    private func item(_ index: TemplateValue, of object: TemplateValue) throws(ChatTemplateError)
        -> TemplateValue
    {
        switch (object, index) {
        case (.list(let values), _), (.tuple(let values), _):
            guard let index = index.integer else { return .undefined("an item") }
            return values[safe: index < 0 ? values.count + index : index] ?? .undefined("item \(index)")
        case (.string(let text), _):
            guard let index = index.integer else { return .undefined("an item") }
            let scalars = Array(text.unicodeScalars)
            return scalars[safe: index < 0 ? scalars.count + index : index].map { .string(String($0)) }
                ?? .undefined("item \(index)")
        case (.dict, .string(let name)), (.namespace, .string(let name)), (.undefined, .string(let name)):
            return try attribute(name, of: object)
        case (.dict(let dict), _): return dict[index.text] ?? .undefined(index.text)
        case (.undefined(let name), _): throw error("\(name) has no value, so no items")
        default: return .undefined("an item of \(object.kind)")
        }
    }

    private mutating func slice(
        _ object: TemplateValue, _ from: Int?, _ to: Int?, _ by: Int?
    ) throws(ChatTemplateError) -> TemplateValue {
        let step = by ?? 1
        guard step != 0 else { throw error("a part of a list has the step 0") }
        func places(_ count: Int) -> [Int] {
            func place(_ bound: Int?, otherwise: Int) -> Int {
                guard let bound else { return otherwise }
                let place = bound < 0 ? max(bound, -count - 1) + count : min(bound, count)
                return step > 0 ? max(0, place) : max(-1, min(place, count - 1))
            }
            let (first, last) = (
                place(from, otherwise: step > 0 ? 0 : count - 1), place(to, otherwise: step > 0 ? count : -1)
            )
            return Array(stride(from: first, to: last, by: step))
        }
        switch object {
        case .list(let values):
            try spend(values.count)
            return .list(places(values.count).map { values[$0] })
        case .tuple(let values):
            try spend(values.count)
            return .tuple(places(values.count).map { values[$0] })
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            try spend(scalars.count)
            var view = String.UnicodeScalarView()
            for place in places(scalars.count) { view.append(scalars[place]) }
            return .string(String(view))
        case .undefined(let name): throw error("\(name) has no value, so no parts")
        default: return .undefined("a part of \(object.kind)")
        }
    }

    private mutating func call(
        _ function: TemplateExpression, _ given: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .attribute(let object, let name) = function {
            let object = try value(of: object)
            // A member of a mapping that is a function comes before a method.
            if case .dict(let dict) = object, case .macro(let index)? = dict[name] {
                return try call(macro: index, values(of: given))
            }
            return try method(name, of: object, values(of: given))
        }
        switch try value(of: function) {
        case .macro(let index): return try call(macro: index, values(of: given))
        case .function(let name): return try call(name, values(of: given))
        case let value: throw error("\(value.kind) is called as a function")
        }
    }

    private mutating func call(macro index: Int, _ given: TemplateInputs) throws(ChatTemplateError)
        -> TemplateValue
    {
        let macro = macros[index]
        guard given.positional.count <= macro.parameters.count else {
            throw error(
                "macro \(macro.name) is given \(given.positional.count) values and has \(macro.parameters.count) parameters"
            )
        }
        for name in given.named.keys where !macro.parameters.contains(where: { $0.name == name }) {
            throw error("macro \(macro.name) has no parameter \(name)")
        }
        let outer = scopes
        let line = line
        // A macro sees what the template has set, not what stands around its call.
        scopes = Array(scopes.prefix(2)) + [[:]]
        for (place, parameter) in macro.parameters.enumerated() {
            if let value = given.positional[safe: place] ?? given.named[parameter.name] {
                scopes[scopes.count - 1][parameter.name] = value
            } else if let fallback = parameter.fallback {
                scopes[scopes.count - 1][parameter.name] = try value(of: fallback)
            } else {
                scopes[scopes.count - 1][parameter.name] = .undefined(parameter.name)
            }
        }
        let text = try captured(macro.body)
        scopes = outer
        self.line = line
        return .string(text)
    }
}
