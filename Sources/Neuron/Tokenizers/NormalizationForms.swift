// The normalization forms of Unicode (Standard Annex 15): every character taken apart, marks in canonical order, and perhaps
// put together again. The crate `tokenizers` does it with the data of Unicode 9.0, where younger characters are no marks and
// stay where they are.

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

/// `text` in Normalization Form KD.
func compatiblyDecomposed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains(where: { $0.value >= 0xa0 }) else { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for scalar in text {
        if scalar.value < 0xa0 {
            result.append(scalar)
        } else if let parts = compatibilityDecompositions[scalar.value] {
            result += parts
        } else {
            decompose(scalar, into: &result)
        }
    }
    orderMarks(&result)
    return result
}

/// Puts together what is decomposed: of Form D it makes Form C, of KD it makes KC.
func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains(where: { $0.value >= 0x300 }) else { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    // The last character that begins one, and the class of what stands last behind it.
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in text {
        let own = combiningClass(scalar)
        if let place = starter, lastClass < own || lastClass == 0 && place == result.count - 1,
            let whole = composite(result[place], scalar)
        {
            result[place] = whole
            continue
        }
        if own == 0 {
            starter = result.count
            lastClass = 0
        } else {
            lastClass = own
        }
        result.append(scalar)
    }
    return result
}

private func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    // Hangul: lead and vowel, or both and a tail.
    if 0x1100...0x1112 ~= first.value, 0x1161...0x1175 ~= second.value {
        return Unicode.Scalar(0xac00 + ((first.value - 0x1100) * 21 + second.value - 0x1161) * 28)
    }
    if 0xac00...0xd7a3 ~= first.value, (first.value - 0xac00) % 28 == 0, 0x11a8...0x11c2 ~= second.value {
        return Unicode.Scalar(first.value + second.value - 0x11a7)
    }
    return compositions[UInt64(first.value) << 32 | UInt64(second.value)].flatMap(Unicode.Scalar.init)
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

/// The class of a mark; 0 for what is none.
private func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    guard scalar.value >= 0x300 else { return 0 }
    let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
    guard combiningClass > 0, let age = scalar.properties.age, age.major <= 9 else { return 0 }
    return combiningClass
}

/// Sorts each run of marks by combining class, keeping the order of equals.
private func orderMarks(_ text: inout [Unicode.Scalar]) {
    var start = 0
    while start < text.count {
        guard combiningClass(text[start]) > 0 else {
            start += 1
            continue
        }
        var end = start + 1
        while end < text.count, combiningClass(text[end]) > 0 { end += 1 }
        if end - start > 1 {
            let run = text[start..<end].enumerated().sorted {
                (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
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

/// What two characters are together.
private let compositions: [UInt64: UInt32] = {
    let excluded = Set(compositionExclusions)
    var table: [UInt64: UInt32] = [:]
    for index in stride(from: 0, to: decompositionPairs.count, by: 3)
    where !excluded.contains(decompositionPairs[index]) {
        let key = UInt64(decompositionPairs[index + 1]) << 32 | UInt64(decompositionPairs[index + 2])
        table[key] = decompositionPairs[index]
    }
    return table
}()

/// All of the Form KD of a character where it is not its Form D.
private let compatibilityDecompositions: [UInt32: [Unicode.Scalar]] = {
    var table: [UInt32: [Unicode.Scalar]] = [:]
    for entry in compatibilityDecompositionText.split(separator: " ") {
        let values = entry.split(separator: ",").compactMap { UInt32($0, radix: 16) }
        table[values[0]] = values.dropFirst().compactMap(Unicode.Scalar.init)
    }
    return table
}()
