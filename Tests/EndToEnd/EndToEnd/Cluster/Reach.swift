// How the suite talks to what runs in the cluster. Whoever has a kubeconfig has the API server, and the API server passes
// requests on (the proxy subresource). Where it does not, addresses are tried: that is a cluster on this machine.

import HTTP
import HTTP1
import JSON
import KubernetesAPI
import KubernetesClient
import SystemIO

extension CaseContext {
    /// An answer over HTTP.
    struct Answer: Sendable {
        var status: Int
        var body: JSON
    }

    /// Whether the API server passes requests on.
    static func proxies(_ client: KubernetesClient) async throws -> Bool {
        let resources = try await client.request("GET", "/api/v1").resources?.array ?? []
        return resources.contains { $0.name == "services/proxy" }
    }

    /// Sends a request to a Service's first port.
    ///
    /// - Throws: `KubernetesError` or `HTTPError` while nobody answers.
    func ask(
        service name: String, _ method: String, _ path: String, body: JSON? = nil
    ) async throws -> Answer {
        let service = try await client.get(.services, ObjectKey(namespace: namespace, name: name))
        let port = service.spec?.ports?[0]?.port?.int ?? 0
        guard proxies else {
            let address = SocketAddress.ip(
                service.spec?.clusterIP?.string ?? "", port: UInt16(clamping: port))
            return try await ask(address, method, path, body)
        }
        let proxy = APIResource.services.path(
            namespace: namespace, name: "\(name):\(port)", subresource: "proxy" + path)
        do {
            return Answer(status: 200, body: try await client.request(method, proxy, body: body))
        } catch {
            // 503 is the API server's own word: no endpoint, or one that does not answer.
            guard case .status(let status) = error, status.code != 503 else { throw error }
            return Answer(status: status.code, body: .string(status.message))
        }
    }

    private func ask(
        _ address: SocketAddress, _ method: String, _ path: String, _ body: JSON?
    ) async throws -> Answer {
        let http = HTTPClient(address, connectTimeout: .seconds(5))
        let headers: HTTPHeaders = body == nil ? [:] : ["content-type": "application/json"]
        let request = HTTPRequest(method, path, headers: headers, body: body?.serialized() ?? [])
        do {
            let response = try await http.send(request)
            await http.close()
            return Answer(status: response.status, body: (try? JSON(parsing: response.bytes)) ?? .null)
        } catch {
            await http.close()
            throw error
        }
    }

    /// Waits until a Service answers a request with 200.
    func answer(
        of service: String, _ method: String, _ path: String, body: JSON? = nil
    ) async throws -> JSON {
        try await eventually("Service \(service) answers \(method) \(path)", within: .seconds(30)) {
            do {
                let answer = try await ask(service: service, method, path, body: body)
                return answer.status == 200
                    ? .found(answer.body) : .notYet("\(answer.status) \(answer.body.text())")
            } catch let error as HTTPError {
                return .notYet("\(error)")
            }
        }
    }
}
