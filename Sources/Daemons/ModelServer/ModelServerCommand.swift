// The command `ganglion-model-server`: settings in, a process that serves until SIGTERM.

package import Arguments
internal import GRPC
internal import Glibc
internal import HTTP
internal import HTTP1
internal import JSON
internal import LogArguments
internal import ModelSources
internal import Models
internal import NeuronRuntime
internal import Observability
internal import SystemIO
internal import TLS
internal import Text

/// The command line and life of the server.
package enum ModelServerCommand {
    private static let listen = Option<String?>(
        "listen", placeholder: "ADDRESS",
        help:
            "Where to serve HTTP (default port $GANGLION_PORT or 8080, of every address where POD_IP is set, else of "
            + "127.0.0.1)")
    private static let models = Option<[String]>(
        "model", placeholder: "NAME=URI",
        help:
            "A model's directory, what \"ganglion compile\" made of it, an archive, or where to fetch one: http(s)://, "
            + "s3://BUCKET/PREFIX, oci://REGISTRY/NAME:TAG; without one, the list in GANGLION_MODELS")
    private static let cache = Option<String?>(
        "model-cache", environment: "GANGLION_MODEL_CACHE", placeholder: "DIR",
        help:
            "Where models that are fetched are kept, shared by all servers of the machine that have the same (default "
            + "ganglion-models in $TMPDIR or /tmp)")
    private static let cacheSize = Option(
        "model-cache-size", default: "64Gi", environment: "GANGLION_MODEL_CACHE_SIZE", placeholder: "SIZE",
        help: "How much the cache may hold; what was used longest ago goes first, what is in use never",
        check: { OctetCount.parse($0) == nil ? "must be a size such as 64Gi" : nil })
    private static let degree = Option(
        "tensor-parallel-degree", default: 1, environment: "TENSOR_PARALLEL_DEGREE", placeholder: "N",
        help: "Cores that share one copy of the models; the server has cores / N copies")
    private static let copies = Option<Int?>(
        "copies", placeholder: "N",
        help: "Groups that each model is loaded on, those with the most room (default all of them)",
        check: { 1...1_024 ~= $0 ? nil : "must be from 1 to 1024" })
    private static let deviceRoot = Option(
        "device-root", default: "/dev", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where neuron0, neuron1 ... are")
    private static let queue = Option<Int?>(
        "queue", placeholder: "N",
        help:
            "Requests of a model that may wait before others get 503 (default 256, or $SERVING_JOB_QUEUE_SIZE)",
        check: { 0...100_000 ~= $0 ? nil : "must be from 0 to 100000" })
    private static let batch = Option<Int?>(
        "max-batch-size", placeholder: "N",
        help: "Texts of waiting requests computed together (default 32, or $SERVING_BATCH_SIZE)",
        check: { 1...1_024 ~= $0 ? nil : "must be from 1 to 1024" })
    private static let batchTokens = Option<Int?>(
        "max-batch-tokens", placeholder: "N",
        help: "Tokens computed together (default what the model's program takes)",
        check: { 1...1_048_576 ~= $0 ? nil : "must be from 1 to 1048576" })
    private static let batchDelay = Option<Duration?>(
        "max-batch-delay",
        help:
            "How long the oldest request may wait for others while a group is idle (default none, or "
            + "$SERVING_MAX_BATCH_DELAY milliseconds)",
        check: { .zero...(.seconds(60)) ~= $0 ? nil : "must be at most 60s" })
    private static let queueTimeout = Option<Duration?>(
        "queue-timeout",
        help: "How long a request may wait for a group before it gets 503 (default 60s)",
        check: { .milliseconds(1)...(.seconds(86_400)) ~= $0 ? nil : "must be from 1ms to 24h" })
    private static let configuration = Option<String?>(
        "config", environment: "TS_CONFIG_FILE", placeholder: "FILE",
        help: "Settings in the words of TorchServe and DJL (config.properties); flags come before them")
    private static let computeTimeout = Option<Duration?>(
        "compute-timeout",
        help:
            "How long a group may compute one pass before its cores are taken for lost; ten times as long to take a model "
            + "(default 120s)",
        check: { .milliseconds(1)...(.seconds(86_400)) ~= $0 ? nil : "must be from 1ms to 24h" })
    private static let control = Option(
        "model-control", default: ModelControl.none, placeholder: "MODE",
        help: "Whether models may be loaded and unloaded while the server runs: none or explicit")
    private static let keys = Option<String?>(
        "api-keys", placeholder: "FILE",
        help:
            "Answer only who shows one of the keys in this file, a key on each line; probes and metrics need none"
    )
    private static let certificate = Option<String?>(
        "tls-certificate", placeholder: "FILE", help: "Serve HTTPS with this certificate chain (PEM)")
    private static let certificateKey = Option<String?>(
        "tls-key", placeholder: "FILE",
        help: "The certificate's key (PEM); both are looked at for each connection")
    private static let grpcListen = Option<String?>(
        "grpc-listen", environment: "GANGLION_GRPC_LISTEN", placeholder: "ADDRESS",
        help: "Where to serve gRPC as well, which --listen serves beside HTTP (default nowhere)")
    private static let coreWait = Option(
        "core-wait", default: Duration.seconds(10),
        help: "How long to wait at the start for cores that another process has",
        check: { $0 <= .seconds(86_400) ? nil : "must be at most 24h" })
    private static let drainDelay = Option<Duration?>(
        "drain-delay", environment: "GANGLION_DRAIN_DELAY",
        help:
            "How long to go on answering after SIGTERM, not ready any more, until no new clients come (default 5s in a "
            + "pod, else none; at most half of --grace)")
    private static let grace = Option(
        "grace", default: 25, environment: "GANGLION_GRACE", placeholder: "SECONDS",
        help: "How long requests may take to end after SIGTERM, the delay included; a pod is killed after 30",
        check: { 0...3_600 ~= $0 ? nil : "must be from 0 to 3600" })
    private static let measure = Flag(
        "measure", help: "Print how fast each model is on the first group, and end")

    private static let openAPI = Flag(
        "openapi", help: "Print the OpenAPI document of the REST interface, and end")

    /// The program.
    package static let command = Command(
        "ganglion-model-server", summary: "Serve embedding models on a pod's NeuronCores",
        details:
            "The cores are those of NEURON_RT_VISIBLE_CORES, else a free run of NEURON_RT_NUM_CORES, else all of the"
            + " visible devices.",
        arguments: [
            listen, grpcListen, models, cache, cacheSize, configuration, control, keys, certificate,
            certificateKey, degree, copies, deviceRoot, queue,
            queueTimeout, computeTimeout, batch, batchTokens,
            batchDelay, coreWait, drainDelay, grace, measure, openAPI,
        ] + LogOptions.all,
        examples: [
            Command.Example(
                "ganglion-model-server --model minilm=/models/all-MiniLM-L6-v2 --tensor-parallel-degree 2",
                "one copy on each pair of cores")
        ]
    ) { values in
        do {
            try await run(values)
        } catch {
            leaveTerminationMessage("\(error)")
            throw error
        }
    }

    private static func run(_ values: ArgumentValues) async throws {
        guard !values[openAPI] else { return print(OpenAPI.document.text(pretty: true)) }
        let log = LogOptions.logger(values)
        let start = ContinuousClock.now
        let foreign = try ForeignVariables(Self.variables)
        try foreign.check(besides: Self.variables)
        for variable in foreign.idle {
            log.warning("variable does nothing", ["name": variable.name, "instead": variable.instead])
        }
        let file =
            (try values[configuration].map { path throws(ServerError) in
                try ServerConfigurationFile(path: path)
            } ?? ServerConfigurationFile())
            .falling(backOn: try ServerConfigurationFile(foreign.server, path: "the environment"))
        let specifications = try ModelSpecification.list(
            arguments: values[models].isEmpty ? file.models : values[models],
            environment: Command.environment("GANGLION_MODELS"))
        let address = try SocketAddress(
            parsing: values[listen] ?? file.listen
                ?? defaultAddress(
                    podIP: Command.environment("POD_IP"), port: Command.environment("GANGLION_PORT")))
        let signals = try SignalWatcher()
        let isAsked = Lock(false)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            for await _ in signals.signals {
                isAsked.withLock { $0 = true }
                end.yield()
            }
        }
        let runtime: any NeuronRuntime
        do {
            runtime = try await open(values, log) { time in
                try await Task.sleep(for: time)
                if isAsked.withLock({ $0 }) { throw CancellationError() }
            }
        } catch is CancellationError {
            return log.info("stopped")
        }
        let plan = try GroupPlan(cores: runtime.visibleCores, degree: values[degree])
        let claims = runtime.split(plan.groups)
        log.info("runtime", ["version": runtime.version, "cores": runtime.visibleCores.spanText])
        if values[measure] {
            try await printSpeed(specifications, on: NeuronCoreGroup(claims[0]))
            return
        }

        let policy = try policy(values, file, foreign)
        var requestLimits = RequestLimits()
        if let octets = file.maximumBody { requestLimits.body = octets }
        let server = InferenceServer(
            models: specifications, limits: requestLimits, policy: policy, copies: values[copies],
            control: values[control],
            keys: try values[keys].map { file throws(ServerError) in try APIKeys(file: file) }, log: log,
            tag: Command.environment("NEURON_PROCESS_TAG") ?? "",
            fetcher: try fetcher(values, specifications),
            properties: foreign.models
        ) { specification, groups in
            try await LanguageModelGenerator.open(specification, on: groups, pool: ComputePool.shared)
        }
        var limits = HTTPServerLimits()
        // A full queue leaves room for probes, scrapers and those who are told to come back.
        limits.connections = DescriptorLimit.connections(
            wanted: limits.connections + policy.queueLimit, limit: DescriptorLimit.raise())
        let grpc = server.makeGRPCServer(security: try security(values, log, protocols: ["h2"]))
        let http = server.makeHTTPServer(
            limits: limits, security: try security(values, log, protocols: ["h2", "http/1.1"]), grpc: grpc)
        let bound = try await http.listen(on: address)
        log.info(
            "listening",
            [
                "address": bound.description, "models": specifications.map(\.name),
                "groups": claims.map { "\($0.cores.lowerBound)-\($0.cores.upperBound - 1)" },
            ])
        if let text = values[grpcListen] ?? file.grpcListen {
            let address = try SocketAddress(parsing: text)
            let bound = try await grpc.listen(on: address)
            log.info("listening", ["protocol": "grpc", "address": bound.description])
        }
        // A SIGTERM that comes while models are being loaded ends the server as well.
        let shutdown = ServerShutdown(
            total: .seconds(values[grace]),
            delay: values[drainDelay] ?? (Command.environment("POD_IP") == nil ? .zero : .seconds(5)))
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await server.load(claims) { name, took in
                    log.info(
                        "compiled",
                        ["model": name, "took": took, "hint": "\"ganglion compile\" does it once"])
                }
                log.info("ready", ["took": ContinuousClock.now - start])
                return false
            }
            tasks.addTask {
                for await _ in ends { break }
                return true
            }
            tasks.addTask {
                // A new process gets its cores reset.
                for await sentence in server.breakdowns { throw ServerError(sentence) }
                return false
            }
            while let isSignal = try await tasks.next(), !isSignal {}
            tasks.cancelAll()
            log.info("draining", ["delay": shutdown.delay, "grace": shutdown.grace])
            await shutdown.run(server, http, grpc) { delay in
                await withTaskGroup(of: Void.self) { pause in
                    pause.addTask { try? await Task.sleep(for: delay) }
                    // A second signal: somebody does not want to wait.
                    pause.addTask { for await _ in ends { break } }
                    await pause.next()
                    pause.cancelAll()
                }
            }
            runtime.close()
            log.info("stopped")
            // A load that is still going on cannot be interrupted; nobody needs its result.
            exit(0)
        }
    }

    /// The environment as the process was given it.
    private static var variables: [String: String] {
        let text = (try? Files.read("/proc/self/environ")) ?? []
        var variables: [String: String] = [:]
        for entry in text.split(separator: 0) {
            guard let mark = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            variables[String(decoding: entry[..<mark], as: UTF8.self)] =
                String(decoding: entry[entry.index(after: mark)...], as: UTF8.self)
        }
        return variables
    }

    /// A folder is made only where models may have to be fetched into it.
    private static func fetcher(
        _ values: ArgumentValues, _ models: [ModelSpecification]
    ) throws -> ModelFetcher? {
        let needsIt = try models.contains { try ModelLocation($0.uri) != nil }
        guard needsIt || values[control] == .explicit || values[cache] != nil else { return nil }
        let ordinary = (Command.environment("TMPDIR") ?? "/tmp") + "/ganglion-models"
        let path = values[cache] ?? ordinary
        // Anybody can make a folder there, and put models into it.
        if values[cache] == nil, let owner = Files.owner(ordinary), owner != geteuid() {
            throw ServerError("\(ordinary) belongs to user \(owner): name another folder with --model-cache")
        }
        let limit = OctetCount.parse(values[cacheSize]) ?? 0
        return ModelFetcher(
            cache: try ModelCache(path: path, limit: limit), environment: { Command.environment($0) })
    }

    /// Certificates are renewed in place: what the files say counts for the next connection.
    private static func security(
        _ values: ArgumentValues, _ log: Logger, protocols: [String] = []
    ) throws -> (any SecureLayerFactory)? {
        switch (values[certificate], values[certificateKey]) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            return try TLSServer.files(certificateChain: certificate, privateKey: key, protocols: protocols) {
                log.warning(
                    "renewed TLS files are not taken, those from before hold", ["error": $0.description])
            }
        default: throw ServerError("--tls-certificate and --tls-key go together")
        }
    }

    /// How requests are batched: by the flags, else by config.properties, else by LMI's variables, else as it is.
    private static func policy(
        _ values: ArgumentValues, _ file: ServerConfigurationFile, _ foreign: ForeignVariables
    ) throws(ServerError) -> BatchPolicy {
        var policy = BatchPolicy()
        do throws(HTTPProblem) {
            try policy.read(foreign.models, place: "the environment")
            try policy.read(file.batching, place: "config.properties or the environment")
        } catch {
            throw ServerError(error.message)
        }
        if let number = values[queue] { policy.queueLimit = number }
        if let number = values[batch] { policy.texts = number }
        if let number = values[batchTokens] { policy.tokens = number }
        if let time = values[batchDelay] { policy.delay = time }
        if let time = values[queueTimeout] { policy.timeout = time }
        if let time = values[computeTimeout] { policy.computeTimeout = time }
        return policy
    }

    private static func printSpeed(_ models: [ModelSpecification], on group: NeuronCoreGroup) async throws {
        let store = ModelStore()
        print(
            "kernels \(NeuronCoreGroup.kernelName), cores \(group.cores.spanText), threads \(ComputePool.shared.threadCount)"
        )
        for specification in models {
            try group.load(try store.model(at: specification.uri), as: specification.name)
            for (batch, tokens) in [(1, 8), (1, 32), (1, 128), (1, 512), (8, 32), (8, 128), (32, 32)] {
                guard
                    let speed = await group.measure(model: specification.name, batch: batch, tokens: tokens)
                else { continue }
                print(
                    "\(specification.name) batch \(speed.batch) tokens \(speed.tokens):"
                        + " \(rounded(speed.milliseconds.fastest)) ms at best, \(rounded(speed.milliseconds.median)) ms median,"
                        + " \(rounded(speed.tokensPerSecond)) tokens/s,"
                        + " \(rounded(speed.gigaflops)) GFLOPS")
            }
        }
    }

    /// One digit after the point.
    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    /// The visible cores, claimed at once: given up and taken group by group, another process could come in between.
    ///
    /// - Parameter pause: lets time go by while others have the cores.
    private static func open(
        _ values: ArgumentValues, _ log: Logger, pause: (Duration) async throws -> Void
    ) async throws -> any NeuronRuntime {
        let limit = values[coreWait]
        return try await RuntimeSelection(root: values[deviceRoot], environment: Command.environment).open(
            waiting: limit,
            report: { log.warning("waiting for cores", ["limit": limit, "error": "\($0)"]) },
            pause: pause)
    }

    /// Where it serves when nobody says: every address of its pod, so that `kubectl port-forward`, which comes by the pod's
    /// loopback, arrives as well as the Service. A pod whose own address is a loopback address shares the host's network with
    /// others, as on the local cluster, and has that address only; outside of a pod nobody else is let in.
    ///
    /// - Parameter port: `GANGLION_PORT`. Kubernetes sets it as well, to `tcp://ADDRESS:PORT`, in pods beside a Service that
    ///   is named ganglion; that is another's port, and does not count.
    static func defaultAddress(podIP: String?, port: String?) -> String {
        let named = port.flatMap { $0.isEmpty || $0.hasPrefix("tcp://") ? nil : $0 } ?? "8080"
        guard let podIP, !podIP.isEmpty else { return "127.0.0.1:" + named }
        return (podIP.hasPrefix("127.") ? podIP : "") + ":" + named
    }

    /// Kubernetes shows this file's content as the container's termination message. Best effort: the error itself
    /// goes to the log.
    private static func leaveTerminationMessage(_ sentence: String) {
        guard let path = Command.environment("GANGLION_TERMINATION_LOG"), !path.isEmpty else { return }
        try? Files.write(path, Array(sentence.utf8))
    }
}
