// Files of sysfs: one value each, with a line end or without, some only for root, some on newer drivers only.

internal import Glibc
internal import SystemIO

/// What reading one file came to.
package enum Reading<Value: Hashable & Sendable>: Hashable, Sendable {
    /// It was read.
    case value(Value)
    /// There is no such file: an older driver or another family.
    case absent
    /// It is there, and says nothing that could be used.
    case failed(DiscoveryProblem)

    /// The value, if it was read.
    package var value: Value? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    /// The problem, if there was one.
    package var problem: DiscoveryProblem? {
        guard case .failed(let problem) = self else { return nil }
        return problem
    }
}

/// Reads single values.
enum SysfsFile {
    /// A page: what sysfs gives at most.
    private static let limit = 4096

    /// The text without blanks and line ends around it.
    static func text(_ path: String) -> Reading<String> {
        // Reading from a pipe would wait for whoever writes to it, which may be nobody.
        if let kind = Files.kind(path, following: true), kind != .file && kind != .directory {
            return .failed(.misshapen(file: path, problem: "is a \(kind.rawValue)"))
        }
        do throws(SystemError) {
            return .value(trimmed(try Files.readText(path, limit: limit)))
        } catch {
            if error.code == ENOENT { return .absent }
            // A device that goes away while its file is read answers ENODEV or ENXIO: gone, not broken.
            if error.code == ENODEV || error.code == ENXIO { return .absent }
            if error.code == EFBIG {
                return .failed(.misshapen(file: path, problem: "has more than \(limit) octets"))
            }
            return .failed(.unreadable(file: path, reason: SystemError.text(error.code)))
        }
    }

    /// A number of digits.
    static func number(_ path: String) -> Reading<UInt64> {
        parsed(path, expected: "a number") { decimal($0) }
    }

    /// A value that `parse` makes of the text; nil means that it is malformed.
    static func parsed<Value: Hashable & Sendable>(
        _ path: String, expected: String, mend: String = "reload the driver", _ parse: (String) -> Value?
    ) -> Reading<Value> {
        switch text(path) {
        case .absent: return .absent
        case .failed(let problem): return .failed(problem)
        case .value(let text):
            guard let value = parse(text) else {
                return .failed(.malformed(file: path, value: text, expected: expected, mend: mend))
            }
            return .value(value)
        }
    }

    private static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == " " || scalar == "\r" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
