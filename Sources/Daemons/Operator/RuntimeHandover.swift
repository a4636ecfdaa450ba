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
        let delay = spec.batching?.maxBatchDelay
        func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
        switch server.runtime.preset {
        case .ganglion:
            arguments =
                option("--max-batch-size", batch) + option("--max-batch-delay", delay)
                + option("--queue", queue)
                + option("--queue-timeout", spec.queue?.timeout)
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
            if let delay = delay.flatMap(Self.milliseconds) {
                environment.append(EnvVar("SERVING_MAX_BATCH_DELAY", value: String(delay)))
            }
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

    /// `5ms` or `2s` in milliseconds; nil for what is neither.
    static func milliseconds(_ time: String) -> Int? {
        if time.hasSuffix("ms") { return Int(time.dropLast(2)) }
        return Int(time.dropLast()).map { $0.multipliedReportingOverflow(by: 1_000) }.flatMap {
            $0.overflow ? nil : $0.partialValue
        }
    }

    /// Where the user's container says something else than the spec: there one of the two would do nothing. One sentence, nil
    /// where they agree.
    func contradiction(_ container: Container, runtime: RuntimeSettings) -> String? {
        for (name, value) in options {
            guard let other = Self.value(of: name, in: container.args), other != value else { continue }
            return
                "the container's argument \(name) \(other) would stand against the spec, from which it gets \(name) \(value): remove it, or say it in the spec"
        }
        for variable in environment where Self.settings.contains(variable.name) {
            guard let own = container.env.first(where: { $0.name == variable.name }),
                own.value != variable.value
            else { continue }
            return
                "the container's variable \(variable.name) would stand against the spec, from which it is \(variable.value ?? ""): remove it, or say it in the spec"
        }
        // A command of the user's own is their way to start a server of others, and gets no arguments.
        guard runtime.preset != .ganglion, !container.command.isEmpty else { return nil }
        return options.first {
            ["--max-num-seqs", "--max-batch-size", "--max-batch-delay", "--queue", "--queue-timeout"]
                .contains($0.name)
        }.map {
            "\($0.name.hasPrefix("--queue") ? "spec.queue" : "spec.batching") does nothing beside the container's own command: remove one of them"
        }
    }

    /// Variables that carry fields which a user need not set. What a server cannot do without, a variable of the user's own
    /// may say in another way.
    private static let settings: Set = [
        "OPTION_MAX_ROLLING_BATCH_SIZE", "SERVING_JOB_QUEUE_SIZE", "SERVING_MAX_BATCH_DELAY",
        "TS_JOB_QUEUE_SIZE",
    ]

    /// The arguments that can be given once only.
    private var options: [(name: String, value: String)] {
        arguments.indices.compactMap { index in
            let argument = arguments[index]
            guard argument.hasPrefix("--"),
                !["--model-repository", "--load-model"].contains(Self.name(argument))
            else {
                return nil
            }
            let name = Self.name(argument)
            return Self.value(of: name, in: Array(arguments[index...])).map { (name, $0) }
        }
    }

    /// `--name` of `--name` and of `--name=value`.
    private static func name(_ argument: String) -> String {
        String(argument.prefix { $0 != "=" })
    }

    private static func value(of name: String, in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() where Self.name(argument) == name {
            if argument.count > name.count { return String(argument.dropFirst(name.count + 1)) }
            return index + 1 < arguments.count ? arguments[index + 1] : ""
        }
        return nil
    }

    private static func own(_ server: ResolvedServer) -> [EnvVar] {
        // The list as users wrote it, with sorted keys.
        let models = server.spec.writtenModels.text()
        return [
            EnvVar("GANGLION_MODELS", value: models),
            EnvVar("TENSOR_PARALLEL_DEGREE", value: String(server.groupSize)),
            EnvVar("GANGLION_PORT", value: String(server.runtime.port)),
        ]
    }
}
