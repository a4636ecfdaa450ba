// A command's arguments are constants: they are declared once, listed in the command, and are the keys by which the
// program gets at the values, each with its own type. Nothing is looked up by name.

/// What a command can be given: an `Option`, a `Flag` or a `Positional`.
package protocol ArgumentDeclaration: Sendable {
    /// How it is known to the parser and to help.
    var specification: ArgumentSpecification { get }
    /// Turns the texts, in the order given, into the value that the program will get; none were given when empty.
    func resolve(_ texts: [GivenText]) throws(ArgumentError) -> any Sendable
}

/// How an argument is known to the parser and to help.
package struct ArgumentSpecification: Equatable, Sendable {
    /// How it is given.
    package enum Kind: Equatable, Sendable {
        /// `--name value`
        case option
        /// `--name`
        case flag
        /// A word by its place.
        case positional
    }

    /// How it is given.
    package var kind: Kind
    /// Without dashes.
    package var name: String
    /// A second, one-letter name.
    package var short: Character?
    /// The environment variable that stands in for it.
    package var environment: String?
    /// What help calls its value.
    package var placeholder: String
    /// One sentence for help.
    package var help: String
    /// The default as help shows it.
    package var defaultText: String?
    /// Must it be given?
    package var isRequired: Bool
    /// May it be given more than once, each time adding a value?
    package var isRepeated: Bool

    /// As a user writes it: `--name`, or NAME.
    package var spelling: String { kind == .positional ? name : "--\(name)" }
}

/// A text for an argument, and where it came from.
package struct GivenText: Equatable, Sendable {
    package var text: String
    /// How an error names it: `--cores`, `the environment variable CORES`, `cores in /etc/ganglion.conf`.
    package var origin: String
}

/// An argument with a value: `--name value` or `--name=value`.
///
///     let root = Option("kubelet-root", default: "/var/lib/kubelet", help: "The kubelet's directory")
///     let file = Option<String?>("file", help: "May be left out")
///     let labels = Option<[String]>("label", help: "May be given more than once")
///     let size = Option<Int>("size", help: "Must be given")
package struct Option<Value: Sendable>: ArgumentDeclaration {
    package let specification: ArgumentSpecification
    private let values: Values<Value>

    /// An option that may be left out.
    ///
    /// - Parameters:
    ///   - name: without dashes, words joined by dashes.
    ///   - short: a one-letter name, given as `-n value`.
    ///   - environment: a variable whose value counts when the option is not given; an empty one counts as none.
    ///   - placeholder: what help calls the value, the type's word when nil.
    ///   - check: gives the reason ("must be 1 or 2") when a value is not allowed.
    package init(
        _ name: String, short: Character? = nil, default value: Value, environment: String? = nil,
        placeholder: String? = nil, help: String, check: (@Sendable (Value) -> String?)? = nil
    ) where Value: ArgumentValue {
        values = .one(absent: value, check: check)
        specification = ArgumentSpecification(
            kind: .option, name: name, short: short, environment: environment,
            placeholder: placeholder ?? Value.placeholder, help: help, defaultText: value.argumentText,
            isRequired: false, isRepeated: false)
    }

    /// An option that must be given, by flag, environment or settings.
    package init(
        _ name: String, short: Character? = nil, environment: String? = nil, placeholder: String? = nil,
        help: String, check: (@Sendable (Value) -> String?)? = nil
    ) where Value: ArgumentValue {
        values = .one(absent: nil, check: check)
        specification = ArgumentSpecification(
            kind: .option, name: name, short: short, environment: environment,
            placeholder: placeholder ?? Value.placeholder, help: help, defaultText: nil, isRequired: true,
            isRepeated: false)
    }

    /// An option that is nil when it is not given.
    package init<Wrapped: ArgumentValue>(
        _ name: String, short: Character? = nil, environment: String? = nil, placeholder: String? = nil,
        help: String, check: (@Sendable (Wrapped) -> String?)? = nil
    ) where Value == Wrapped? {
        values = .optional(check: check)
        specification = ArgumentSpecification(
            kind: .option, name: name, short: short, environment: environment,
            placeholder: placeholder ?? Wrapped.placeholder, help: help, defaultText: nil, isRequired: false,
            isRepeated: false)
    }

    /// An option that may be given more than once.
    package init<Element: ArgumentValue>(
        _ name: String, short: Character? = nil, environment: String? = nil, placeholder: String? = nil,
        help: String, check: (@Sendable (Element) -> String?)? = nil
    ) where Value == [Element] {
        values = .many(required: false, check: check)
        specification = ArgumentSpecification(
            kind: .option, name: name, short: short, environment: environment,
            placeholder: placeholder ?? Element.placeholder, help: help, defaultText: nil, isRequired: false,
            isRepeated: true)
    }

    package func resolve(_ texts: [GivenText]) throws(ArgumentError) -> any Sendable {
        try values.resolve(texts, specification)
    }
}

/// A switch: `--name`, and `--name=false` against an environment that turns it on. Off when it is not given.
package struct Flag: ArgumentDeclaration {
    package let specification: ArgumentSpecification

    /// A switch; `environment` names a variable that holds true or false.
    package init(_ name: String, short: Character? = nil, environment: String? = nil, help: String) {
        specification = ArgumentSpecification(
            kind: .flag, name: name, short: short, environment: environment, placeholder: "", help: help,
            defaultText: nil, isRequired: false, isRepeated: false)
    }

    package func resolve(_ texts: [GivenText]) throws(ArgumentError) -> any Sendable {
        try Values<Bool>.one(absent: false, check: nil).resolve(texts, specification)
    }
}

/// A word by its place, after the options' or between them. An array takes all words that are left.
package struct Positional<Value: Sendable>: ArgumentDeclaration {
    package let specification: ArgumentSpecification
    private let values: Values<Value>

    /// A word that must be given.
    package init(_ name: String, help: String) where Value: ArgumentValue {
        values = .one(absent: nil, check: nil)
        specification = Self.specification(name, help, isRequired: true)
    }

    /// A word that is nil when it is not given.
    package init<Wrapped: ArgumentValue>(_ name: String, help: String) where Value == Wrapped? {
        values = .optional(check: nil)
        specification = Self.specification(name, help)
    }

    /// All words that are left, at least one when `required`.
    package init<Element: ArgumentValue>(
        _ name: String, required: Bool = false, help: String
    ) where Value == [Element] {
        values = .many(required: required, check: nil)
        specification = Self.specification(name, help, isRequired: required, isRepeated: true)
    }

    package func resolve(_ texts: [GivenText]) throws(ArgumentError) -> any Sendable {
        try values.resolve(texts, specification)
    }

    private static func specification(
        _ name: String, _ help: String, isRequired: Bool = false, isRepeated: Bool = false
    ) -> ArgumentSpecification {
        ArgumentSpecification(
            kind: .positional, name: name, short: nil, environment: nil, placeholder: name, help: help,
            defaultText: nil, isRequired: isRequired, isRepeated: isRepeated)
    }
}

/// From texts to a value, for each of the shapes that a value can have.
private struct Values<Value: Sendable>: Sendable {
    /// nil when there is no value.
    let make: @Sendable ([GivenText]) throws(ArgumentError) -> Value?

    func resolve(
        _ texts: [GivenText], _ specification: ArgumentSpecification
    ) throws(ArgumentError) -> any Sendable {
        guard let value = try make(texts) else { throw .missing(specification.spelling) }
        return value
    }

    static func one(
        absent: Value?, check: (@Sendable (Value) -> String?)?
    ) -> Values where Value: ArgumentValue {
        Values { (texts) throws(ArgumentError) in
            guard let last = texts.last else { return absent }
            return try read(last, check)
        }
    }

    static func optional<Wrapped: ArgumentValue>(
        check: (@Sendable (Wrapped) -> String?)?
    ) -> Values where Value == Wrapped? {
        Values { (texts) throws(ArgumentError) in
            guard let last = texts.last else { return .some(nil) }
            return .some(try read(last, check))
        }
    }

    static func many<Element: ArgumentValue>(
        required: Bool, check: (@Sendable (Element) -> String?)?
    ) -> Values where Value == [Element] {
        Values { (texts) throws(ArgumentError) in
            guard !texts.isEmpty || !required else { return nil }
            var values: [Element] = []
            for text in texts { values.append(try read(text, check)) }
            return values
        }
    }
}

private func read<Value: ArgumentValue>(
    _ given: GivenText, _ check: (@Sendable (Value) -> String?)?
) throws(ArgumentError) -> Value {
    do throws(InvalidArgument) {
        let value = try Value(argument: given.text)
        if let reason = check?(value) { throw InvalidArgument(reason) }
        return value
    } catch {
        throw .invalid(origin: given.origin, text: given.text, reason: error.reason)
    }
}
