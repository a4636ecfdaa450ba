// Probes and hooks over loopback: every pod has an address of its own there.

internal import HTTP
internal import HTTP1
internal import SystemIO

/// Asks containers over HTTP, TCP or by a command.
struct LocalActionRunner: ActionRunner {
    let loop: EventLoop

    func run(
        _ action: ContainerAction, timeout: Duration, address: String, environment: [String: String],
        directory: String
    ) async -> ActionResult {
        switch action {
        case .http(let port, let path, let host, let headers):
            return await http(
                .ip(host ?? address, port: port), path: path, headers: headers, timeout: timeout)
        case .tcp(let port, let host):
            do throws(SystemError) {
                let socket = try await SystemIO.connect(
                    to: .ip(host ?? address, port: port), loop: loop, timeout: timeout)
                socket.close()
                return .success
            } catch {
                return .failure("dial tcp \(host ?? address):\(port): \(error)")
            }
        case .exec(let command):
            return await exec(command, environment, directory, timeout: timeout)
        }
    }

    private func http(
        _ address: SocketAddress, path: String, headers: [String: String], timeout: Duration
    ) async -> ActionResult {
        let client = HTTPClient(address, loop: loop)
        var request = HTTPRequest("GET", path.hasPrefix("/") ? path : "/" + path)
        request.headers["user-agent"] = "kube-probe/1.36"
        for (name, value) in headers { request.headers[name] = value }
        let result: ActionResult
        do throws(HTTPError) {
            let response = try await client.send(request, timeout: timeout)
            let healthy = (200..<400).contains(response.status)
            result = healthy ? .success : .refusal("HTTP probe failed with statuscode: \(response.status)")
        } catch {
            result = .failure("Get \"http://\(address)\(path)\": \(error)")
        }
        await client.close()
        return result
    }

    private func exec(
        _ command: [String], _ environment: [String: String], _ directory: String, timeout: Duration
    ) async -> ActionResult {
        guard let name = command.first else { return .failure("the command is empty") }
        guard let path = ProgramPath.find(name, in: environment["PATH"] ?? ProgramPath.standard) else {
            return .failure("exec: \"\(name)\": executable file not found in $PATH")
        }
        do throws(SystemError) {
            let child = try ChildProcess.spawn(
                path, Array(command.dropFirst()), environment: environment,
                directory: Files.exists(directory) ? directory : "/", newSession: true, loop: loop)
            let timer = loop.schedule(after: timeout) { child.sendToGroup(.kill) }
            let status = await child.wait()
            timer.cancel()
            return status == .exited(0) ? .success : .refusal("command ended with \(status)")
        } catch {
            return .failure(error.description)
        }
    }
}
