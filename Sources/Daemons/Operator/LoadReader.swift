// Asks the pods of a server for their load, several at a time.

internal import HTTP
internal import SystemIO

/// Asks pods how much they have to do.
struct LoadReader: Sendable {
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
        let reader = PodReader(loop: loop, limit: Self.limit)
        let answer = await reader.get(
            host, port: source.port, path: source.path,
            accept: "text/plain;version=0.0.4;q=1,*/*;q=0.1")
        return Self.load(answer, source)
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
