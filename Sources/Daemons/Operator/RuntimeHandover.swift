// How a preset's server is told what to serve, and on which cores: by arguments or by the environment. Which cores they are
// comes from the device plugin as NEURON_RT_VISIBLE_CORES. NEURON_RT_NUM_CORES is set nowhere: the runtime ignores it beside
// the other.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI

extension ServedModel {
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
    /// The program; empty for the image's own.
    var command: [String] = []
    var arguments: [String] = []
    /// In this order.
    var environment: [EnvVar] = []

    /// What the pods of `server` get.
    init(_ server: ResolvedServer) {
        let spec = server.spec
        let port = String(server.runtime.port)
        let degree = String(server.groupSize)
        let model = spec.models[0]
        let batch = spec.batching?.maxBatchSize.map(String.init)
        let queue = spec.queue?.maxLength.map(String.init)
        func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
        switch server.runtime.preset {
        case .ganglion:
            arguments = option("--max-batch-size", batch) + option("--queue", queue)
            environment = Self.own(server)
        case .custom:
            environment = Self.own(server)
        case .vllm:
            command = ["vllm", "serve"]
            arguments =
                [
                    model.location, "--served-model-name", model.name, "--port", port,
                    "--tensor-parallel-size", degree,
                ] + option("--max-num-seqs", batch)
        case .djlLMI:
            environment = [
                EnvVar("HF_MODEL_ID", value: model.location),
                EnvVar("OPTION_TENSOR_PARALLEL_DEGREE", value: degree),
                EnvVar("SERVING_INFERENCE_ADDRESS", value: "http://0.0.0.0:\(port)"),
                EnvVar("SERVING_MANAGEMENT_ADDRESS", value: "http://0.0.0.0:\(port)"),
                EnvVar("SERVING_PROMETHEUS", value: "true"),
            ]
            if let batch { environment.append(EnvVar("OPTION_MAX_ROLLING_BATCH_SIZE", value: batch)) }
            if let queue { environment.append(EnvVar("SERVING_JOB_QUEUE_SIZE", value: queue)) }
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
                EnvVar("TS_LOAD_MODELS", value: "\(model.name)=\(model.uri)"),
                EnvVar("TS_DEFAULT_WORKERS_PER_MODEL", value: "1"),
                EnvVar("TENSOR_PARALLEL_DEGREE", value: degree),
                EnvVar("TS_INFERENCE_ADDRESS", value: "http://0.0.0.0:\(port)"),
                // Whoever reaches the management API can have any code run.
                EnvVar("TS_MANAGEMENT_ADDRESS", value: "http://127.0.0.1:8081"),
                EnvVar("TS_METRICS_ADDRESS", value: "http://0.0.0.0:8082"),
                EnvVar("TS_METRICS_MODE", value: "prometheus"),
                // With tokens, even /ping wants one, and it is in a file inside the container.
                EnvVar("TS_DISABLE_TOKEN_AUTHORIZATION", value: "true"),
            ]
            if let queue { environment.append(EnvVar("TS_JOB_QUEUE_SIZE", value: queue)) }
        }
    }

    private static func own(_ server: ResolvedServer) -> [EnvVar] {
        // The list as users wrote it, with sorted keys.
        let models = (try? JSON(encoding: server.spec.models))?.text() ?? "[]"
        return [
            EnvVar("GANGLION_MODELS", value: models),
            EnvVar("TENSOR_PARALLEL_DEGREE", value: String(server.groupSize)),
            EnvVar("GANGLION_PORT", value: String(server.runtime.port)),
        ]
    }
}
