// An image of a registry: its layers, one over the other. The key is the manifest's digest: whatever is in the layers follows
// from it.

internal import HTTP
internal import OCI
internal import SystemIO

extension ModelFetcher {
    func imagePlan(
        _ location: ModelLocation, _ reference: ImageReference
    ) async throws(ModelSourceError) -> FetchPlan {
        let uri = location.shown
        do throws(RegistryError) {
            let registry = try ImageRegistry(
                reference, credentials: try RegistryCredentials(environment), client: client)
            let (digest, layers) = try await registry.layers(architecture: architecture)
            var plan = FetchPlan(key: FetchPlan.key(["oci", digest]), files: [], isImage: true)
            for layer in layers {
                let name = String(layer.digest.dropFirst(7))
                let content: FetchPlan.Content =
                    switch layer.form {
                    case .tar: .tar
                    case .gzip: .gzip
                    case .file(let title): .file(title)
                    }
                plan.archives.append(FetchPlan.Archive(file: name, content: content))
                // A layer may stand in an image twice.
                guard !plan.files.contains(where: { $0.path == name }) else { continue }
                plan.files.append(
                    RemoteFile(path: name, size: layer.size, sha256: name) {
                        await Self.open(registry, layer.digest, from: $0, uri)
                    })
            }
            guard !plan.files.isEmpty else { throw RegistryError("\(reference) has no layers") }
            return plan
        } catch {
            throw Self.failure(error, uri)
        }
    }

    private static func open(
        _ registry: ImageRegistry, _ digest: String, from offset: Int, _ uri: String
    ) async -> Result<HTTPClient.Stream, OpenFailure> {
        do throws(RegistryError) { return .success(try await registry.openBlob(digest, from: offset)) } catch
        {
            return .failure(
                OpenFailure(error: failure(error, uri), isTransient: error.isTransient, retryAfter: nil))
        }
    }

    private static func failure(_ error: RegistryError, _ uri: String) -> ModelSourceError {
        ModelSourceError(
            uri, error.isTransient ? .unreachable : .refused, error.description, status: error.status)
    }
}
