// The files that the command line and all SDKs share: `~/.aws/credentials` and `~/.aws/config`, with a section for each
// profile. What counts of a profile is what both files say of it, the credentials file first.

internal import SystemIO

/// The settings of a profile.
package struct SharedProfile: Sendable {
    /// Its name.
    package let name: String
    /// By key, in small letters; those of a block `s3 =` as `s3.KEY`.
    package let settings: [String: String]
    /// Whether any file has it.
    package let isThere: Bool

    /// The profile that the environment means, of the files that it means.
    ///
    /// - Throws: `CredentialError` for a file that is there and cannot be read.
    package init(_ environment: (String) -> String?) throws(CredentialError) {
        let home = environment("HOME") ?? "/root"
        name = environment("AWS_PROFILE") ?? environment("AWS_DEFAULT_PROFILE") ?? "default"
        let credentials = try Self.read(
            environment("AWS_SHARED_CREDENTIALS_FILE") ?? home + "/.aws/credentials", home: home)
        let configuration = try Self.read(environment("AWS_CONFIG_FILE") ?? home + "/.aws/config", home: home)
        let first = Self.section(name, of: credentials)
        let own =
            Self.section("profile \(name)", of: configuration)
            ?? (name == "default" ? Self.section("default", of: configuration) : nil)
        isThere = first != nil || own != nil
        settings = (own ?? [:]).merging(first ?? [:]) { _, new in new }
    }

    private static func read(_ path: String, home: String) throws(CredentialError) -> String {
        let path = path.hasPrefix("~/") ? home + path.dropFirst() : path
        guard Files.exists(path) else { return "" }
        do throws(SystemError) { return try Files.readText(path) } catch {
            throw CredentialError("\(error.description)")
        }
    }

    /// The keys of a section; nil where there is none.
    static func section(_ name: String, of text: String) -> [String: String]? {
        var found: [String: String]?
        var isInside = false
        var block = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let content = trimmed(line)
            guard let first = content.first, first != "#", first != ";" else { continue }
            if first == "[" {
                let title = content.dropFirst().prefix { $0 != "]" }
                isInside =
                    title.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ") == name
                if isInside, found == nil { found = [:] }
                block = ""
                continue
            }
            guard isInside, let equals = content.firstIndex(of: "=") else { continue }
            let key = trimmed(content[..<equals]).lowercased()
            let value = String(trimmed(content[content.index(after: equals)...]))
            let isNested = line.first == " " || line.first == "\t"
            if !isNested { block = value.isEmpty ? key + "." : "" }
            found?[isNested ? block + key : key] = value
        }
        return found
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
