// One file from a store to the disk: what breaks off goes on where it was (RFC 9110 §14), what changes meanwhile begins anew
// or fails, and whatever comes is held to its size and its sum.

internal import HTTP
internal import HTTP1
internal import SystemIO
internal import WebClient

/// A file of a store.
struct RemoteFile: Sendable {
    /// Where it belongs below the model's folder.
    var path: String
    /// Octets; nil where the store does not say.
    var size: Int?
    /// 64 hexadecimal digits; nil where nobody has said it.
    var sha256: String?
    /// Reads it from an octet on.
    var open: @Sendable (_ offset: Int) async -> Result<HTTPClient.Stream, OpenFailure>
}

/// Why a file could not be opened this time.
struct OpenFailure: Error {
    let error: ModelSourceError
    let isTransient: Bool
    let retryAfter: Duration?
}

/// Fetches a file.
struct Transfer {
    /// The URI, as it may be shown.
    let uri: String
    let file: RemoteFile
    let client: WebClient
    /// Octets that the file may have at most.
    let limit: Int
    /// Told how many octets of it are there.
    let progress: @Sendable (_ octets: Int) -> Void

    /// Fetches it to a path, where the beginning of it may be.
    ///
    /// - Throws: `ModelSourceError`; what has come stays, unless its sum is wrong.
    func run(to path: String) async throws(ModelSourceError) {
        let wasThere = Files.exists(path)
        let first = await attempt(path)
        guard case .failure(let error) = first else { return }
        if error.kind == .checksum { try? Files.remove(path) }
        // What an earlier process has left may be what is wrong.
        guard error.kind == .checksum, wasThere else { throw error }
        try await attempt(path).get()
    }

    private func attempt(_ path: String) async -> Result<Void, ModelSourceError> {
        let sink: FileSink
        do throws(SystemError) { sink = try FileSink(path, hashes: file.sha256 != nil) } catch {
            return .failure(ModelSourceError(uri, error))
        }
        progress(sink.count)
        var failures = 0
        if let error = shorten(sink) { return .failure(error) }
        while sink.count < file.size ?? .max {
            let before = sink.count
            switch await fetch(sink) {
            case .complete: return verify(sink)
            case .failed(let error): return .failure(error)
            case .interrupted(let failure):
                // Whatever has come is progress, however often the store breaks off.
                failures = sink.count > before ? 1 : failures + 1
                guard failures < client.patience.attempts else { return .failure(failure.error) }
                if let error = await pause(failures, failure) { return .failure(error) }
            }
        }
        return verify(sink)
    }

    /// What is longer than the file cannot be the beginning of it.
    private func shorten(_ sink: FileSink) -> ModelSourceError? {
        guard let size = file.size, sink.count > size else { return nil }
        do throws(SystemError) { try sink.restart(nil) } catch { return ModelSourceError(uri, error) }
        return nil
    }

    private func pause(_ failures: Int, _ failure: OpenFailure) async -> ModelSourceError? {
        let error = WebError(uri, .connection(""), retryAfter: failure.retryAfter)
        do throws(WebError) { try await client.pause(after: failures, error) } catch {
            return ModelSourceError(uri, .cancelled, "it was given up")
        }
        return nil
    }

    private enum Outcome {
        case complete
        case interrupted(OpenFailure)
        case failed(ModelSourceError)
    }

    private func fetch(_ sink: FileSink) async -> Outcome {
        let stream: HTTPClient.Stream
        switch await file.open(sink.count) {
        case .success(let opened): stream = opened
        case .failure(let failure):
            if failure.error.status == 416, sink.count > 0 { return startOver(sink, failure) }
            return failure.isTransient ? .interrupted(failure) : .failed(failure.error)
        }
        if let outcome = begin(sink, stream) {
            await stream.close()
            return outcome
        }
        return await copy(stream, sink)
    }

    /// What there is ends before what we have (RFC 9110 §15.5.17): it is another file.
    private func startOver(_ sink: FileSink, _ failure: OpenFailure) -> Outcome {
        do throws(SystemError) { try sink.restart(nil) } catch {
            return .failed(ModelSourceError(uri, error))
        }
        return .interrupted(failure)
    }

    /// Looks whether what comes continues what is there.
    private func begin(_ sink: FileSink, _ stream: HTTPClient.Stream) -> Outcome? {
        do throws(SystemError) {
            if stream.status == 206, sink.count > 0 {
                let start = Self.start(of: stream.headers["content-range"])
                guard start == sink.count else {
                    return .failed(
                        ModelSourceError(
                            uri, .refused,
                            "octets from \(sink.count) on were asked for and the store sends others"))
                }
            } else {
                try sink.restart(StoreCheck(stream.headers))
            }
        } catch {
            return .failed(ModelSourceError(uri, error))
        }
        return nil
    }

    /// The first octet of `bytes FIRST-LAST/SIZE`.
    private static func start(of range: String?) -> Int? {
        guard let range, range.hasPrefix("bytes ") else { return nil }
        return Int(range.dropFirst(6).prefix { $0 != "-" })
    }

    private func copy(_ stream: HTTPClient.Stream, _ sink: FileSink) async -> Outcome {
        let most = min(limit, file.size ?? limit)
        var chunks = stream.makeAsyncIterator()
        while true {
            let chunk: [UInt8]?
            do throws(HTTPError) { chunk = try await chunks.next() } catch {
                return .interrupted(
                    OpenFailure(
                        error: ModelSourceError(
                            uri, .unreachable, "it broke off after \(sink.count) octets (\(error))"),
                        isTransient: true, retryAfter: nil))
            }
            guard let chunk else { break }
            guard sink.count + chunk.count <= most else {
                await stream.close()
                return .failed(tooLong(most))
            }
            do throws(SystemError) { try sink.write(chunk) } catch {
                await stream.close()
                return .failed(ModelSourceError(uri, error))
            }
            progress(sink.count)
            if Task.isCancelled {
                await stream.close()
                return .failed(ModelSourceError(uri, .cancelled, "it was given up"))
            }
        }
        await stream.close()
        guard let size = file.size, sink.count < size else { return .complete }
        return .interrupted(
            OpenFailure(
                error: ModelSourceError(
                    uri, .unreachable, "\(file.path) ended after \(sink.count) of \(size) octets"),
                isTransient: true, retryAfter: nil))
    }

    private func tooLong(_ most: Int) -> ModelSourceError {
        file.size == nil
            ? ModelSourceError(
                uri, .space, "\(file.path) has more than the \(limit) octets that there is room for",
                mend: "make the model cache's limit larger")
            : ModelSourceError(uri, .checksum, "\(file.path) has more than its \(most) octets")
    }

    private func verify(_ sink: FileSink) -> Result<Void, ModelSourceError> {
        do throws(SystemError) {
            let (sum, fault) = try sink.finish()
            if let fault {
                return .failure(ModelSourceError(uri, .checksum, "\(file.path) is damaged: \(fault)"))
            }
            if let wanted = file.sha256, let sum, sum != wanted {
                return .failure(
                    ModelSourceError(
                        uri, .checksum, "the sha256 of \(file.path) is \(sum) and should be \(wanted)",
                        mend: "look whether it is what was meant"))
            }
        } catch {
            return .failure(ModelSourceError(uri, error))
        }
        return .success(())
    }
}
