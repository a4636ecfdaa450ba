// From the vectors of a text's tokens to one: sentence-transformers' Pooling, in all the forms that its configuration has had.
// A text is never padded here, so its mask is all ones.

import JSON
import ModelErrors
import NeuronProgram

/// One way to make a vector of many. The names are those of sentence-transformers' `pooling_mode`.
package enum PoolingMode: String, CaseIterable, Sendable {
    /// The first token's.
    case cls
    /// The largest number of each column.
    case max
    /// The mean.
    case mean
    /// The sum over the root of the number of tokens.
    case meanSqrtLength = "mean_sqrt_len_tokens"
    /// The mean, the token at place n counting n times.
    case weightedMean = "weightedmean"
    /// The last token's.
    case lastToken = "lasttoken"

    /// The keys of before version 5.4, in the order in which several modes were joined.
    fileprivate static let keys: [(key: String, mode: PoolingMode)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max),
        ("pooling_mode_mean_tokens", .mean),
        ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength),
        ("pooling_mode_weightedmean_tokens", .weightedMean),
        ("pooling_mode_lasttoken", .lastToken),
    ]
}

/// The modes of a model, whose vectors are joined.
package struct Pooling: Equatable, Sendable {
    /// At least one.
    package let modes: [PoolingMode]
    /// Whether a prompt's tokens count.
    let includesPrompt: Bool

    /// The mean.
    package static let mean = Pooling(modes: [.mean], includesPrompt: true)

    private init(modes: [PoolingMode], includesPrompt: Bool) {
        self.modes = modes
        self.includesPrompt = includesPrompt
    }

    /// Reads the config.json of a Pooling's directory.
    ///
    /// - Parameters:
    ///   - hiddenSize: what the configuration must say.
    ///   - isRequired: whether a missing file is a fault; else it means the mean.
    /// - Throws: `ModelError` that names the key and the value.
    init(directory: String, hiddenSize: Int, isRequired: Bool) throws(ModelError) {
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            guard !isRequired else { throw ModelError(path, "is missing", "download it") }
            self = .mean
            return
        }
        let sizes = ["embedding_dimension", "word_embedding_dimension"]
        try config.requireKnown(
            Set(["pooling_mode", "include_prompt"] + sizes + PoolingMode.keys.map(\.key)))
        let key = sizes.first { config[$0] != nil } ?? sizes[0]
        guard config[key]?.int == hiddenSize else {
            throw config.refusal(of: key, "give the hidden_size of config.json, \(hiddenSize)")
        }
        includesPrompt = try config.bool("include_prompt") ?? true
        modes = try Self.modes(config)
    }

    private static func modes(_ config: ModelSettings) throws(ModelError) -> [PoolingMode] {
        if let named = config["pooling_mode"] {
            let names = named.array ?? [named]
            let modes = names.compactMap { $0.string.flatMap(PoolingMode.init(rawValue:)) }
            guard (1...8).contains(names.count), modes.count == names.count else {
                let known = PoolingMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw config.refusal(of: "pooling_mode", "use a model whose modes are among \(known)")
            }
            return modes
        }
        var modes: [PoolingMode] = []
        for (key, mode) in PoolingMode.keys where try config.bool(key) ?? false { modes.append(mode) }
        return modes.isEmpty ? [.mean] : modes
    }

    /// Pools the tokens of one text.
    ///
    /// - Parameters:
    ///   - values: `rows` (at least 1) x `columns`, row-major without gaps.
    ///   - skipped: the first rows, which are a prompt's and do not count: the first token is the first behind them.
    ///   - result: room for `columns` floats for each mode.
    func apply(
        _ values: UnsafePointer<Float>, rows: Int, skipped: Int = 0, columns: Int,
        into result: UnsafeMutablePointer<Float>
    ) {
        for (index, mode) in modes.enumerated() {
            Self.apply(
                mode, values, rows: min(skipped, rows - 1)..<rows, columns: columns,
                into: result + index * columns)
        }
    }

    private static func apply(
        _ mode: PoolingMode, _ values: UnsafePointer<Float>, rows: Range<Int>, columns: Int,
        into result: UnsafeMutablePointer<Float>
    ) {
        let start = mode == .lastToken ? rows.upperBound - 1 : rows.lowerBound
        result.update(from: values + start * columns, count: columns)
        guard mode != .cls, mode != .lastToken else { return }
        // Tokens are counted from the text's first on, whether it counts or not.
        var weights: Float = 0
        if mode == .weightedMean {
            for column in 0..<columns { result[column] *= Float(start + 1) }
            weights = Float(start + 1)
        }
        for row in rows.dropFirst() {
            let line = values + row * columns
            let weight = mode == .weightedMean ? Float(row + 1) : 1
            weights += weight
            for column in 0..<columns {
                result[column] =
                    mode == .max
                    ? Swift.max(result[column], line[column]) : result[column] + weight * line[column]
            }
        }
        let divisor: Float =
            switch mode {
            case .mean: Float(rows.count)
            case .meanSqrtLength: Float(rows.count).squareRoot()
            case .weightedMean: weights
            case .cls, .max, .lastToken: 1
            }
        for column in 0..<columns { result[column] /= divisor }
    }
}
