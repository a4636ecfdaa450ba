// The CEL rules of a schema, run where they stand: `self` is the value the rule hangs on, `oldSelf` its former value, which
// rules that compare need (apiextensions schema/cel/validation.go).

internal import CEL
package import JSON
internal import KubernetesAPI

extension StructuralSchema {
    /// Runs the rules of this node and of all below.
    ///
    /// - Parameter old: the former value; nil on creation, where rules that mention `oldSelf` do not run.
    package func checkRules(_ value: JSON, old: JSON?, path: String = "", into faults: inout [FieldError]) {
        for rule in rules { check(rule, value, old, path, &faults) }
        switch value {
        case .object(let members):
            for key in members.keys.sorted() {
                guard let schema = properties[key] ?? additional, let member = members[key] else { continue }
                schema.checkRules(
                    member, old: old?[key], path: MergeRules.path(path, key), into: &faults)
            }
        case .array(let elements):
            guard let items else { return }
            for (index, element) in elements.enumerated() {
                var former: JSON?
                if listType == "map", let olds = old?.array {
                    former = olds.first { old in listMapKeys.allSatisfy { old[$0] == element[$0] } }
                }
                items.checkRules(element, old: former, path: "\(path)[\(index)]", into: &faults)
            }
        default: return
        }
    }

    private func check(
        _ rule: ValidationRule, _ value: JSON, _ old: JSON?, _ path: String, _ faults: inout [FieldError]
    ) {
        guard let program = rule.program else { return }
        var variables: [String: CELValue] = ["self": CELValue(value)]
        if rule.usesOldSelf {
            guard let old else { return }
            variables["oldSelf"] = CELValue(old)
        }
        let field = path + (path.isEmpty ? String(rule.fieldPath.drop { $0 == "." }) : rule.fieldPath)
        do {
            if case .bool(true) = try program.evaluate(variables) { return }
        } catch {
            faults.append(
                .invalid(
                    field, .string(value.openAPIType),
                    "\(error.message) evaluating rule: \(rule.message.isEmpty ? rule.rule : rule.message)"))
            return
        }
        var message = rule.message
        if let expression = rule.messageProgram,
            case .string(let text)? = try? expression.evaluate(variables),
            !trim(text).isEmpty
        {
            message = text
        }
        if message.isEmpty { message = "failed rule: \(rule.rule)" }
        switch rule.reason {
        case "FieldValueRequired": faults.append(.required(field, message))
        case "FieldValueForbidden": faults.append(.forbidden(field, message))
        case "FieldValueDuplicate":
            faults.append(
                FieldError(
                    reason: "FieldValueDuplicate", field: field, message: "Duplicate value: \(message)"))
        default: faults.append(.invalid(field, nil, message))
        }
    }
}
