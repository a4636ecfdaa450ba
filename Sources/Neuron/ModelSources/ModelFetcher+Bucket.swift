// What is below a prefix of a bucket; or the one object that has the prefix for its key.

internal import AWS
internal import HTTP
internal import WebClient

extension ModelFetcher {
    func bucketPlan(
        _ location: ModelLocation, _ bucket: String, _ prefix: String
    ) async throws(ModelSourceError) -> FetchPlan {
        let uri = location.shown
        let store: ObjectBucket
        do throws(CredentialError) {
            store = try ObjectBucket(bucket: bucket, environment: environment, client: client)
        } catch {
            throw ModelSourceError(uri, .refused, error.description)
        }
        var folder = prefix
        while folder.hasSuffix("/") { folder.removeLast() }
        let below = folder.isEmpty ? "" : folder + "/"
        let objects = try await list(store, below, uri).filter { !$0.key.hasSuffix("/") }
        guard objects.isEmpty else { return try folderPlan(store, objects, below: below, location) }
        guard let object = try await list(store, folder, uri).first(where: { $0.key == folder }) else {
            throw ModelSourceError(
                uri, .refused, "there is nothing", mend: "look at the bucket and the prefix", status: 404)
        }
        let name = String(object.key.split(separator: "/").last ?? "model")
        let file = file(store, object, as: name, uri, sha256: location.sha256)
        let identity =
            location.sha256.map { ["sha256", $0] } ?? [
                "s3", store.place, object.key, object.tag, "\(object.size)",
            ]
        return Self.single(file, identity)
    }

    private func folderPlan(
        _ store: ObjectBucket, _ objects: [BucketObject], below: String, _ location: ModelLocation
    ) throws(ModelSourceError) -> FetchPlan {
        guard location.sha256 == nil else {
            throw ModelSourceError(
                location.shown, .location, "a digest is that of one file, and this is a folder",
                mend: "name an archive (.tar.gz), or leave the digest out")
        }
        var lines = ["s3", store.place, below]
        var files: [RemoteFile] = []
        for object in objects {
            let path = String(object.key.dropFirst(below.count))
            // A store may list what was not asked for.
            guard object.key.hasPrefix(below), !path.isEmpty,
                let parts = try? Unpacker.parts(path, limit: 4_096), parts.joined(separator: "/") == path
            else {
                throw ModelSourceError(
                    location.shown, .archive, "the key \(object.key.prefix(256)) is no path below a folder",
                    mend: "rename the object")
            }
            lines += [path, object.tag, "\(object.size)"]
            files.append(file(store, object, as: path, location.shown, sha256: nil))
        }
        return FetchPlan(key: FetchPlan.key(lines), files: files)
    }

    private func list(
        _ store: ObjectBucket, _ prefix: String, _ uri: String
    ) async throws(ModelSourceError) -> [BucketObject] {
        do throws(WebError) { return try await store.list(prefix: prefix) } catch {
            throw ModelSourceError(uri, error)
        }
    }

    private func file(
        _ store: ObjectBucket, _ object: BucketObject, as path: String, _ uri: String, sha256: String?
    ) -> RemoteFile {
        RemoteFile(path: path, size: object.size, sha256: sha256) { offset in
            do throws(WebError) {
                return .success(
                    try await store.openOnce(
                        object.key, from: offset, tag: object.tag.isEmpty ? nil : object.tag))
            } catch {
                guard error.status == 412 else { return .failure(OpenFailure(uri, error)) }
                return .failure(
                    OpenFailure(
                        error: ModelSourceError(
                            uri, .refused, "\(path) was replaced while it was being fetched",
                            mend: "start again",
                            status: 412), isTransient: false, retryAfter: nil))
            }
        }
    }
}
