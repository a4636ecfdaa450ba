// The schemas of OpenAI's requests, as exact as they can be told: what they allow is not refused, and what they do not allow is.

internal import JSON

extension OpenAPI {
    private static let text: JSON = ["type": "string"]
    private static let truth: JSON = ["type": ["boolean", "null"]]

    /// A request of these fields. null is as if the field were not there, and so are fields that are not known.
    private static func request(
        _ properties: [String: JSON], required: [String], _ more: [String: JSON] = [:]
    )
        -> JSON
    {
        let harmless = Dictionary(uniqueKeysWithValues: OpenAIFields.harmless.map { ($0, JSON.object([:])) })
        var schema: [String: JSON] = [
            "type": "object", "required": JSON(required), "additionalProperties": ["type": "null"],
            "properties": .object(properties.merging(harmless) { one, _ in one }),
        ]
        schema.merge(more) { one, _ in one }
        return .object(schema)
    }

    private static func either(_ schemas: JSON...) -> JSON { ["anyOf": .array(schemas)] }

    private static func list(_ items: JSON, _ count: ClosedRange<Int>) -> JSON {
        [
            "type": "array", "items": items, "minItems": JSON(count.lowerBound),
            "maxItems": JSON(count.upperBound),
        ]
    }

    private static func whole(_ range: ClosedRange<Int>) -> JSON {
        ["type": ["integer", "null"], "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)]
    }

    private static func number(_ range: ClosedRange<Double>) -> JSON {
        // As they are read back from a file.
        func bound(_ value: Double) -> JSON { Int(exactly: value).map { JSON($0) } ?? .double(value) }
        return [
            "type": ["number", "null"], "minimum": bound(range.lowerBound),
            "maximum": bound(range.upperBound),
        ]
    }

    /// Fields of which this server knows one value.
    private static func only(_ values: JSON...) -> JSON { ["enum": .array(values + [.null])] }

    private static let ids = list(["type": "integer", "minimum": 0, "maximum": 2_147_483_647], 1...8_192)
    private static let stop: JSON = ["type": "string", "minLength": 1]

    /// Chat and plain completions have these in common.
    private static let sampling: [String: JSON] = [
        "model": text, "max_tokens": whole(1...1_000_000), "temperature": number(0...2),
        "top_p": ["type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1],
        "top_k": whole(-1...1_000_000), "min_p": number(0...1), "repetition_penalty": number(0.01...100),
        "presence_penalty": number(-2...2), "frequency_penalty": number(-2...2),
        "seed": whole(Int.min...Int.max), "stop": either(stop, list(stop, 0...16), ["type": "null"]),
        "n": only(1), "logit_bias": only([:]), "stream": truth, "ignore_eos": truth,
        "min_tokens": whole(0...1_000_000),
        "stream_options": [
            "type": ["object", "null"],
            "properties": ["include_usage": truth, "continuous_usage_stats": truth],
            "additionalProperties": ["type": "null"],
            "anyOf": [
                ["properties": ["continuous_usage_stats": only(false)]],
                ["properties": ["include_usage": ["const": true]], "required": ["include_usage"]],
            ],
        ],
    ]

    /// A field that another one has to be true for.
    private static func needs(_ field: String, _ other: String) -> JSON {
        either(
            ["properties": .object([field: ["type": "null"]])],
            ["properties": .object([other: ["const": true]]), "required": .array([.string(other)])])
    }

    static let openAIRequests: [String: JSON] = [
        "EmbeddingsRequest": request(
            [
                "model": text, "input": either(text, list(either(text, ids), 1...1_000_000), ids),
                "encoding_format": only("float", "base64"), "dimensions": whole(1...65_536),
            ], required: ["model", "input"]),
        "CompletionRequest": request(
            sampling.merging([
                "prompt": either(text, list(either(text, ids), 1...64), ids), "logprobs": whole(0...5),
                "echo": only(false), "best_of": only(1), "suffix": only(""),
            ]) { one, _ in one }, required: ["model", "prompt"],
            ["allOf": [needs("stream_options", "stream")]]),
        "ChatRequest": request(
            sampling.merging([
                "messages": list(message, 1...1_024), "max_completion_tokens": whole(1...1_000_000),
                "logprobs": truth, "top_logprobs": whole(0...20), "response_format": only(["type": "text"]),
                "tools": only([]), "tool_choice": only("none", "auto"),
            ]) { one, _ in one }, required: ["model", "messages"],
            ["allOf": [needs("stream_options", "stream"), needs("top_logprobs", "logprobs")]]),
    ]

    private static let message: JSON = [
        "type": "object", "required": ["role", "content"],
        "properties": [
            "role": ["type": "string", "enum": ["system", "developer", "user", "assistant", "tool"]],
            "content": either(
                text,
                [
                    "type": "array",
                    "items": [
                        "type": "object", "required": ["type", "text"],
                        "properties": ["type": ["const": "text"], "text": text],
                    ],
                ]),
        ],
    ]
}
