// Who we are at a registry: docker's configuration file, which is also the content of a pod's pull secret.

internal import JSON
internal import SystemIO

/// The registries of a configuration file.
package struct RegistryCredentials: Sendable {
    /// `USER:PASSWORD` by registry.
    private var users: [String: String] = [:]
    /// Registries whose credentials a program keeps.
    private var helpers: Set<String> = []

    /// No credentials.
    package init() {}

    /// Those of `$DOCKER_CONFIG/config.json`, else of `~/.docker/config.json`; none where there is no such file.
    ///
    /// - Throws: `RegistryError` for a file that cannot be read.
    package init(_ environment: (String) -> String?) throws(RegistryError) {
        let folder = environment("DOCKER_CONFIG") ?? (environment("HOME") ?? "/root") + "/.docker"
        let path = folder + "/config.json"
        guard Files.exists(path) else { return }
        let document: JSON
        do { document = try JSON(parsing: try Files.read(path), maximumDepth: 8) } catch {
            throw RegistryError("cannot use \(path): it is no readable JSON")
        }
        for (registry, entry) in document["auths"]?.object ?? [:] {
            var user = entry["auth"]?.string.flatMap { Base64.decode($0, allowing: .padding) }
                .map { String(decoding: $0, as: UTF8.self) }
            if let name = entry["username"]?.string, let password = entry["password"]?.string {
                user = "\(name):\(password)"
            }
            if let user, user.contains(":") { users[Self.plain(registry)] = user }
        }
        helpers = Set((document["credHelpers"]?.object ?? [:]).keys.map(Self.plain))
    }

    /// `USER:PASSWORD` for a registry; nil for none.
    ///
    /// - Throws: where a program would have to be asked.
    func user(of registry: String) throws(RegistryError) -> String? {
        if let user = users[registry] { return user }
        guard !helpers.contains(registry) else {
            throw RegistryError(
                "the credentials of \(registry) are with a program (credHelpers), which is not supported here: mount a pull"
                    + " secret (kubernetes.io/dockerconfigjson) and set DOCKER_CONFIG to its folder")
        }
        return nil
    }

    /// Old entries are URLs.
    private static func plain(_ name: String) -> String {
        var name = name[...]
        for prefix in ["https://", "http://"] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        return String(name.prefix { $0 != "/" })
    }
}

/// A registry that does not give what it should.
package struct RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence.
    package let description: String
    /// The status; nil where there is none.
    package let status: Int?
    /// Whether a later try may succeed.
    package let isTransient: Bool

    /// An error with its sentence.
    package init(_ description: String, status: Int? = nil, isTransient: Bool = false) {
        self.description = description
        self.status = status
        self.isTransient = isTransient
    }
}
