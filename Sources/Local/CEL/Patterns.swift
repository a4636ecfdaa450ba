// Regular expressions of schemas and rules.

/// Regular expressions, bounded: a pattern comes from a schema, the text from anyone.
package enum Patterns {
    /// Characters a text may have to be matched at all.
    package static let maximumText = 64 << 10

    /// Whether a pattern occurs in a text; false for a pattern that is none and for a text beyond the bound.
    package static func contains(_ pattern: String, in text: String) -> Bool {
        guard text.utf8.count <= maximumText, let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex.matchingSemantics(.unicodeScalar)) != nil
    }
}
