// A device plugin over gRPC on its Unix socket.

internal import GRPC
internal import KubeletAPI
internal import Protobuf
internal import SystemIO

/// Connects as the kubelet does: `:authority` is localhost, no deadline where the kubelet has none.
struct GRPCPluginConnector: PluginConnector {
    let loop: EventLoop

    func connect(_ path: String, timeout: Duration) async throws(PluginError) -> any PluginConnection {
        do {
            return GRPCPlugin(
                client: try await GRPCClient.connect(to: .unix(path), loop: loop, timeout: timeout))
        } catch {
            throw PluginError(error)
        }
    }

    func runOptions(_ response: [UInt8]) -> DeviceRunOptions {
        var options = DeviceRunOptions()
        guard let message = try? DevicePluginAPI.ContainerAllocateResponse(serialized: response) else {
            return options
        }
        options.environment = message.envs
        for device in message.devices where options.devices[device.containerPath] == nil {
            options.devices[device.containerPath] = device.hostPath
        }
        for mount in message.mounts where options.mounts[mount.containerPath] == nil {
            options.mounts[mount.containerPath] = mount.hostPath
        }
        return options
    }
}

/// A plugin's connection.
private struct GRPCPlugin: PluginConnection {
    let client: GRPCClient

    func options(timeout: Duration?) async throws(PluginError) -> PluginFeatures {
        let options: DevicePluginAPI.DevicePluginOptions = try await call(
            DevicePluginAPI.Method.getDevicePluginOptions, DevicePluginAPI.Empty(), timeout)
        return PluginFeatures(
            preStartRequired: options.preStartRequired,
            preferredAllocationAvailable: options.getPreferredAllocationAvailable)
    }

    func lists(_ receive: @Sendable ([PluginDevice]) async -> Void) async {
        do {
            let stream = try await client.serverStreaming(
                DevicePluginAPI.Method.listAndWatch, DevicePluginAPI.Empty(),
                of: DevicePluginAPI.ListAndWatchResponse.self)
            for try await list in stream {
                await receive(
                    list.devices.map { device in
                        PluginDevice(
                            device.id, isHealthy: device.health == DevicePluginAPI.healthy,
                            nodes: device.topology?.nodes.map(\.id) ?? [])
                    })
            }
        } catch {
            // However it ended: the kubelet does the same.
        }
    }

    func preferred(
        available: [String], mustInclude: [String], size: Int
    ) async throws(PluginError) -> [String] {
        let response: DevicePluginAPI.PreferredAllocationResponse = try await call(
            DevicePluginAPI.Method.getPreferredAllocation,
            DevicePluginAPI.PreferredAllocationRequest(containerRequests: [
                DevicePluginAPI.ContainerPreferredAllocationRequest(
                    availableDeviceIDs: available, mustIncludeDeviceIDs: mustInclude,
                    allocationSize: Int32(clamping: size))
            ]), nil)
        return response.containerResponses.first?.deviceIDs ?? []
    }

    func allocate(_ ids: [String]) async throws(PluginError) -> [UInt8]? {
        let response: DevicePluginAPI.AllocateResponse = try await call(
            DevicePluginAPI.Method.allocate,
            DevicePluginAPI.AllocateRequest(containerRequests: [
                DevicePluginAPI.ContainerAllocateRequest(deviceIDs: ids)
            ]), nil)
        return response.containerResponses.first?.serialized()
    }

    func preStart(_ ids: [String], timeout: Duration) async throws(PluginError) {
        let _: DevicePluginAPI.PreStartContainerResponse = try await call(
            DevicePluginAPI.Method.preStartContainer,
            DevicePluginAPI.PreStartContainerRequest(deviceIDs: ids), timeout
        )
    }

    func close() async { await client.close() }

    private func call<Input: Message, Output: Message>(
        _ path: String, _ request: Input, _ timeout: Duration?
    ) async throws(PluginError) -> Output {
        do { return try await client.unary(path, request, timeout: timeout) } catch {
            throw PluginError(error)
        }
    }
}

extension PluginError {
    /// An error as grpc-go prints it.
    init(_ error: any Error) {
        let status = error as? GRPCStatus ?? GRPCStatus(.unavailable, "\(error)")
        description = "rpc error: code = \(status.code.goName) desc = \(status.message)"
    }
}

extension GRPCStatus.Code {
    /// The code's name in Go.
    var goName: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "Canceled"
        default:
            description.split(separator: "_").map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
        }
    }
}
