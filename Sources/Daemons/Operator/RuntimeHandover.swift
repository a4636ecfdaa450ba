// How a preset's server is told what to serve, and on which cores: by arguments or by the environment. Which cores they are
// comes from the device plugin as NEURON_RT_VISIBLE_CORES. NEURON_RT_NUM_CORES is set nowhere: the runtime ignores it beside
// the other.

internal import JSON

/// One model that a server loads.
struct ServedModel: Equatable, Sendable {
    /// Its name in URLs.
    var name: String
    /// Where it is: a URI, a path or a name that the server understands.
    var uri: String

    /// The part before `://`; nil for a plain path or name.
    var scheme: String? {
        guard let end = uri.indices.first(where: { uri[$0...].hasPrefix("://") }) else { return nil }
        return String(uri[..<end])
    }

    /// What programs outside of Kubernetes call the place: the path of a `file://` URI, the id of an `hf://` URI (KServe's
    /// scheme for the Hugging Face Hub), everything else as it is.
    var location: String {
        for scheme in ["file://", "hf://"] where uri.hasPrefix(scheme) {
            return String(uri.dropFirst(scheme.count))
        }
        return uri
    }
}

/// What the container of a server gets.
struct RuntimeHandover: Equatable, Sendable {
    /// The program; nil for the image's own.
    var command: [String]?
    var arguments: [String] = []
    /// Names and values, in this order.
    var environment: [(name: String, value: String)] = []

    static func == (left: Self, right: Self) -> Bool {
        left.command == right.command && left.arguments == right.arguments
            && left.environment.map(\.name) == right.environment.map(\.name)
            && left.environment.map(\.value) == right.environment.map(\.value)
    }

    /// What the server of `spec` gets.
    ///
    /// - Parameter groupSize: cores of one copy of the model.
    init(_ spec: ModelServerSpec, groupSize: Int) {
        let port = String(spec.runtime.port)
        let model = spec.models[0]
        let batch = spec.maxBatchSize.map(String.init)
        let queue = spec.maxQueueLength.map(String.init)
        func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
        switch spec.runtime.preset {
        case .ganglion:
            arguments = option("--max-batch-size", batch) + option("--queue", queue)
            environment = Self.own(spec, groupSize: groupSize)
        case .custom:
            environment = Self.own(spec, groupSize: groupSize)
        case .vllm:
            command = ["vllm", "serve"]
            arguments =
                [
                    model.location, "--served-model-name", model.name, "--port", port,
                    "--tensor-parallel-size", String(groupSize),
                ] + option("--max-num-seqs", batch)
        case .djlLMI:
            environment = [
                ("HF_MODEL_ID", model.location), ("OPTION_TENSOR_PARALLEL_DEGREE", String(groupSize)),
                ("SERVING_INFERENCE_ADDRESS", "http://0.0.0.0:\(port)"),
                ("SERVING_MANAGEMENT_ADDRESS", "http://0.0.0.0:\(port)"), ("SERVING_PROMETHEUS", "true"),
            ]
            if let batch { environment.append(("OPTION_MAX_ROLLING_BATCH_SIZE", batch)) }
            if let queue { environment.append(("SERVING_JOB_QUEUE_SIZE", queue)) }
        case .triton:
            // Each model by name: a repository can hold more of them than fit on the cores.
            var repositories: [String] = []
            for model in spec.models where !repositories.contains(model.location) {
                repositories.append(model.location)
            }
            arguments =
                ["tritonserver"] + repositories.map { "--model-repository=\($0)" }
                + ["--model-control-mode=explicit"] + spec.models.map { "--load-model=\($0.name)" }
                + ["--http-port=\(port)"]
        case .torchserve:
            environment = [
                ("TS_LOAD_MODELS", "\(model.name)=\(model.uri)"), ("TS_DEFAULT_WORKERS_PER_MODEL", "1"),
                ("TENSOR_PARALLEL_DEGREE", String(groupSize)),
                ("TS_INFERENCE_ADDRESS", "http://0.0.0.0:\(port)"),
                // Whoever reaches the management API can have any code run.
                ("TS_MANAGEMENT_ADDRESS", "http://127.0.0.1:8081"),
                ("TS_METRICS_ADDRESS", "http://0.0.0.0:8082"), ("TS_METRICS_MODE", "prometheus"),
                // With tokens, even /ping wants one, and it is in a file inside the container.
                ("TS_DISABLE_TOKEN_AUTHORIZATION", "true"),
            ]
            if let queue { environment.append(("TS_JOB_QUEUE_SIZE", queue)) }
        }
    }

    private static func own(_ spec: ModelServerSpec, groupSize: Int) -> [(name: String, value: String)] {
        [
            ("GANGLION_MODELS", spec.modelList.text()), ("TENSOR_PARALLEL_DEGREE", String(groupSize)),
            ("GANGLION_PORT", String(spec.runtime.port)),
        ]
    }
}
