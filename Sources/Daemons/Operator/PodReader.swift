// Asks pods over HTTP. A pod may be slow, gone, or answer anything: each question has a little time, and its answer a limit.

internal import HTTP
internal import HTTP1
internal import SystemIO

/// Asks one pod one thing at a time, on a connection of its own.
struct PodReader: Sendable {
    /// The most time that an answer gets.
    static let timeout = Duration.seconds(3)

    let loop: EventLoop
    /// The most octets of an answer.
    let limit: Int

    /// What a pod answers to a GET.
    func get(
        _ host: String, port: Int, path: String, accept: String
    ) async -> Result<HTTPResponse, HTTPError> {
        let address = SocketAddress.ip(host, port: UInt16(clamping: port))
        var limits = HTTP1Limits()
        limits.body = limit
        let client = HTTPClient(address, limits: limits, connectTimeout: Self.timeout, loop: loop)
        let request = HTTPRequest("GET", path, headers: ["accept": accept, "connection": "close"])
        let answer = await Self.send(request, client)
        await client.close()
        return answer
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
}
