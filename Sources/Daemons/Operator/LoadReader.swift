// Asks pods for their load. A pod may be slow, gone, or answer anything: each has a little time and may send so much.

internal import HTTP
internal import HTTP1
internal import SystemIO

/// Asks pods how much they have to do.
struct LoadReader: Sendable {
    /// The most time that one pod gets.
    private static let timeout = Duration.seconds(3)
    /// Pods that are asked at a time, for one server.
    private static let width = 16
    /// The most octets of an answer: those of a vLLM with all its histograms are 200,000.
    private static let limit = 4 << 20

    let loop: EventLoop

    /// The load of each pod, or why it is not known, in the order of `addresses`.
    func read(_ addresses: [String], _ source: LoadSource) async -> [Result<PodLoad, LoadFault>] {
        let results = Lock([Result<PodLoad, LoadFault>?](repeating: nil, count: addresses.count))
        await withTaskGroup(of: Void.self) { group in
            for (index, address) in addresses.enumerated() {
                if index >= Self.width { await group.next() }
                group.addTask {
                    let result = await read(address, source)
                    results.withLock { $0[index] = result }
                }
            }
        }
        return results.withLock { $0.map { $0 ?? .failure(.unreachable("it was not asked")) } }
    }

    private func read(_ host: String, _ source: LoadSource) async -> Result<PodLoad, LoadFault> {
        let address = SocketAddress.ip(host, port: UInt16(clamping: source.port))
        var limits = HTTP1Limits()
        limits.body = Self.limit
        let client = HTTPClient(address, limits: limits, connectTimeout: Self.timeout, loop: loop)
        let request = HTTPRequest(
            "GET", source.path,
            headers: ["accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1", "connection": "close"])
        let answer = await Self.send(request, client)
        await client.close()
        return Self.load(answer, source)
    }

    private static func send(
        _ request: HTTPRequest, _ client: HTTPClient
    ) async -> Result<HTTPResponse, HTTPError> {
        do throws(HTTPError) {
            return .success(try await client.send(request, timeout: timeout))
        } catch {
            return .failure(error)
        }
    }

    private static func load(
        _ answer: Result<HTTPResponse, HTTPError>, _ source: LoadSource
    ) -> Result<PodLoad, LoadFault> {
        switch answer {
        case .failure(let error): return .failure(.unreachable("\(error)"))
        case .success(let response):
            guard response.status == 200 else { return .failure(.status(response.status)) }
            do throws(LoadFault) { return .success(try source.load(response.bytes)) } catch {
                return .failure(error)
            }
        }
    }
}
