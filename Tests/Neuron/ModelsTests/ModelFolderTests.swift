// What a model's folder may say: it is obeyed, or refused with the file, the key and the value.

import Glibc
import JSON
import ModelErrors
import NeuronProgram
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Settings of a model's folder")
struct ModelFolderTests {
    private static let layers: [ModelFolder.Module] = [
        .pooling("mean"), .dense(48, 8, "torch.nn.modules.activation.Tanh"), .layerNorm(8), .normalize,
    ]

    /// The sentence of the error of a folder with a key set to a value, null for its absence.
    private func sentence(_ file: String, _ path: [String], _ value: JSON) throws -> String {
        let folder = try ModelFolder(Self.layers)
        if !Files.exists(folder.path + "/" + file) { try folder.write(file, [:]) }
        try folder.edit(file) { $0.set(path[...], value) }
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        return (error?.description ?? "").replacingFirst(folder.path + "/", with: "")
    }

    @Test(
        "a setting that is not obeyed is refused by its name",
        arguments: [
            (
                "config.json", ["model_type"], "gpt2",
                "config.json key model_type is \"gpt2\": use a model of bert, camembert, distilbert, electra, mpnet, roberta,"
                    + " xlm-roberta"
            ),
            ("config.json", ["hidden_act"], "gelu_new", "key hidden_act is \"gelu_new\""),
            ("config.json", ["is_decoder"], true, "key is_decoder is true: use a model with false"),
            (
                "config.json", ["pruned_heads"], ["0": [1]],
                "key pruned_heads is {\"0\":[1]}: use a model without it"
            ),
            ("config.json", ["auto_map"], ["AutoModel": "m.M"], "key auto_map is {\"AutoModel\":\"m.M\"}"),
            ("config.json", ["quantization_config"], ["bits": 8], "key quantization_config is {\"bits\":8}"),
            ("config.json", ["layer_norm_eps"], -1, "key layer_norm_eps is -1: give a number from 0 to 1"),
            (
                "config.json", ["tokenizer_class"], "BertJapaneseTokenizer",
                "config.json key tokenizer_class is"
            ),
            (
                "modules.json", ["2", "type"], "sentence_transformers.models.LSTM",
                "modules.json module 2 key type is a LSTM: use a model with Dense, LayerNorm, Dropout or Normalize there"
            ),
            (
                "modules.json", ["2", "type"], "custom.Thing",
                "modules.json module 2 key type is \"custom.Thing\": use a model of sentence-transformers' own modules"
            ),
            (
                "modules.json", ["0", "type"], "sentence_transformers.models.CLIPModel",
                "module 0 key type is a CLIPModel"
            ),
            (
                "modules.json", ["1", "type"], "sentence_transformers.models.Normalize",
                "module 1 key type is a Normalize"
            ),
            ("modules.json", ["2", "kwargs"], ["task"], "module 2 key kwargs is [\"task\"]"),
            (
                "modules.json", ["2", "path"], "../outside",
                "module 2 key path is \"../outside\": name a directory below"
            ),
            ("modules.json", ["2", "path"], "/etc", "module 2 key path is \"/etc\": name a directory below"),
            (
                "1_Module/config.json", ["pooling_mode"], "median",
                "1_Module/config.json key pooling_mode is \"median\""
            ),
            ("1_Module/config.json", ["pooling_mode"], ["mean", 3], "key pooling_mode is [\"mean\",3]"),
            ("1_Module/config.json", ["pooling_mode"], [], "key pooling_mode is []"),
            ("1_Module/config.json", ["embedding_dimension"], .null, "key embedding_dimension is missing"),
            (
                "1_Module/config.json", ["embedding_dimension"], 47,
                "key embedding_dimension is 47: give the hidden_size"
            ),
            (
                "1_Module/config.json", ["weights"], [1],
                "1_Module/config.json key weights is [1]: use a model without it"
            ),
            (
                "2_Module/config.json", ["activation_function"], "torch.nn.SELU",
                "key activation_function is \"torch.nn.SELU\""
            ),
            ("2_Module/config.json", ["in_features"], 47, "2_Module/config.json key in_features is 47"),
            (
                "2_Module/config.json", ["use_residual"], true,
                "key use_residual is true: use a model with false"
            ),
            (
                "2_Module/config.json", ["module_input_name"], "token_embeddings",
                "key module_input_name is \"token_embeddings\""
            ),
            (
                "3_Module/config.json", ["dimension"], 9,
                "3_Module/config.json key dimension is 9: give the width"
            ),
            (
                "4_Module/config.json", ["module_output_name"], "x",
                "4_Module/config.json key module_output_name is \"x\""
            ),
            (
                "sentence_bert_config.json", ["max_seq_length"], 1,
                "key max_seq_length is 1: give a number from 2 to 65536"
            ),
            ("sentence_bert_config.json", ["max_seq_length"], "512", "key max_seq_length is \"512\""),
            (
                "sentence_bert_config.json", ["tokenizer_args"], ["use_fast": false],
                "key tokenizer_args key use_fast is false"
            ),
            (
                "sentence_bert_config.json", ["transformer_task"], "fill-mask",
                "key transformer_task is \"fill-mask\""
            ),
            ("sentence_bert_config.json", ["something"], 1, "sentence_bert_config.json key something is 1"),
            (
                "config_sentence_transformers.json", ["default_prompt_name"], "query",
                "key default_prompt_name is \"query\""
            ),
            (
                "config_sentence_transformers.json", ["truncate_dim"], 0,
                "key truncate_dim is 0: give a number from 1 to 16777216"
            ),
            (
                "tokenizer_config.json", ["tokenizer_class"], "DebertaV2Tokenizer",
                "tokenizer_config.json key tokenizer_class is \"DebertaV2Tokenizer\": use a model with BertTokenizer,"
                    + " CamembertTokenizer, MPNetTokenizer, RobertaTokenizer, XLMRobertaTokenizer or PreTrainedTokenizerFast"
            ),
            (
                "tokenizer_config.json", ["tokenizer_class"], "XLMRobertaTokenizer",
                "tokenizer.json is missing, and a SentencePiece model is not read"
            ),
            (
                "tokenizer_config.json", ["tokenizer_class"], "RobertaTokenizerFast",
                "has neither tokenizer.json nor vocab.json with merges.txt"
            ),
            (
                "tokenizer_config.json", ["tokenizer_class"], "PreTrainedTokenizerFast",
                "tokenizer.json is missing, and PreTrainedTokenizerFast has its vocabulary there: download it"
            ),
            (
                "tokenizer_config.json", ["do_lower_case"], "no",
                "key do_lower_case is \"no\": give true or false"
            ),
            ("tokenizer_config.json", ["do_basic_tokenize"], false, "key do_basic_tokenize is false"),
            (
                "tokenizer_config.json", ["never_split"], ["a"],
                "key never_split is [\"a\"]: use a model without it"
            ),
            (
                "tokenizer_config.json", ["word_tokenizer_type"], "mecab",
                "key word_tokenizer_type is \"mecab\""
            ),
            ("tokenizer_config.json", ["truncation_side"], "left", "key truncation_side is \"left\""),
            ("tokenizer_config.json", ["padding_side"], "left", "key padding_side is \"left\""),
            (
                "tokenizer_config.json", ["added_tokens_decoder"], ["5": ["content": "[NEW]"]],
                "vocab.txt has id 5 for \"\(SyntheticModel.vocabulary[5])\", and an added token \"[NEW]\" takes it, too"
            ),
            (
                "tokenizer_config.json", ["added_tokens_decoder"],
                ["9999": ["content": "[A]"], "09999": ["content": "[B]"]],
                "has id 9999 for \"[B]\", and an added token \"[A]\" takes it, too"
            ),
            ("tokenizer_config.json", ["split_special_tokens"], true, "key split_special_tokens is true"),
            ("tokenizer_config.json", ["model_max_length"], 0, "key model_max_length is 0"),
            (
                "tokenizer_config.json", ["cls_token"], "<s>",
                "key cls_token is \"<s>\": use the files of one model"
            ),
            (
                "tokenizer_config.json", ["additional_special_tokens"], ["[NO]"],
                "key additional_special_tokens is [\"[NO]\"]"
            ),
            (
                "tokenizer_config.json", ["mask_token"], ["content": "[MASK]", "lstrip": "left"],
                "tokenizer_config.json key mask_token key lstrip is \"left\": give true or false"
            ),
            (
                "tokenizer_config.json", ["added_tokens_decoder"], ["9": ["content": "[CLS]"]],
                "key added_tokens_decoder key 9 is"
            ),
            (
                "special_tokens_map.json", ["sep_token"], "the",
                "special_tokens_map.json key sep_token is \"the\""
            ),
            (
                "added_tokens.json", ["neuron"], 300,
                "added_tokens.json key neuron is 300: use a model without added tokens"
            ),
        ] as [(String, [String], JSON, String)])
    func refusals(file: String, path: [String], value: JSON, expected: String) throws {
        let found = try sentence(file, path, value)
        #expect(found.contains(expected), "\(found)")
    }

    /// A small tokenizer.json whose vocabulary is that of the synthetic models.
    private static let tokenizer: JSON = [
        "version": "1.0", "truncation": .null, "padding": .null,
        "added_tokens": [
            [
                "id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false,
                "special": true,
            ]
        ],
        "normalizer": [
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": .null,
            "lowercase": true,
        ],
        "pre_tokenizer": ["type": "BertPreTokenizer"],
        "post_processor": ["type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]],
        "decoder": ["type": "WordPiece", "prefix": "##", "cleanup": true],
        "model": [
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": JSON.object(
                Dictionary(
                    SyntheticModel.vocabulary.enumerated().map { ($1, JSON($0)) }, uniquingKeysWith: { $1 })),
        ],
    ]

    @Test("a folder with tokenizer.json needs no vocab.txt, and cuts texts as with it")
    func withoutVocabulary() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let text = "A ganglion: what ALL cores work on [SEP] ünïcode"
        let before = try EmbeddingModel(directory: folder.path).tokenize(text).ids
        try Files.remove(folder.path + "/vocab.txt")
        try folder.write("tokenizer.json", Self.tokenizer)
        #expect(try EmbeddingModel(directory: folder.path).tokenize(text).ids == before)
    }

    @Test(
        "a tokenizer.json of another kind is refused by its key, also beside a vocab.txt",
        arguments: [
            (
                ["model", "type"], "Unigram", "key model key vocab is not as the type Unigram has it"
            ),
            (
                ["model", "type"], "BPE",
                "key model key max_input_chars_per_word is 100: use a model without it"
            ),
            (["model", "type"], "Word", "key model key type is \"Word\": use a model with BPE, Unigram"),
            (["model", "vocab"], [:], "key model.vocab has no tokens"),
            (
                ["model", "vocab"], ["a": -1],
                "key model.vocab has an id that is no number below 4000000 at octet"
            ),
            (
                ["model", "continuing_subword_prefix"], "@@",
                "key model has another continuing_subword_prefix"
            ),
            (
                ["model", "max_input_chars_per_word"], 50,
                "key model has another continuing_subword_prefix or max"
            ),
            (["model", "unk_token"], "[NO]", nil),
            (
                ["normalizer"], .null,
                "key normalizer is missing, where the tokenizer's class has BertNormalizer"
            ),
            (
                ["normalizer"], ["type": "NFC"],
                "key normalizer is {\"type\":\"NFC\"}, where the tokenizer's class"
            ),
            (
                ["normalizer", "type"], "Casefold",
                "key normalizer key type is \"Casefold\": use a model with Bert"
            ),
            (["normalizer", "clean_text"], false, "key normalizer is {\"clean_text\":false"),
            (["normalizer", "lowercase"], 1, "key normalizer key lowercase is 1: give true or false"),
            (["pre_tokenizer", "type"], "Whitespace", "key pre_tokenizer is {\"type\":\"Whitespace\"}"),
            (
                ["pre_tokenizer", "type"], "Sudachi",
                "key pre_tokenizer key type is \"Sudachi\": use a model with"
            ),
            (["pre_tokenizer"], .null, "key pre_tokenizer is missing"),
            (
                ["post_processor", "type"], "Other",
                "key post_processor key type is \"Other\": use a model with"
            ),
            (
                ["post_processor", "cls"], ["[PAD]", 0],
                "key post_processor puts [PAD] and [SEP] around a text"
            ),
            (
                ["post_processor", "cls"], "[CLS]",
                "key post_processor key cls is \"[CLS]\": give a token and"
            ),
            (["post_processor", "sep"], ["[SEP]", 99_999], "key post_processor has ids without a token"),
            (
                ["added_tokens", "0", "normalized"], 3,
                "key added_tokens 0 key normalized is 3: give true or false"
            ),
            (["added_tokens", "0", "content"], 7, "key added_tokens 0 key content is 7"),
            (["model", "vocab", "[CLS]"], 3_999_999, "has 4000000 tokens, where config.json says"),
        ] as [([String], JSON, String?)])
    func tokenizers(path: [String], value: JSON, expected: String?) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        var json = Self.tokenizer
        json.set(path[...], value)
        try folder.write("tokenizer.json", json)
        guard let expected else {
            // BERT's own class has an unknown token of its own.
            _ = try EmbeddingModel(directory: folder.path)
            return
        }
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        #expect(
            error?.description.contains("tokenizer.json " + expected) == true, "\(error?.description ?? "")")
    }

    @Test("texts are as long as the first of the files that speak of it says, and as there are positions")
    func lengths() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        func longest() throws -> Int {
            try EmbeddingModel(directory: folder.path).configuration.maximumTokens
        }
        #expect(try longest() == 128)
        try folder.write("tokenizer_config.json", ["model_max_length": .double(1e30)])
        #expect(try longest() == 128)
        try folder.write("tokenizer_config.json", ["model_max_length": 64])
        #expect(try longest() == 64)
        try folder.write("sentence_roberta_config.json", ["max_seq_length": 96])
        #expect(try longest() == 96)
        try folder.write("sentence_bert_config.json", ["max_seq_length": 32, "do_lower_case": false])
        #expect(try longest() == 32)
        try folder.write("sentence_bert_config.json", ["max_seq_length": 4096])
        #expect(try longest() == 128)
        try folder.write("sentence_bert_config.json", ["max_seq_length": .null, "unpad_inputs": true])
        #expect(try longest() == 64)
    }

    @Test(
        "a pooling of before version 5.4 has a key for each mode, and the mean where none is true",
        arguments: [
            (["cls_token"], [.cls]), (["cls_token", "mean_tokens"], [.cls, .mean]), ([], [.mean]),
            (["lasttoken", "max_tokens"], [.max, .lastToken]),
            (["mean_sqrt_len_tokens", "weightedmean_tokens"], [.meanSqrtLength, .weightedMean]),
        ] as [([String], [PoolingMode])])
    func oldPooling(keys: [String], modes: [PoolingMode]) throws {
        let folder = try ModelFolder([.pooling("max"), .normalize])
        var config: JSON = ["word_embedding_dimension": 48, "pooling_mode_mean_tokens": false]
        for key in keys { config["pooling_mode_" + key] = true }
        try folder.write("1_Module/config.json", config)
        #expect(try EmbeddingModel(directory: folder.path).head.pooling?.modes == modes)
    }

    @Test(
        "two folders that have one file of weights by a link read it once, and share nothing else",
        arguments: [false, true])
    func links(isHard: Bool) throws {
        let first = try ModelFolder([.pooling("mean"), .normalize])
        let second = try ModelFolder([.pooling("cls")])
        let (old, new) = (first.path + "/model.safetensors", second.path + "/model.safetensors")
        try Files.remove(new)
        #expect((isHard ? link(old, new) : symlink(old, new)) == 0)
        try second.write("sentence_bert_config.json", ["max_seq_length": 64])
        try second.write("tokenizer_config.json", ["do_lower_case": false])
        for order in [[first, second], [second, first]] {
            let store = ModelStore()
            var models: [String: EmbeddingModel] = [:]
            for folder in order { models[folder.path] = try store.model(at: folder.path) }
            let (one, other) = (try #require(models[first.path]), try #require(models[second.path]))
            #expect(one.configuration.maximumTokens == 128 && other.configuration.maximumTokens == 64)
            #expect(one.head.pooling?.modes == [.mean] && other.head.pooling?.modes == [.cls])
            #expect(one.tokenize("The").ids != other.tokenize("The").ids)
            #expect(try one.weights(degree: 1) === other.weights(degree: 1))
        }
        // A second name of one folder is the same model.
        let store = ModelStore()
        let name = second.path + "/name"
        #expect(symlink(first.path, name) == 0)
        #expect(try store.model(at: first.path) === store.model(at: name))
        // A broken configuration is not hidden by the other's good one.
        try second.write("config.json", ["hidden_size": 1])
        #expect(throws: ModelError.self) { try store.model(at: second.path) }
    }

    @Test(
        "TensorFlow's names of a LayerNorm's weights are read, with and without the prefix",
        arguments: ["", "bert."])
    func gamma(prefix: String) async throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let path = folder.path + "/model.safetensors"
        let before = try EmbeddingModel(directory: folder.path).weights(degree: 1)
        try editHeader(path) { header in
            Dictionary(uniqueKeysWithValues: header.map { (prefix + Self.tensorFlow($0), $1) })
        }
        let after = try EmbeddingModel(directory: folder.path).weights(degree: 1)
        for (old, new) in [
            (before.tables.scale, after.tables.scale),
            (before.common[1].outputShift, after.common[1].outputShift),
        ] {
            #expect((0..<old.count).allSatisfy { old.pointer[$0] == new.pointer[$0] })
        }
    }

    @Test("a LayerNorm's weights under both names are two for one, and refused")
    func twice() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let path = folder.path + "/model.safetensors"
        // The octets of one layer's tensor under the name of another's, so that they do not overlap.
        try editHeader(path) { header in
            var header = header
            header["embeddings.LayerNorm.gamma"] =
                header.removeValue(forKey: "encoder.layer.0.output.LayerNorm.weight")
            return header
        }
        let error = #expect(throws: ModelError.self) {
            try EmbeddingModel(directory: folder.path).weights(degree: 1)
        }
        #expect(
            error?.description
                == "\(path) tensors embeddings.LayerNorm.weight and embeddings.LayerNorm.gamma are two for one: save the model"
                + " again with one of them")
    }

    private static func tensorFlow(_ name: String) -> String {
        name.replacingFirst("LayerNorm.weight", with: "LayerNorm.gamma")
            .replacingFirst("LayerNorm.bias", with: "LayerNorm.beta")
    }

    private func editHeader(_ path: String, _ change: ([String: JSON]) -> [String: JSON]) throws {
        let octets = try Files.read(path)
        let length = octets[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(try JSON(parsing: Array(octets[8..<8 + length])).object)
        let text = JSON.object(change(header)).serialized()
        let size = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        try Files.write(path, size + text + octets[(8 + length)...])
    }

    @Test("weights in PyTorch's own format are refused with how to convert them")
    func pickle() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try Files.remove(folder.path + "/model.safetensors")
        try folder.write("pytorch_model.bin", [128, 2])
        #expect(
            throws: ModelError(
                folder.path + "/pytorch_model.bin", "is a pickle, which can run any code when it is read",
                "save the model as model.safetensors (safe_serialization=True)")
        ) { try EmbeddingModel(directory: folder.path) }
    }

    @Test("weights in several files are the weights in one")
    func shards() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let before = try EmbeddingModel(directory: folder.path).weights(degree: 1)
        try divide(folder)
        let model = try ModelStore().model(at: folder.path)
        let after = try model.weights(degree: 1)
        #expect(model.weightsPaths.count == 4)
        #expect(before.named.map(\.name) == after.named.map(\.name))
        for (old, new) in zip(before.named, after.named) {
            #expect(old.floats.count == new.floats.count)
            #expect((0..<old.floats.count).allSatisfy { old.floats.pointer[$0] == new.floats.pointer[$0] })
        }
        let output = folder.path + "/model.gna"
        _ = try ModelCompiler.compile(directory: folder.path, to: output, options: CompileOptions())
        let compiled = try ModelStore().model(at: output)
        #expect(compiled.tokenize("a text").ids == model.tokenize("a text").ids)
    }

    @Test(
        "an index of several files is refused by what is wrong with it",
        arguments: [
            ([:], "key weight_map is no object of files"), ("x", "key weight_map is no object of files"),
            (["a": 1], "key weight_map key a is 1: name a .safetensors file beside the index"),
            (["a": "../b.safetensors"], "key weight_map key a is \"../b.safetensors\": name"),
            (["a": "b.bin"], "key weight_map key a is \"b.bin\": name"),
            (
                ["a": "model-1.safetensors"],
                "key weight_map key a is model-1.safetensors, which has no such tensor"
            ),
        ] as [(JSON, String)])
    func badIndex(map: JSON, problem: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try divide(folder)
        try folder.write("model.safetensors.index.json", ["weight_map": map])
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        let start = folder.path + "/model.safetensors.index.json "
        #expect(error?.description.hasPrefix(start + problem) == true, "\(String(describing: error))")
    }

    @Test("a file that the index names and that is not there is named")
    func missingShard() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try divide(folder)
        try Files.remove(folder.path + "/model-2.safetensors")
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        #expect(
            error?.description.hasPrefix(folder.path + "/model-2.safetensors cannot be opened") == true,
            "\(String(describing: error))")
    }

    /// Divides the weights among three files.
    private func divide(_ folder: ModelFolder) throws {
        let octets = try Files.read(folder.path + "/model.safetensors")
        let length = octets[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(try JSON(parsing: Array(octets[8..<8 + length])).object)
        var map: JSON = [:]
        for number in 0..<3 {
            var own: JSON = [:]
            var data: [UInt8] = []
            for (index, name) in header.keys.sorted().enumerated() where index % 3 == number {
                guard var entry = header[name], let start = entry["data_offsets"]?[0]?.int,
                    let end = entry["data_offsets"]?[1]?.int
                else { continue }
                entry["data_offsets"] = [JSON(data.count), JSON(data.count + end - start)]
                data += octets[8 + length + start..<8 + length + end]
                own[name] = entry
                map[name] = .string("model-\(number).safetensors")
            }
            let text = own.serialized()
            let size = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
            try folder.write("model-\(number).safetensors", size + text + data)
        }
        try folder.write("model.safetensors.index.json", ["metadata": [:], "weight_map": map])
        try Files.remove(folder.path + "/model.safetensors")
    }
}

extension String {
    /// The string with the first occurrence of a part replaced.
    fileprivate func replacingFirst(_ part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + self[range.upperBound...]
    }
}

extension JSON {
    /// Sets what is at the end of a path of keys and numbers.
    fileprivate mutating func set(_ path: ArraySlice<String>, _ value: JSON) {
        guard let key = path.first else {
            self = value
            return
        }
        if case .array(var list) = self, let index = Int(key), list.indices.contains(index) {
            list[index].set(path.dropFirst(), value)
            self = .array(list)
        } else {
            var member = self[key] ?? .null
            member.set(path.dropFirst(), value)
            self[key] = member
        }
    }
}
