// The classes of tokenizers that transformers has for encoders: what each is called, what its tokens are called where nothing
// else is said, and which switches of tokenizer_config.json it obeys.

import ModelErrors
import Tokenizers

/// A class of transformers, or some of one kind.
struct TokenizerFamily: Sendable {
    /// As tokenizer_config.json names it, with or without `Fast` behind it.
    let name: String
    /// Other names for it.
    var others: [String] = []
    /// The kind of its model; nil for any.
    let modelName: String?
    /// What its tokens are called: keys of tokenizer_config.json.
    var defaults: [(key: String, text: String)] = []
    private let makeKind: @Sendable (ModelSettings?) throws(ModelError) -> TokenizerClass

    /// The class with the switches of tokenizer_config.json.
    func kind(_ config: ModelSettings?) throws(ModelError) -> TokenizerClass { try makeKind(config) }

    /// What stands around texts, and for what is unknown.
    var names: TokenizerNames {
        func text(_ key: String) -> String { defaults.first { $0.key == key }?.text ?? "" }
        return TokenizerNames(
            unknown: text("unk_token"), first: text("cls_token"), last: text("sep_token"))
    }

    private static let bracketed = [
        ("pad_token", "[PAD]"), ("unk_token", "[UNK]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"),
        ("mask_token", "[MASK]"),
    ]
    private static let angled = [
        ("bos_token", "<s>"), ("pad_token", "<pad>"), ("eos_token", "</s>"), ("unk_token", "<unk>"),
        ("cls_token", "<s>"), ("sep_token", "</s>"), ("mask_token", "<mask>"),
    ]

    static let bert = TokenizerFamily(
        name: "BertTokenizer", others: ["DistilBertTokenizer", "ElectraTokenizer"], modelName: "WordPiece",
        defaults: bracketed
    ) { config throws(ModelError) in .bert(try normalization(config)) }
    static let mpnet = TokenizerFamily(
        name: "MPNetTokenizer", modelName: "WordPiece",
        defaults: angled.map { $0.0 == "unk_token" ? ("unk_token", "[UNK]") : $0 }
    ) { config throws(ModelError) in .mpnet(try normalization(config)) }
    static let roberta = TokenizerFamily(name: "RobertaTokenizer", modelName: "BPE", defaults: angled) {
        config throws(ModelError) in .roberta(prepends: try config?.bool("add_prefix_space") ?? false)
    }
    static let xlmRoberta = TokenizerFamily(
        name: "XLMRobertaTokenizer", modelName: "Unigram", defaults: angled
    ) { config throws(ModelError) in .xlmRoberta(prepends: try config?.bool("add_prefix_space") ?? true) }
    static let camembert = TokenizerFamily(
        name: "CamembertTokenizer", modelName: "Unigram", defaults: angled
    ) { config throws(ModelError) in .camembert(prepends: try config?.bool("add_prefix_space") ?? true) }
    /// Whatever tokenizer.json says.
    static let plain = TokenizerFamily(
        name: "PreTrainedTokenizerFast", others: ["TokenizersBackend"], modelName: nil
    ) { _ throws(ModelError) in .file }

    /// Those with rules of their own.
    static let all = [bert, camembert, mpnet, roberta, xlmRoberta]

    private init(
        name: String, others: [String] = [], modelName: String?, defaults: [(String, String)] = [],
        makeKind: @escaping @Sendable (ModelSettings?) throws(ModelError) -> TokenizerClass
    ) {
        self.name = name
        self.others = others
        self.modelName = modelName
        self.defaults = defaults.map { (key: $0.0, text: $0.1) }
        self.makeKind = makeKind
    }

    /// The family of a class.
    static func named(_ name: String) -> TokenizerFamily? {
        (all + [plain]).first { family in
            ([family.name] + family.others).contains { name == $0 || name == $0 + "Fast" }
        }
    }

    /// The family of a model whose files name none.
    static func `default`(of modelType: String?) -> TokenizerFamily {
        switch modelType {
        case "roberta": roberta
        case "xlm-roberta": xlmRoberta
        case "camembert": camembert
        case "mpnet": mpnet
        default: bert
        }
    }

    /// What tokenizer_config.json leaves out is the class's default, whatever tokenizer.json says.
    private static func normalization(_ config: ModelSettings?) throws(ModelError) -> BERTNormalization {
        BERTNormalization(
            lowercase: try config?.bool("do_lower_case") ?? true,
            stripAccents: try config?.bool("strip_accents"),
            spacesIdeographs: try config?.bool("tokenize_chinese_chars") ?? true)
    }
}

extension TokenizerClass {
    /// The keys that name what it puts around texts.
    var markKeys: (first: String, last: String) {
        switch self {
        case .xlmRoberta, .camembert: ("bos_token", "eos_token")
        case .file, .bert, .mpnet, .roberta: ("cls_token", "sep_token")
        }
    }

    /// Whether the token that stands for a hidden word takes the blanks before it, where nothing else is said.
    var maskTakesSpaces: Bool {
        switch self {
        case .mpnet, .camembert: true
        case .file, .bert, .roberta, .xlmRoberta: false
        }
    }
}
