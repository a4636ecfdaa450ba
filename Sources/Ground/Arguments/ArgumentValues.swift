// What a command line came to. The declaration is the key, so the value has its type.

/// The values of a command's arguments.
package struct ArgumentValues: Sendable {
    /// The command that was chosen, with those above it: `["ganglion", "ls"]`.
    package let path: [String]
    private let values: [String: any Sendable]

    init(path: [String], values: [String: any Sendable]) {
        self.path = path
        self.values = values
    }

    /// The value of an option that the command declares.
    package subscript<Value>(_ option: Option<Value>) -> Value { value(option.specification) }
    /// Is the switch on?
    package subscript(_ flag: Flag) -> Bool { value(flag.specification) }
    /// The value of a positional argument that the command declares.
    package subscript<Value>(_ positional: Positional<Value>) -> Value { value(positional.specification) }

    private func value<Value>(_ specification: ArgumentSpecification) -> Value {
        guard let value = values[specification.spelling] as? Value else {
            // Only a program that asks for what its command does not declare gets here, whatever its user types.
            fatalError("\(path.joined(separator: " ")) does not declare \(specification.spelling)")
        }
        return value
    }
}
