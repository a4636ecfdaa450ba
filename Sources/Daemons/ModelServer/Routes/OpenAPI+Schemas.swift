// The schemas of bodies and replies, by name.

internal import JSON

extension OpenAPI {
    private static func object(_ properties: [String: JSON], required: [String] = []) -> JSON {
        var schema: JSON = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = JSON(required) }
        return schema
    }

    private static func list(_ items: JSON, _ count: ClosedRange<Int>? = nil) -> JSON {
        var schema: JSON = ["type": "array", "items": items]
        if let count {
            schema["minItems"] = JSON(count.lowerBound)
            schema["maxItems"] = JSON(count.upperBound)
        }
        return schema
    }

    private static func either(_ schemas: [JSON]) -> JSON { ["anyOf": .array(schemas)] }

    private static func reference(_ name: String) -> JSON {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    private static let text: JSON = ["type": "string"]
    private static let whole: JSON = ["type": "integer"]
    private static let number: JSON = ["type": "number"]
    private static let truth: JSON = ["type": "boolean"]
    /// How many there may be is a limit of size (413), and no rule of the form.
    private static let texts: JSON = either([text, ["type": "array", "items": text, "minItems": 1]])
    /// Two texts, as transformers' pipelines take them.
    private static let input = either([
        object(["text": text, "text_pair": text], required: ["text"]), list(text), question,
    ])
    private static let question = object(
        ["question": text, "context": text], required: ["question", "context"])
    private static let tensor = object(
        [
            "name": text, "shape": list(whole),
            "datatype": ["type": "string", "enum": JSON(TensorDatatype.allCases.map(\.rawValue))],
            "data": list([:]), "parameters": ["type": "object"],
        ], required: ["name", "shape", "datatype"])
    private static let usage = object(["prompt_tokens": whole, "total_tokens": whole])
    private static let tensorDescription = object(["name": text, "datatype": text, "shape": list(whole)])

    private static func completion(_ own: [String: JSON]) -> JSON {
        object(
            [
                "id": text, "object": text, "created": whole, "model": text, "usage": usage,
                "choices": list(
                    object(own.merging(["index": whole, "finish_reason": text]) { one, _ in one })),
            ], required: ["id", "object", "created", "model", "choices"])
    }

    static let schemas: [String: JSON] = openAIRequests.merging([
        "Any": ["type": ["object", "array"]],
        "Text": text,
        "Octets": ["type": "string", "contentEncoding": "binary"],
        "Status": object(["status": text], required: ["status"]),
        "Accepted": object(
            ["status": text, "token": text, "location": text], required: ["status", "token", "location"]),
        "Texts": either([
            object(
                ["inputs": either([texts, input, list(input)]), "parameters": ["type": "object"]],
                required: ["inputs"]),
            object(
                [
                    "inputs": either([texts, input, list(input)]),
                    "instances": either([texts, list(input)]), "parameters": ["type": "object"],
                ], required: ["instances"]),
            question,
        ]),
        "Predictions": either([
            list(list(number)), reference("Labels"), reference("Answer"), list(reference("Answer")),
            list(["type": "object"]), ["type": "object"],
        ]),
        "Labels": list(
            either([
                object(["label": text, "score": number], required: ["label", "score"]),
                list(object(["label": text, "score": number], required: ["label", "score"])),
            ])),
        "Answer": object(
            ["score": number, "start": whole, "end": whole, "answer": text],
            required: ["score", "start", "end", "answer"]),
        "RerankRequest": object(
            [
                "model": text, "query": text,
                "documents": list(either([text, object(["text": text], required: ["text"])])),
                "texts": list(text), "top_n": whole, "return_documents": truth, "return_text": truth,
                "raw_scores": truth, "truncate": truth,
            ], required: ["query"]),
        "RerankReply": either([
            object(
                [
                    "id": text, "model": text, "usage": object(["total_tokens": whole]),
                    "results": list(
                        object(
                            [
                                "index": whole, "relevance_score": number,
                                "document": object(["text": text]),
                            ], required: ["index", "relevance_score"])),
                ], required: ["model", "results"]),
            list(object(["index": whole, "score": number, "text": text], required: ["index", "score"])),
        ]),
        "Vectors": [
            "type": ["object", "array"],
            "properties": [
                "embeddings": list(list(number)), "predictions": list(["type": ["array", "string"]]),
                "model": text,
                "tokens": list(whole), "batch": whole, "core": whole,
                "timings": object(["queue_ms": number, "compute_ms": number]),
            ],
        ],
        "Model": object(
            [
                "modelName": text, "modelVersion": text, "modelUrl": text, "status": text, "reason": text,
                "phase": text, "downloadedOctets": whole, "totalOctets": whole,
                "platform": ["type": ["string", "null"]],
                "minWorkers": whole, "maxWorkers": whole, "batchSize": whole, "maxBatchDelay": number,
                "jobQueueSize": whole, "dimensions": whole, "maximumTokens": whole,
                "workers": list(object(["cores": text, "status": text])),
            ], required: ["modelName", "modelUrl", "status"]),
        "ModelList": object(
            ["models": list(reference("Model")), "nextPageToken": text], required: ["models"]),
        "ModelRegistration": object(
            [
                "model_name": OpenAPI.word(128), "url": ["type": "string", "minLength": 1],
                "model_version": OpenAPI.word(32),
            ], required: ["url"]),
        "ServerMetadata": object(
            ["name": text, "version": text, "extensions": list(text)],
            required: ["name", "version", "extensions"]),
        "Live": object(["live": truth], required: ["live"]),
        "Ready": object(["ready": truth], required: ["ready"]),
        "ModelReady": object(["name": text, "ready": truth], required: ["name", "ready"]),
        "ModelMetadata": object(
            [
                "name": text, "versions": list(text), "platform": text, "inputs": list(tensorDescription),
                "outputs": list(tensorDescription),
            ], required: ["name", "platform", "inputs", "outputs"]),
        "ModelConfiguration": object(["name": text], required: ["name"]),
        "ModelStatistics": object(
            [
                "model_stats": list(
                    object(
                        ["name": text, "version": text, "inference_stats": ["type": "object"]],
                        required: ["name", "version", "inference_stats"]))
            ], required: ["model_stats"]),
        "InferRequest": object(
            [
                "id": text, "parameters": ["type": "object"], "inputs": list(tensor, 1...1_024),
                "outputs": list(
                    object(["name": text, "parameters": ["type": "object"]], required: ["name"])),
            ], required: ["inputs"]),
        "InferReply": object(
            ["model_name": text, "model_version": text, "id": text, "outputs": list(tensor)],
            required: ["model_name", "outputs"]),
        "RepositoryQuery": object(["ready": truth]),
        "RepositoryIndex": list(
            object(["name": text, "version": text, "state": text, "reason": text], required: ["name"])),
        "RepositoryParameters": object(["parameters": ["type": "object"]]),
        "OpenAIModel": object(
            ["id": text, "object": text, "created": whole, "owned_by": text],
            required: ["id", "object", "created", "owned_by"]),
        "OpenAIModelList": object(
            ["object": text, "data": list(reference("OpenAIModel"))], required: ["object", "data"]),
        "EmbeddingsReply": object(
            [
                "object": text, "model": text, "usage": usage,
                "data": list(
                    object(["object": text, "index": whole, "embedding": either([list(number), text])])),
            ], required: ["object", "data", "model", "usage"]),
        "Completion": completion(["text": text]),
        "ChatCompletion": completion(["message": object(["role": text, "content": text])]),
        "Problem": object(
            ["code": whole, "type": text, "message": text], required: ["code", "type", "message"]),
        "OpenInferenceProblem": object(["error": text], required: ["error"]),
        "OpenAIProblem": object(
            [
                "error": object(
                    [
                        "message": text, "type": text, "param": ["type": ["string", "null"]],
                        "code": ["type": ["string", "null"]],
                    ], required: ["message", "type"])
            ], required: ["error"]),
    ]) { one, _ in one }

    /// What can be a name in a path.
    static func word(_ length: Int) -> JSON {
        ["type": "string", "pattern": .string("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,\(length - 1)}$")]
    }

    private static func range(_ low: Int, _ high: Int) -> JSON {
        ["type": "integer", "minimum": JSON(low), "maximum": JSON(high)]
    }

    /// What fields of a query may have, by name; others are any text.
    static let query: [String: JSON] = [
        "limit": range(1, 1_000), "next_page_token": ["type": "string", "pattern": "^[0-9]{1,9}$"],
        "model_name": word(128), "model_version": word(32), "url": ["type": "string", "minLength": 1],
        "initial_workers": range(1, 4_096), "min_worker": range(1, 4_096), "max_worker": range(1, 4_096),
        "batch_size": range(1, 1_024), "max_batch_delay": range(0, 60_000),
        "max_batch_tokens": range(1, 1_048_576), "job_queue_size": range(0, 100_000),
        "queue_timeout": range(1, 86_400_000),
    ]
}
