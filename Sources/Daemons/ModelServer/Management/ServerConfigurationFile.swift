// `config.properties`, with which TorchServe and DJL Serving are started: the keys that mean something here, and by name the
// ones that do not.

internal import SystemIO

/// The settings of a server in TorchServe's words.
struct ServerConfigurationFile: Equatable, Sendable {
    /// Where to serve HTTP, `HOST:PORT`.
    var listen: String?
    /// Where to serve gRPC.
    var grpcListen: String?
    /// `NAME=URI` of each model.
    var models: [String] = []
    /// How requests are batched, by LMI's names.
    var batching: [String: String] = [:]
    /// Octets of a request.
    var maximumBody: Int?

    /// Keys of other servers that mean what this one does anyway, with the value that does.
    private static let fixed = [
        "metrics_mode": "prometheus", "enable_envvars_config": "true", "disable_token_authorization": "true",
    ]

    /// The keys of other servers that are obeyed, whatever their values.
    static let obeyed: Set<String> = [
        "inference_address", "grpc_inference_port", "grpc_inference_address", "load_models", "model_store",
        "job_queue_size", "batch_size", "max_batch_delay", "default_response_timeout", "max_request_size",
    ]

    /// Whether a key says what is so anyway.
    static func isSo(_ key: String, _ value: String) -> Bool { fixed[key] == value.lowercased() }

    /// Nothing is said.
    init() {}

    /// The same, with what another one says where this one says nothing.
    func falling(backOn other: Self) -> Self {
        var both = self
        both.listen = listen ?? other.listen
        both.grpcListen = grpcListen ?? other.grpcListen
        if models.isEmpty { both.models = other.models }
        both.batching.merge(other.batching) { own, _ in own }
        both.maximumBody = maximumBody ?? other.maximumBody
        return both
    }

    /// Reads a file.
    ///
    /// - Throws: `ServerError` that names file, key and value.
    init(path: String) throws(ServerError) {
        let text: String
        do throws(SystemError) { text = try Files.readText(path) } catch {
            throw ServerError(error.description)
        }
        try self.init(ServingProperties.parse(text), path: path)
    }

    init(_ values: [String: String], path: String) throws(ServerError) {
        let store = values["model_store"]
        var grpcPort: String?
        var grpcHost = "127.0.0.1"
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "inference_address": listen = try Self.address(value, key, path)
            case "grpc_inference_port": grpcPort = value
            case "grpc_inference_address": grpcHost = value
            case "load_models": models = try Self.models(value, store, path)
            case "model_store": break
            case "job_queue_size", "batch_size", "max_batch_delay": batching[key] = value
            case "default_response_timeout": batching["response_timeout"] = value
            case "max_request_size":
                guard let number = Int(value), 1...1 << 30 ~= number else {
                    throw ServerError(
                        "max_request_size in \(path) is \(value.prefix(32)): write 1 to 1073741824 octets")
                }
                maximumBody = number
            default:
                guard Self.isSo(key, value) else {
                    throw ServerError(
                        "\(key.prefix(64)) in \(path) does nothing on this server: leave it out")
                }
            }
        }
        if let grpcPort { grpcListen = "\(grpcHost):\(grpcPort)" }
    }

    private static func address(_ value: String, _ key: String, _ path: String) throws(ServerError) -> String
    {
        guard value.hasPrefix("http://") else {
            throw ServerError(
                "\(key) in \(path) is \(value.prefix(128)): write http://HOST:PORT, and give TLS by --tls-certificate"
            )
        }
        return String(value.dropFirst(7).prefix { $0 != "/" })
    }

    /// `NAME=URL,URL`, each a URI or a name in the model store.
    private static func models(_ value: String, _ store: String?, _ path: String) throws(ServerError)
        -> [String]
    {
        guard value != "all", value != "ALL" else {
            throw ServerError("load_models in \(path) is \(value): name each model, as NAME=URI")
        }
        return value.split(separator: ",").map { entry in
            let entry = entry.filter { $0 != " " }
            let mark = entry.firstIndex(of: "=")
            let place = String(mark.map { entry[entry.index(after: $0)...] } ?? entry[...])
            let isName = !place.contains("/")
            let uri = isName ? (store ?? ".") + "/" + place : place
            // TorchServe names a model after its archive.
            let file = String(place.split(separator: "/").last ?? "model")
            let name = mark.map { String(entry[..<$0]) } ?? String(file.prefix { $0 != "." })
            return "\(name)=\(uri)"
        }
    }
}
