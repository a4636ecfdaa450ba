// A cache in a folder of its own, and a fetcher that does not wait between its attempts.

import Digests
import Glibc
import HTTP
import HTTP1
import SystemIO
import TestSupport
import WebClient

@testable import ModelSources

/// A cache and its folder, which goes with it.
final class Scene: Sendable {
    let directory: TemporaryDirectory
    let cache: ModelCache
    let fetcher: ModelFetcher

    init(
        _ environment: [String: String] = [:], limit: Int = 1 << 30, attempts: Int = 3
    ) throws {
        directory = try TemporaryDirectory()
        cache = try ModelCache(path: directory.path + "/cache", limit: limit) { _ in await Task.yield() }
        var patience = WebPatience()
        patience.attempts = attempts
        let variables = ["HOME": "/nonexistent"].merging(environment) { $1 }
        fetcher = ModelFetcher(cache: cache, client: WebClient(patience: patience) { _ in }) { variables[$0] }
    }

    func fetch(_ uri: String) async throws -> FetchedModel {
        try await fetcher.fetch(try location(uri))
    }

    /// The files below a path, each with its content's SHA-256.
    static func files(_ root: String, below: String = "") throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try Files.list(root + below) {
            let path = "\(below)/\(name)"
            if Files.kind(root + path) == .directory {
                found.merge(try files(root, below: path)) { $1 }
            } else {
                found[String(path.dropFirst())] =
                    MessageDigest.of(try Files.read(root + path, limit: 1 << 28)).hexadecimal
            }
        }
        return found
    }
}

/// A location, or an error that says that it is none.
func location(_ uri: String) throws -> ModelLocation {
    guard let location = try ModelLocation(uri) else { throw SystemError("read", uri, code: EINVAL) }
    return location
}
