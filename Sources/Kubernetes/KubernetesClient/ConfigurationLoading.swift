// Finds the configuration: a file that was named, KUBECONFIG, the files of the pod, the user's own file, in this order.

internal import Glibc
internal import HTTPProxy
internal import SystemIO

extension ClientConfiguration {
    /// Where a pod finds its token, its namespace and the certificate to trust.
    public static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Loads the configuration of this process.
    ///
    /// - Parameters:
    ///   - path: a kubeconfig, nil to search: `KUBECONFIG`, then the pod's files, then `~/.kube/config`.
    ///   - context: a context of the kubeconfig, nil for the current one.
    /// - Throws: `ConfigurationError` that says what was looked for.
    public static func load(
        kubeconfig path: String? = nil, context: String? = nil
    ) throws(ConfigurationError) -> ClientConfiguration {
        var result = try find(kubeconfig: path, context: context)
        if result.proxy == nil {
            result.proxy = try result.server.proxy(of: ProxySettings(environment))
        }
        return result
    }

    private static func find(
        kubeconfig path: String?, context: String?
    ) throws(ConfigurationError) -> ClientConfiguration {
        if let path, !path.isEmpty { return try load(paths: [path], context: context) }
        if let list = environment("KUBECONFIG"), !list.isEmpty {
            let paths = list.split(separator: ":").map(String.init).filter(Files.exists)
            guard !paths.isEmpty else {
                throw ConfigurationError(
                    "KUBECONFIG names \(list), which does not exist: correct or unset it")
            }
            return try load(paths: paths, context: context)
        }
        if let host = environment("KUBERNETES_SERVICE_HOST"),
            let port = environment("KUBERNETES_SERVICE_PORT")
        {
            return try inCluster(host: host, port: port)
        }
        let home = (environment("HOME") ?? "/root") + "/.kube/config"
        guard Files.exists(home) else {
            throw ConfigurationError(
                "no way to an API server is known: set KUBECONFIG or --kubeconfig, or run in a pod with a service account"
            )
        }
        return try load(paths: [home], context: context)
    }

    /// The configuration of a pod.
    ///
    /// - Parameters:
    ///   - host: KUBERNETES_SERVICE_HOST, a numeric address.
    ///   - port: KUBERNETES_SERVICE_PORT.
    ///   - directory: where the service account's files are.
    public static func inCluster(
        host: String, port: String, directory: String = serviceAccountDirectory
    ) throws(ConfigurationError) -> ClientConfiguration {
        var result = ClientConfiguration(
            server: try ServerAddress("https://\(SocketAddress.authority(host, port))"))
        guard Files.exists("\(directory)/token") else {
            throw ConfigurationError(
                "this pod has no token at \(directory)/token: give it a service account and mount its token")
        }
        result.credential = .tokenFile("\(directory)/token")
        result.security.authoritiesFile = "\(directory)/ca.crt"
        do { result.security.authorities = try Files.read("\(directory)/ca.crt", limit: 1 << 20) } catch {
            throw ConfigurationError("cannot trust the API server: \(error)")
        }
        if let namespace = try? Files.readText("\(directory)/namespace", limit: 1024) {
            let name = namespace.split(whereSeparator: \.isWhitespace).joined()
            if !name.isEmpty { result.namespace = name }
        }
        return result
    }

    private static func load(paths: [String], context: String?) throws(ConfigurationError)
        -> ClientConfiguration
    {
        var kubeconfig = Kubeconfig()
        for path in paths {
            let bytes: [UInt8]
            do { bytes = try Files.read(path, limit: YAMLReader.maximumSize) } catch {
                throw ConfigurationError("\(error): name a kubeconfig that is there and can be read")
            }
            try kubeconfig.merge(bytes, path: path)
        }
        return try kubeconfig.configuration(context: context) { try Files.read($0, limit: 1 << 20) }
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
