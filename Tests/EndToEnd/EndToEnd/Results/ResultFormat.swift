// Results for people, for TAP consumers (testanything.org, version 14) and for what reads JUnit's XML.

internal import Arguments

/// How results are written.
package enum ResultFormat: String, ArgumentChoice {
    case text
    case tap
    case junit

    /// The whole document.
    package func document(_ results: [CaseResult]) -> String {
        switch self {
        case .text: Self.text(results)
        case .tap: Self.tap(results)
        case .junit: Self.junit(results)
        }
    }

    private static func text(_ results: [CaseResult]) -> String {
        var lines: [String] = []
        for result in results {
            switch result.outcome {
            case .passed: lines.append("passed   \(result.name)  \(result.duration.seconds) s")
            case .failed(let reason, let details):
                lines.append("FAILED   \(result.name)  \(result.duration.seconds) s")
                lines += ([reason] + details).map { "         " + oneLine($0) }
            case .skipped: break
            }
        }
        lines.append(results.summary)
        lines += results.leftOut.map { "left out: " + oneLine($0) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func tap(_ results: [CaseResult]) -> String {
        var lines = ["TAP version 14", "1..\(results.count)"]
        for (index, result) in results.enumerated() {
            // A # or a backslash would begin a directive or an escape.
            let name = "\(index + 1) - \(result.name): \(escaped(oneLine(result.sentence)))"
            switch result.outcome {
            case .passed: lines.append("ok \(name)")
            case .skipped(let reason): lines.append("ok \(name) # SKIP \(escaped(oneLine(reason)))")
            case .failed(let reason, let details):
                lines.append("not ok \(name)")
                lines.append("  ---")
                lines.append("  message: \(quoted(reason))")
                if !details.isEmpty {
                    lines.append("  details:")
                    lines += details.map { "    - \(quoted($0))" }
                }
                lines.append("  ...")
            }
        }
        lines += results.leftOut.map { "# left out: \(oneLine($0))" }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func junit(_ results: [CaseResult]) -> String {
        let total = results.reduce(Duration.zero) { $0 + $1.duration }
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuite name=\"ganglion-e2e\" tests=\"\(results.count)\" failures=\"\(results.failures.count)\" "
                + "errors=\"0\" skipped=\"\(results.leftOut.count)\" time=\"\(total.seconds)\">",
        ]
        for result in results {
            let head =
                "  <testcase classname=\"ganglion-e2e\" name=\"\(xml(result.name))\" time=\"\(result.duration.seconds)\""
            switch result.outcome {
            case .passed: lines.append(head + "/>")
            case .skipped(let reason):
                lines += [head + ">", "    <skipped message=\"\(xml(reason))\"/>", "  </testcase>"]
            case .failed(let reason, let details):
                let text = ([result.sentence] + details).joined(separator: "\n")
                lines += [
                    head + ">", "    <failure message=\"\(xml(reason))\">\(xml(text))</failure>",
                    "  </testcase>",
                ]
            }
        }
        lines.append("</testsuite>")
        return lines.map { $0 + "\n" }.joined()
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if character == "\\" || character == "#" { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// A double-quoted YAML scalar.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                result += scalar.value < 0x10 ? "\\x0" : "\\x"
                result += String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Text for an attribute or an element; what XML 1.0 has no way to write becomes U+FFFD.
    private static func xml(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            case "\r": result += "&#13;"
            case _ where scalar.value < 0x20 || (0xfffe...0xffff).contains(scalar.value):
                result.unicodeScalars.append("\u{fffd}")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
