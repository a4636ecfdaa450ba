// The environment of images that people move here from LMI (SERVING_, OPTION_) and TorchServe (TS_). A variable of these
// families is obeyed, or said: in a warning where the server answers the same without it, else in a refusal, for who has set
// it counts on what it does.

internal import Text

/// Variables of other servers' families.
struct ForeignVariables: Equatable, Sendable {
    /// A variable that does nothing, and what there is in its place.
    struct Idle: Equatable, Sendable {
        let name: String
        let instead: String
    }

    /// What is obeyed of `SERVING_` and `TS_`, by the keys of `config.properties`.
    private(set) var server: [String: String] = [:]
    /// What is obeyed of `OPTION_`, by the keys of `serving.properties`.
    private(set) var models: [String: String] = [:]
    /// What does nothing, by the names.
    private(set) var idle: [Idle] = []

    /// None.
    init() {}

    /// Reads an environment.
    ///
    /// - Throws: `ServerError` for a variable without which the server answers otherwise.
    init(_ variables: [String: String]) throws(ServerError) {
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            guard !Self.isServiceLink(name, value), !Self.own.contains(name) else { continue }
            if name.hasPrefix("OPTION_") {
                try readOption(name, value)
            } else if let prefix = ["SERVING_", "TS_"].first(where: name.hasPrefix) {
                try readServer(name, value, key: name.dropFirst(prefix.count).lowercased())
            }
        }
    }

    /// - Throws: `ServerError` where this server's own variables, which are the operator's in a pod, say the same thing as well.
    func check(besides variables: [String: String]) throws(ServerError) {
        for (key, own) in [("load_models", "GANGLION_MODELS"), ("inference_address", "GANGLION_PORT")] {
            guard server[key] != nil, let value = variables[own], !value.isEmpty,
                !Self.isServiceLink(own, value)
            else { continue }
            throw ServerError(
                "\(key) is in the environment by another server's name, and \(own) as well: leave one of them out"
            )
        }
    }

    /// This server's own, beside LMI's and TorchServe's.
    private static let own: Set<String> = ["TS_CONFIG_FILE"]

    private mutating func readServer(_ name: String, _ value: String, key: String) throws(ServerError) {
        if ServerConfigurationFile.obeyed.contains(key) {
            if let other = server[key], other != value {
                throw ServerError(
                    "\(key) is \(value.prefix(64)) in \(name) and \(other.prefix(64)) in another variable: leave one of them"
                        + " out")
            }
            server[key] = value
        } else if let instead = Self.refused[key], !ServerConfigurationFile.isSo(key, value) {
            throw Self.refusal(name, instead)
        } else if !ServerConfigurationFile.isSo(key, value) {
            idle.append(Idle(name: name, instead: Self.serverHints[key] ?? Self.nothing))
        }
    }

    private mutating func readOption(_ name: String, _ value: String) throws(ServerError) {
        let word = name.dropFirst("OPTION_".count).lowercased()
        let key = word == "entrypoint" ? "option.entryPoint" : "option." + word
        if let instead = Self.refusedOptions[word] { throw Self.refusal(name, instead) }
        if ModelProperties.keys.contains(key) {
            models[key] = value
        } else if let instead = Self.optionHints[word] {
            idle.append(Idle(name: name, instead: instead))
        } else {
            throw Self.refusal(name, Self.nothing)
        }
    }

    private static func refusal(_ name: String, _ instead: String) -> ServerError {
        ServerError(
            "\(name) does nothing on this server, which would answer otherwise than is meant: \(instead)")
    }

    /// Whether Kubernetes has set it for a Service that is called option, serving or ts, or begins so.
    private static func isServiceLink(_ name: String, _ value: String) -> Bool {
        if name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") { return true }
        let isAddress = ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix)
        if name.hasSuffix("_PORT"), isAddress { return true }
        // NAME_PORT_8080_TCP, ..._PROTO, ..._PORT, ..._ADDR
        let words = name.split(separator: "_")
        return words.indices.dropFirst().contains { place in
            words[place] == "PORT" && place + 2 < words.count && UInt16(words[place + 1]) != nil
                && ["TCP", "UDP", "SCTP"].contains(words[place + 2])
        }
    }

    // MARK: What there is in their place

    private static let nothing = "leave it out"

    /// Of `SERVING_` and `TS_`: what changes answers, or who gets any.
    private static let refused: [String: String] = {
        let security = "give --tls-certificate and --tls-key"
        return [
            "private_key_file": security, "certificate_file": security, "keystore": security,
            "keystore_pass": security, "keystore_type": security,
            "disable_token_authorization": "give --api-keys",
            "allowed_urls": "models neither come nor go unless --model-control says so",
            "service_envelope": "send one of the bodies of docs/SERVING.md",
            "default_service_handler": "models are computed by the server itself",
        ]
    }()

    private static let serverHints: [String: String] = {
        let port = "everything is on --listen, and models come and go with --model-control explicit"
        let metrics = "/metrics is on --listen"
        let workers = "--copies says on how many groups a model is"
        return [
            "management_address": port, "grpc_management_port": port, "grpc_management_address": port,
            "model_control_mode": port, "model_api_enabled": port, "enable_model_api": port,
            "metrics_address": metrics, "metrics_mode": metrics, "metrics_config": metrics,
            "prometheus": metrics, "min_workers": workers, "max_workers": workers,
            "default_workers_per_model": workers,
            "load_on_devices":
                "NEURON_RT_VISIBLE_CORES and --tensor-parallel-degree say what is on which cores",
            "model_loading_timeout": "--compute-timeout holds while models are loaded, too",
            "default_startup_timeout": "--compute-timeout holds while models are loaded, too",
            "download_dir": "--model-cache says where models are kept",
            "log_level": "--log-level says it",
        ]
    }()

    /// Of `OPTION_`: known here, and done by other means.
    private static let refusedOptions: [String: String] = {
        let model = "give --model NAME=URI"
        return ["model_id": model, "s3url": model]
    }()

    /// Of `OPTION_`: how others compute the same. What is not here may change answers.
    private static let optionHints: [String: String] = {
        let cache = "the cache has what memory the weights leave"
        let batches = "batches are continuous and prompts go in parts, always"
        let compiled = "\"ganglion compile\" makes what is loaded at once"
        return [
            "gpu_memory_utilization": cache, "swap_space": cache, "cpu_offload_gb": cache,
            "block_size": cache,
            "enable_prefix_caching": "beginnings are computed once, always",
            "max_rolling_batch_prefill_tokens": batches, "max_num_batched_tokens": batches,
            "enable_chunked_prefill": batches, "waiting_steps": batches, "max_waiting_tokens": batches,
            "async_mode": batches, "enable_streaming": "clients say whether they want a stream",
            "parallel_loading": nothing, "device_map": nothing, "low_cpu_mem_usage": nothing,
            "mpi_mode": nothing,
            "enforce_eager": nothing, "disable_log_stats": nothing, "load_format": nothing,
            "model_loading_timeout": "--compute-timeout holds while models are loaded, too",
            "context_length_estimate": compiled, "compiled_graph_path": compiled,
            "save_mp_checkpoint_path": compiled,
            "neuron_optimize_level": compiled, "fuse_qkv": compiled, "on_device_embedding": compiled,
        ]
    }()
}
