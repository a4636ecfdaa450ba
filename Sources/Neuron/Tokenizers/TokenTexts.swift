// What each token is called, and what it stands for in a text that goes on: by number, one behind the other.

/// Texts by number.
struct TokenTexts: Sendable {
    /// Numbers are below this.
    let count: Int
    private var octets: [UInt8] = []
    private var starts = [0]
    /// Those that stand for themselves.
    private let plain: Set<Int32>
    private let decoders: [TokenDecoder]

    /// - Parameters:
    ///   - vocabulary: numbers are below 4,194,304, as for `added`.
    ///   - added: in their written form; of two for a token the later counts.
    init(
        _ vocabulary: [VocabularyScanner.Entry], added: [(written: [UInt8], token: AddedToken)],
        decoders: [TokenDecoder]
    ) {
        let highest = max(vocabulary.map(\.id).max() ?? -1, added.map(\.token.id).max() ?? -1)
        count = Int(highest) + 1
        var all = [[UInt8]](repeating: [], count: count)
        for entry in vocabulary where entry.id >= 0 { all[Int(entry.id)] = entry.token }
        for (written, token) in added where token.id >= 0 { all[Int(token.id)] = written }
        plain = Set(added.map(\.token.id))
        self.decoders = decoders
        for name in all {
            octets += name
            starts.append(octets.count)
        }
    }

    /// Whether there is a token of that number.
    func has(_ id: Int32) -> Bool { id >= 0 && Int(id) < count }

    /// What a token is called.
    func name(of id: Int32) -> ArraySlice<UInt8> {
        has(id) ? octets[starts[Int(id)]..<starts[Int(id) + 1]] : []
    }

    /// What a token stands for behind others.
    func octets(of id: Int32) -> ArraySlice<UInt8> {
        let name = name(of: id)
        guard !decoders.isEmpty, !plain.contains(id) else { return name }
        if decoders == [.byteLevel] {
            // A token in other characters stands for itself.
            return ByteAlphabet.octets(of: String(decoding: name, as: UTF8.self)).map { $0[...] } ?? name
        }
        let text = Array(String(decoding: name, as: UTF8.self).unicodeScalars)
        if decoders.contains(.octets), let octet = TokenDecoder.octet(of: text) { return [octet] }
        var tokens: [[Unicode.Scalar]] = [[], text]
        for decoder in decoders {
            switch decoder {
            case .fuse, .octets, .strip: continue
            case .wordEnd: tokens = Array(decoder.apply(tokens + [[]]).prefix(2))
            default: tokens = decoder.apply(tokens)
            }
        }
        return [UInt8](utf8: tokens.last ?? [])[...]
    }
}
