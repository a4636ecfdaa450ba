// From a URI to a folder on this machine: what there is (a plan), whether the cache has it, and if not, file by file into it.

internal import AWS
internal import HTTP
internal import HTTPProxy
internal import OCI
internal import SystemIO
package import WebClient

/// How far a model has come.
package struct FetchProgress: Equatable, Sendable {
    /// Octets that are here.
    package var octets = 0
    /// Octets in all; nil where the store does not say.
    package var total: Int?

    /// How far it has come.
    package init(octets: Int = 0, total: Int? = nil) {
        self.octets = octets
        self.total = total
    }
}

/// A model that has been fetched, and stays as long as this does.
package struct FetchedModel: Sendable {
    /// Its folder, or its file where it is one.
    package let path: String
    /// What keeps it in the cache.
    package let lease: ModelCache.Lease
}

/// Fetches models.
package final class ModelFetcher: Sendable {
    /// The cache that models come into.
    package let cache: ModelCache
    let client: WebClient
    let environment: @Sendable (String) -> String?
    let architecture: String

    #if arch(arm64)
        /// As Go names the machine's architecture.
        package static let architecture = "arm64"
    #else
        /// As Go names the machine's architecture.
        package static let architecture = "amd64"
    #endif

    /// A fetcher.
    ///
    /// - Parameter environment: the value of a variable: where credentials, endpoints and proxies are configured.
    package init(
        cache: ModelCache, client: WebClient = WebClient(),
        environment: @escaping @Sendable (String) -> String?,
        architecture: String = ModelFetcher.architecture
    ) {
        self.cache = cache
        self.client = client.through(ProxySettings(environment))
        self.environment = environment
        self.architecture = architecture
    }

    /// Fetches a model, or finds it in the cache. Reading and writing is done on the threads that all tasks share, never on an
    /// event loop.
    ///
    /// - Parameter progress: told how far it has come, from any thread.
    /// - Throws: `ModelSourceError`.
    package func fetch(
        _ location: ModelLocation, progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
    ) async throws(ModelSourceError) -> FetchedModel {
        // The caller's task may prefer an event loop.
        try await withTaskExecutorPreference(globalConcurrentExecutor) {
            () async throws(ModelSourceError) in
            try await fetchHere(location, progress)
        }
    }

    @concurrent
    private func fetchHere(
        _ location: ModelLocation, _ progress: @escaping @Sendable (FetchProgress) -> Void
    ) async throws(ModelSourceError) -> FetchedModel {
        let plan = try await plan(location)
        let meter = FetchMeter(plan, report: progress)
        let lease = try await cache.lease(plan.key, size: plan.size, uri: location.shown) {
            folder throws(ModelSourceError) in
            try await self.carryOut(plan, location, in: folder, meter)
        }
        return FetchedModel(path: try plan.root(in: lease.path, location.shown), lease: lease)
    }

    private func plan(_ location: ModelLocation) async throws(ModelSourceError) -> FetchPlan {
        switch location.place {
        case .archive(let path): try localPlan(location, path)
        case .web(let url): try await webPlan(location, url)
        case .bucket(let bucket, let prefix): try await bucketPlan(location, bucket, prefix)
        case .image(let reference): try await imagePlan(location, reference)
        }
    }

    /// Files first, then what is unpacked of them; the folder has nothing else when it is done.
    private func carryOut(
        _ plan: FetchPlan, _ location: ModelLocation, in folder: String, _ meter: FetchMeter
    ) async throws(ModelSourceError) {
        let uri = location.shown
        if plan.archives.isEmpty {
            for (index, file) in plan.files.enumerated() {
                let path = "\(folder)/\(file.path)"
                try makeFolder(above: path, uri)
                try await transfer(file, uri) { meter.set(index, $0) }.run(to: path)
            }
            return
        }
        // An earlier process may have ended in the midst of unpacking: that begins anew, what was fetched stays.
        let content = "\(folder)/content"
        let blobs = "\(folder)/blobs"
        do throws(SystemError) {
            try Files.removeTree(content)
            try Files.makeDirectory(content)
            try Files.makeDirectory(blobs)
        } catch {
            throw ModelSourceError(uri, error)
        }
        for (index, file) in plan.files.enumerated() {
            try await transfer(file, uri) { meter.set(index, $0) }.run(to: "\(blobs)/\(file.path)")
        }
        try unpack(plan, uri, from: blobs, into: content)
        do throws(SystemError) { try Files.removeTree(blobs) } catch { throw ModelSourceError(uri, error) }
    }

    private func transfer(
        _ file: RemoteFile, _ uri: String, _ progress: @escaping @Sendable (Int) -> Void
    ) -> Transfer {
        Transfer(uri: uri, file: file, client: client, limit: cache.limit, progress: progress)
    }

    private func makeFolder(above path: String, _ uri: String) throws(ModelSourceError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        do throws(SystemError) { try Files.makeDirectory(String(path[..<slash])) } catch {
            throw ModelSourceError(uri, error)
        }
    }

    private func unpack(
        _ plan: FetchPlan, _ uri: String, from blobs: String, into content: String
    ) throws(ModelSourceError) {
        var limits = Unpacker.Limits(octets: cache.limit)
        for archive in plan.archives {
            let unpacker: Unpacker
            do throws(SystemError) {
                unpacker = try Unpacker(into: content, as: plan.isImage ? .layer : .bundle, limits: limits)
            } catch {
                throw ModelSourceError(uri, error)
            }
            let path = archive.isLocal ? archive.file : "\(blobs)/\(archive.file)"
            if case .file(let name) = archive.content {
                try place(path, as: name, in: content, uri)
            } else {
                let form: ArchiveForm = archive.content == .gzip ? .gzip : .tar
                try ArchiveFile(uri: uri, path: path, form: form).unpack(with: unpacker)
            }
            limits.octets = unpacker.octetsLeft
            limits.entries = unpacker.entriesLeft
        }
    }

    /// A layer that is a file.
    private func place(_ path: String, as name: String, in content: String, _ uri: String)
        throws(ModelSourceError)
    {
        let parts = (try? Unpacker.parts(name, limit: 4_096)) ?? []
        guard !parts.isEmpty else {
            throw ModelSourceError(uri, .archive, "a layer's title \(name.prefix(128)) is no name of a file")
        }
        let target = "\(content)/\(parts.joined(separator: "/"))"
        try makeFolder(above: target, uri)
        do throws(SystemError) { try Files.move(path, to: target) } catch {
            throw ModelSourceError(uri, error)
        }
    }
}

/// Adds up what has come of several files.
final class FetchMeter: Sendable {
    private let counts: Lock<[Int]>
    private let total: Int?
    private let report: @Sendable (FetchProgress) -> Void

    init(_ plan: FetchPlan, report: @escaping @Sendable (FetchProgress) -> Void) {
        counts = Lock([Int](repeating: 0, count: plan.files.count))
        let sizes = plan.files.map(\.size)
        total = sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
        self.report = report
        report(FetchProgress(octets: 0, total: total))
    }

    func set(_ index: Int, _ count: Int) {
        let sum = counts.withLock { counts in
            counts[index] = count
            return counts.reduce(0, +)
        }
        report(FetchProgress(octets: sum, total: total))
    }
}
