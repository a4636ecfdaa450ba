// Normalization Form D (Unicode Standard Annex 15): every character taken apart, marks in canonical order. The crate
// `tokenizers` does it with the data of Unicode 9.0, where younger characters are no marks and stay where they are.

/// `text` in Normalization Form D.
func canonicallyDecomposed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains(where: { $0.value >= 0xc0 }) else { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for scalar in text {
        if scalar.value < 0xc0 {
            result.append(scalar)
        } else {
            decompose(scalar, into: &result)
        }
    }
    orderMarks(&result)
    return result
}

private func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) {
    // Hangul syllables: lead, vowel and perhaps tail consonant (Unicode 3.12).
    if 0xac00...0xd7a3 ~= scalar.value {
        let index = scalar.value - 0xac00
        append(0x1100 + index / 588, to: &result)
        append(0x1161 + index % 588 / 28, to: &result)
        if index % 28 > 0 { append(0x11a7 + index % 28, to: &result) }
        return
    }
    guard let parts = decompositions[scalar.value] else {
        result.append(scalar)
        return
    }
    // The first part may decompose again; the table has no cycles.
    if let first = Unicode.Scalar(parts.first) { decompose(first, into: &result) }
    if parts.second > 0 { append(parts.second, to: &result) }
}

private func append(_ value: UInt32, to result: inout [Unicode.Scalar]) {
    if let scalar = Unicode.Scalar(value) { result.append(scalar) }
}

/// Sorts each run of marks by combining class, keeping the order of equals.
private func orderMarks(_ text: inout [Unicode.Scalar]) {
    func mark(_ scalar: Unicode.Scalar) -> UInt8 {
        guard scalar.value >= 0x300 else { return 0 }
        let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
        guard combiningClass > 0, let age = scalar.properties.age, age.major <= 9 else { return 0 }
        return combiningClass
    }
    var start = 0
    while start < text.count {
        guard mark(text[start]) > 0 else {
            start += 1
            continue
        }
        var end = start + 1
        while end < text.count, mark(text[end]) > 0 { end += 1 }
        if end - start > 1 {
            let run = text[start..<end].enumerated().sorted {
                (mark($0.element), $0.offset) < (mark($1.element), $1.offset)
            }
            text.replaceSubrange(start..<end, with: run.map(\.element))
        }
        start = end
    }
}

/// The tables, by character. A second part of 0 is none.
private let decompositions: [UInt32: (first: UInt32, second: UInt32)] = {
    var table: [UInt32: (first: UInt32, second: UInt32)] = [:]
    table.reserveCapacity(decompositionPairs.count / 3 + decompositionSingles.count / 2)
    for index in stride(from: 0, to: decompositionPairs.count, by: 3) {
        table[decompositionPairs[index]] = (decompositionPairs[index + 1], decompositionPairs[index + 2])
    }
    for index in stride(from: 0, to: decompositionSingles.count, by: 2) {
        table[decompositionSingles[index]] = (decompositionSingles[index + 1], 0)
    }
    return table
}()
