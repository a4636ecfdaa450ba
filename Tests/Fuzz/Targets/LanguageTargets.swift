// What comes with language models: the head of a GGUF file and what stands in it, tokenizers, texts.

internal import ChatTemplates
internal import GGUF
internal import JSON
internal import Tokenizers

let languageTargets = [
    // A file that begins rightly, with counts that are as likely to be small, and room for tensors behind it.
    FuzzTarget("gguf", longest: 2000) { input in
        var choices = Choices(input)
        let (tensors, keys) = (choices.octet(), choices.octet())
        let room = Int(choices.octet()) * 16
        var head = GGUFFile.magic + [3, 0, 0, 0]
        for count in [tensors, keys] { head += [count, 0, 0, 0, 0, 0, 0, 0] }
        guard let path = inMemory(head + choices.rest + [UInt8](repeating: 0x3c, count: room)),
            let file = try? GGUFFile(path: path)
        else { return }
        for (name, tensor) in file.tensors {
            var numbers = [Float](repeating: 0, count: tensor.rows * tensor.columns)
            let isRead = numbers.withUnsafeMutableBufferPointer {
                (try? file.read(tensor, rows: 0..<tensor.rows, into: $0)) != nil
            }
            require(isRead, "tensor \(name) of \(tensor.shape) is not read")
        }
    },
    // A tokenizer of any file.
    FuzzTarget("tokenizer-json", longest: 4000) { input in
        guard let tokenizer = try? LanguageTokenizer(input, subject: "x") else { return }
        let ids = tokenizer.encode("a b<|end|> 12 \u{e9}\n\u{2581}e\u{301}\u{fb01}  [SEP]")
        for id in ids {
            require(
                id >= 0 && Int(id) < tokenizer.tokenizer.vocabularyCount, "\(id) is the number of no token")
        }
        _ = tokenizer.tokenizer.decode(ids, skipsSpecial: false)
    },
    // A template, filled in with a conversation.
    FuzzTarget("chat-template", longest: 1000) { input in
        guard let template = try? ChatTemplate(String(decoding: input, as: UTF8.self)) else { return }
        let messages: JSON = [
            ["role": "user", "content": "a\nb"], ["role": "assistant", "content": ["k": [1, 2.5]]],
        ]
        guard
            let text = try? template.text(["messages": TemplateValue(messages), "bos_token": .string("<s>")])
        else { return }
        require(text.utf8.count <= 16 << 20, "a text of \(text.utf8.count) octets")
    },
    // A text, by each way to cut words: what is written is the text again.
    FuzzTarget("byte-pairs", longest: 600) { input in
        var choices = Choices(input)
        let kind = Int(choices.octet())
        let text = String(decoding: choices.rest, as: UTF8.self)
        let tokenizer = pairTokenizers[kind % pairTokenizers.count]
        let ids = tokenizer.encode(text, takesSpecial: kind & 128 != 0)
        require(
            Array(tokenizer.decode(ids, skipsSpecial: false).utf8) == Array(text.utf8),
            "\(ids) is another text")
        var stream = TextStream()
        var streamed = ""
        for id in ids { streamed += stream.take(tokenizer.octets(of: id)) }
        streamed += stream.finish()
        require(streamed == text, "streamed it is another text")
    },
]

/// A tokenizer of each way to cut words, with some pairs and marks.
private let pairTokenizers: [Tokenizer] = {
    let pairs = ["a b", "ab c", "Ġ a", "Ġ Ġ", "1 2", "Ã ©", "Ċ Ċ"]
    var shifted: UInt32 = 256
    var names: [String] = (0..<256).map { (octet: UInt32) in
        var value = octet
        if !(0x21...0x7e ~= octet || 0xa1...0xac ~= octet || 0xae...0xff ~= octet) {
            value = shifted
            shifted += 1
        }
        return Unicode.Scalar(value).map { String($0) } ?? ""
    }
    names += pairs.map { $0.split(separator: " ").joined() }
    var vocabulary: JSON = [:]
    for (id, name) in names.enumerated() { vocabulary[name] = JSON(id) }
    let isolate: JSON = ["type": "Digits", "individual_digits": true]
    let bytes: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    let cuts: [JSON] = [
        ["type": "ByteLevel", "add_prefix_space": false],
        [
            "type": "Sequence",
            "pretokenizers": [isolate, ["type": "ByteLevel", "add_prefix_space": false]],
        ],
        ["type": "Sequence", "pretokenizers": [split("{1,3}"), bytes]],
        ["type": "Sequence", "pretokenizers": [split(""), bytes]],
    ]
    return cuts.enumerated().compactMap { index, cut in
        let file: JSON = [
            "added_tokens": [
                ["id": JSON(names.count), "content": "<|end|>", "special": true],
                ["id": JSON(names.count + 1), "content": "zq", "single_word": true, "normalized": false],
            ],
            "pre_tokenizer": cut, "decoder": ["type": "ByteLevel"],
            "model": [
                "type": "BPE", "vocab": vocabulary, "merges": .array(pairs.map(JSON.string)),
                "ignore_merges": .bool(index == 2),
            ],
        ]
        return try? LanguageTokenizer(file, subject: "x").tokenizer
    }
}()

/// The newer expressions, with so many digits of a word.
private func split(_ digits: String) -> JSON {
    let expression =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    return [
        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated", "invert": false,
    ]
}
