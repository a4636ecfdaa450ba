// Golden files of this repository, and the captures beside it where they are.

import Glibc
import TestSupport

/// The repository's root.
let root = Repository.root

/// Where the captures of a real kubelet are, which are not part of the repository.
let captures = Repository.shared + "/captures/kubelet-1.36"

/// Are they there? Without them their tests are skipped.
let hasCaptures = access(captures, R_OK) == 0

/// The lines of a text file; none when it cannot be read.
func lines(_ path: String) -> [String] {
    guard let stream = fopen(path, "r") else { return [] }
    defer { fclose(stream) }
    var lines: [String] = []
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, stream) >= 0, let text = line {
        lines.append(String(String(cString: text).dropLast()))
    }
    return lines
}

/// The bytes of hexadecimal digits.
func hexadecimal(_ text: some StringProtocol) -> [UInt8] {
    func value(_ digit: UInt8) -> UInt8 { digit >= 97 ? digit - 87 : digit - 48 }
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
}
