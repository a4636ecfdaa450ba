// kubeconfig files as kubectl reads them: several files melt together, the first mention of a name counts, and paths are
// relative to the file they stand in.

internal import HTTPProxy
internal import JSON
internal import SystemIO

/// The clusters, users and contexts of one or more kubeconfig files.
public struct Kubeconfig: Sendable {
    private struct Entry: Sendable {
        var value: JSON
        /// The directory of the file it stands in.
        var directory: String
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    private var currentContext = ""

    /// A kubeconfig without clusters, users and contexts.
    public init() {}

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - bytes: the file's content, YAML or JSON.
    ///   - path: the file's path, for messages and for relative paths in it.
    /// - Throws: `ConfigurationError` that names the file.
    public mutating func merge(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
        let root: JSON
        do { root = try YAMLReader.read(bytes) } catch {
            throw ConfigurationError("cannot read \(path): \(error.description)")
        }
        guard root.object != nil || root.isNull else {
            throw ConfigurationError("cannot read \(path): it holds no kubeconfig")
        }
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        func add(_ list: String, _ member: String, to entries: inout [String: Entry]) {
            for item in root[list]?.array ?? [] {
                guard let name = item["name"]?.string, entries[name] == nil else { continue }
                entries[name] = Entry(
                    value: item[member] ?? .null, directory: directory.isEmpty ? "/" : directory)
            }
        }
        add("clusters", "cluster", to: &clusters)
        add("users", "user", to: &users)
        add("contexts", "context", to: &contexts)
        if currentContext.isEmpty { currentContext = root["current-context"]?.string ?? "" }
    }

    /// The configuration of a context.
    ///
    /// - Parameters:
    ///   - context: a context's name; nil for the current one.
    ///   - read: reads a file.
    /// - Throws: `ConfigurationError`; what `read` throws becomes one.
    public func configuration(
        context name: String? = nil, read: (String) throws -> [UInt8]
    ) throws(ConfigurationError) -> ClientConfiguration {
        let contextName = name ?? currentContext
        guard !contextName.isEmpty else {
            throw ConfigurationError(
                "the kubeconfig names no current context: run kubectl config use-context NAME")
        }
        guard let context = contexts[contextName] else {
            throw ConfigurationError(
                "the kubeconfig has no context \"\(contextName)\": it has \(known(contexts))")
        }
        let clusterName = context.value["cluster"]?.string ?? ""
        guard let cluster = clusters[clusterName] else {
            throw ConfigurationError(
                "context \"\(contextName)\" uses cluster \"\(clusterName)\", the kubeconfig has \(known(clusters))"
            )
        }
        guard let url = cluster.value["server"]?.string else {
            throw ConfigurationError("cluster \"\(clusterName)\" of the kubeconfig has no server")
        }
        var result = ClientConfiguration(server: try ServerAddress(url))
        if let proxy = cluster.value["proxy-url"]?.string, !proxy.isEmpty {
            do throws(ProxyError) {
                result.proxy = try ProxyAddress(proxy, origin: "proxy-url of cluster \"\(clusterName)\"")
            } catch {
                throw ConfigurationError(error.description)
            }
        }
        result.namespace = context.value["namespace"]?.string ?? "default"
        result.security.serverName = cluster.value["tls-server-name"]?.string
        result.security.skipsVerification = cluster.value["insecure-skip-tls-verify"]?.bool ?? false
        result.acceptsCompression = cluster.value["disable-compression"]?.bool != true
        (result.security.authorities, result.security.authoritiesFile) = try material(
            "certificate-authority", of: cluster, read: read)
        let userName = context.value["user"]?.string ?? ""
        guard !userName.isEmpty else { return result }
        guard let user = users[userName] else {
            throw ConfigurationError(
                "context \"\(contextName)\" uses user \"\(userName)\", the kubeconfig has \(known(users))")
        }
        try sign(in: &result, as: user, named: userName, at: cluster, read: read)
        return result
    }

    private func sign(
        in result: inout ClientConfiguration, as user: Entry, named name: String,
        at cluster: Entry, read: (String) throws -> [UInt8]
    ) throws(ConfigurationError) {
        for (member, what) in [
            ("auth-provider", "uses an auth-provider"), ("username", "signs in with a password"),
            ("as", "impersonates another user (as)"),
        ] where user.value[member].map({ !$0.isNull }) == true {
            throw ConfigurationError(
                "user \"\(name)\" of the kubeconfig \(what), which is not supported: use a token or a certificate"
            )
        }
        (result.security.certificate, result.security.certificateFile) = try material(
            "client-certificate", of: user, read: read)
        (result.security.key, result.security.keyFile) = try material("client-key", of: user, read: read)
        guard (result.security.certificate == nil) == (result.security.key == nil) else {
            throw ConfigurationError(
                "user \"\(name)\" of the kubeconfig has only one of client-certificate and client-key: add the other"
            )
        }
        if let file = user.value["tokenFile"]?.string, !file.isEmpty {
            result.credential = .tokenFile(Self.resolve(file, in: user.directory))
        } else if let token = user.value["token"]?.string, !token.isEmpty {
            guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw ConfigurationError("the token of user \"\(name)\" has characters that no token has")
            }
            result.credential = .token(token)
        } else if let exec = user.value["exec"], !exec.isNull {
            var plugin = try plugin(exec, of: user, named: name)
            if exec["provideClusterInfo"]?.bool == true {
                plugin.cluster = Self.information(cluster.value, authorities: result.security.authorities)
            }
            // A certificate of the kubeconfig's own is used instead (exec.go, UpdateTransportConfig).
            if result.security.certificate == nil { result.credential = .exec(plugin) }
        }
    }

    private func plugin(
        _ exec: JSON, of user: Entry, named name: String
    ) throws(ConfigurationError) -> ExecPlugin {
        func refuse(_ why: String) -> ConfigurationError {
            ConfigurationError("the program (exec) of user \"\(name)\" of the kubeconfig \(why)")
        }
        guard let command = exec["command"]?.string, !command.isEmpty else { throw refuse("has no command") }
        let version = exec["apiVersion"]?.string ?? ""
        guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version)
        else { throw refuse("speaks \"\(version)\": it must be client.authentication.k8s.io/v1 or v1beta1") }
        var plugin = ExecPlugin(
            command: command.contains("/") ? Self.resolve(command, in: user.directory) : command,
            apiVersion: version)
        plugin.arguments = (exec["args"]?.array ?? []).compactMap(\.string)
        for variable in exec["env"]?.array ?? [] {
            if let name = variable["name"]?.string {
                plugin.environment[name] = variable["value"]?.string ?? ""
            }
        }
        plugin.installHint = exec["installHint"]?.string ?? ""
        // v1 has no default, v1beta1 has one (clientcmd/api/v1/defaults.go).
        let mode = exec["interactiveMode"]?.string ?? ""
        if mode.isEmpty, version.hasSuffix("/v1beta1") {
            plugin.interactiveMode = .ifAvailable
        } else if let known = ExecPlugin.InteractiveMode(rawValue: mode) {
            plugin.interactiveMode = known
        } else {
            throw refuse("has interactiveMode \"\(mode)\": it must be Never, IfAvailable or Always")
        }
        return plugin
    }

    /// What a program is told of the cluster that it signs in to (client.authentication.k8s.io, Cluster).
    private static func information(_ cluster: JSON, authorities: [UInt8]?) -> JSON {
        var told: JSON = ["server": cluster["server"] ?? ""]
        for name in ["tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression"] {
            guard let value = cluster[name], value != "", value != false, !value.isNull else { continue }
            told[name] = value
        }
        if let authorities { told["certificate-authority-data"] = .string(Base64.encode(authorities)) }
        let own = (cluster["extensions"]?.array ?? []).first {
            $0["name"]?.string == "client.authentication.k8s.io/exec"
        }
        if let configuration = own?["extension"] { told["config"] = configuration }
        return told
    }

    /// The bytes of `NAME-data`, or of the file `NAME` with its path.
    private func material(
        _ name: String, of entry: Entry, read: (String) throws -> [UInt8]
    ) throws(ConfigurationError) -> (bytes: [UInt8]?, file: String?) {
        if let text = entry.value["\(name)-data"]?.string, !text.isEmpty {
            guard let bytes = Base64.decode(text, allowing: [.padding, .whiteSpace]) else {
                throw ConfigurationError("\(name)-data of the kubeconfig is not base64")
            }
            return (bytes, nil)
        }
        guard let file = entry.value[name]?.string, !file.isEmpty else { return (nil, nil) }
        let path = Self.resolve(file, in: entry.directory)
        do { return (try read(path), path) } catch {
            throw ConfigurationError("cannot read the kubeconfig's \(name): \(error)")
        }
    }

    private static func resolve(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    private func known(_ entries: [String: Entry]) -> String {
        entries.isEmpty ? "none" : entries.keys.sorted().prefix(20).joined(separator: ", ")
    }
}
