// `WWW-Authenticate` as registries send it (RFC 9110 §11.6.1; distribution, "Token Authentication Specification").

/// What a registry asks for.
struct Challenge: Equatable {
    let scheme: String
    let parameters: [String: String]

    /// The first challenge of a field: of a scheme that is known here, if there is one.
    ///
    /// - Returns: nil where none is.
    init?(_ field: String) {
        guard let blank = field.firstIndex(of: " ") else { return nil }
        scheme = field[..<blank].lowercased()
        guard scheme == "bearer" || scheme == "basic" else { return nil }
        var parameters: [String: String] = [:]
        var rest = field[blank...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            guard let equals = rest.firstIndex(of: "=") else { break }
            let name = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                var isEscaped = false
                while let character = rest.first {
                    rest = rest.dropFirst()
                    if isEscaped {
                        value.append(character)
                        isEscaped = false
                    } else if character == "\\" {
                        isEscaped = true
                    } else if character == "\"" {
                        break
                    } else {
                        value.append(character)
                    }
                }
            } else {
                value = String(rest.prefix { $0 != "," && $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            if parameters[name] == nil { parameters[name] = value }
        }
        self.parameters = parameters
    }
}
