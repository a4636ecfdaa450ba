// Thin clients: a connection and the calls that its server has. Servers need no more than a GRPCRouter and the paths.

package import GRPC
package import SystemIO

/// Calls a device plugin, as the kubelet does.
package struct DevicePluginClient: Sendable {
    /// The connection to the plugin's socket.
    package let connection: GRPCClient

    /// A client on a connection, which stays the caller's to close.
    package init(_ connection: GRPCClient) { self.connection = connection }

    /// What the plugin wants to be asked.
    package func options(timeout: Duration? = nil) async throws -> DevicePluginAPI.DevicePluginOptions {
        try await connection.unary(
            DevicePluginAPI.Method.getDevicePluginOptions, DevicePluginAPI.Empty(), timeout: timeout)
    }

    /// The device lists: the present one, then each change.
    package func listAndWatch() async throws -> GRPCResponseStream<DevicePluginAPI.ListAndWatchResponse> {
        try await connection.serverStreaming(DevicePluginAPI.Method.listAndWatch, DevicePluginAPI.Empty())
    }

    /// Which devices would be best.
    package func preferredAllocation(
        _ request: DevicePluginAPI.PreferredAllocationRequest, timeout: Duration? = nil
    ) async throws -> DevicePluginAPI.PreferredAllocationResponse {
        try await connection.unary(
            DevicePluginAPI.Method.getPreferredAllocation, request, timeout: timeout)
    }

    /// What containers need to use their devices.
    package func allocate(
        _ request: DevicePluginAPI.AllocateRequest, timeout: Duration? = nil
    ) async throws -> DevicePluginAPI.AllocateResponse {
        try await connection.unary(DevicePluginAPI.Method.allocate, request, timeout: timeout)
    }

    /// A container is about to start.
    package func preStartContainer(
        _ request: DevicePluginAPI.PreStartContainerRequest, timeout: Duration? = .seconds(30)
    ) async throws {
        let _: DevicePluginAPI.PreStartContainerResponse = try await connection.unary(
            DevicePluginAPI.Method.preStartContainer, request, timeout: timeout)
    }
}

/// Calls the kubelet's registration service.
package enum RegistrationClient {
    /// Registers over a connection of its own, which is closed afterwards: nothing more comes over it.
    ///
    /// The kubelet dials the plugin's socket before it answers, so the plugin must be serving.
    ///
    /// - Parameters:
    ///   - socket: the path of kubelet.sock.
    ///   - timeout: for the connection, and for the call, which the kubelet's own calls to the plugin inherit.
    package static func register(
        _ request: DevicePluginAPI.RegisterRequest, socket: String, timeout: Duration = .seconds(10),
        loop: EventLoop = .shared
    ) async throws {
        let connection = try await GRPCClient.connect(to: .unix(socket), loop: loop, timeout: timeout)
        do {
            let _: DevicePluginAPI.Empty = try await connection.unary(
                DevicePluginAPI.RegistrationMethod.register, request, timeout: timeout)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// Calls the kubelet's pod resources service. It allows 10 calls at once and 100 per second over all clients.
package struct PodResourcesClient: Sendable {
    /// The connection to the kubelet's socket.
    package let connection: GRPCClient

    /// A client on a connection, which stays the caller's to close.
    package init(_ connection: GRPCClient) { self.connection = connection }

    /// What all active pods hold.
    package func list(timeout: Duration? = .seconds(10)) async throws -> [PodResourcesAPI.PodResources] {
        let response: PodResourcesAPI.ListPodResourcesResponse = try await connection.unary(
            PodResourcesAPI.Method.list, PodResourcesAPI.ListPodResourcesRequest(), timeout: timeout)
        return response.podResources
    }

    /// What can be given, whether or not it has been; healthy devices only.
    package func allocatable(
        timeout: Duration? = .seconds(10)
    ) async throws -> PodResourcesAPI.AllocatableResourcesResponse {
        try await connection.unary(
            PodResourcesAPI.Method.getAllocatableResources, PodResourcesAPI.AllocatableResourcesRequest(),
            timeout: timeout)
    }

    /// What one pod holds; UNKNOWN when the kubelet has no such pod.
    package func get(
        namespace: String, name: String, timeout: Duration? = .seconds(10)
    ) async throws -> PodResourcesAPI.PodResources? {
        let response: PodResourcesAPI.GetPodResourcesResponse = try await connection.unary(
            PodResourcesAPI.Method.get,
            PodResourcesAPI.GetPodResourcesRequest(podName: name, podNamespace: namespace), timeout: timeout)
        return response.podResources
    }
}

/// Calls the device plugin, as the node agent does.
package struct NodePluginClient: Sendable {
    /// The connection to the plugin's agent socket.
    package let connection: GRPCClient

    /// A client on a connection, which stays the caller's to close.
    package init(_ connection: GRPCClient) { self.connection = connection }

    /// Replaces all assignments; gives those that can never be honoured.
    package func setAssignments(
        _ request: NodePluginAPI.SetAssignmentsRequest, timeout: Duration? = .seconds(10)
    ) async throws -> [NodePluginAPI.RejectedAssignment] {
        let response: NodePluginAPI.SetAssignmentsResponse = try await connection.unary(
            NodePluginAPI.Method.setAssignments, request, timeout: timeout)
        return response.rejected
    }

    /// What the plugin knows about the node.
    package func state(timeout: Duration? = .seconds(10)) async throws -> NodePluginAPI.NodeState {
        try await connection.unary(
            NodePluginAPI.Method.getState, NodePluginAPI.GetStateRequest(), timeout: timeout)
    }

    /// The present state, then one for each change.
    package func watchState() async throws -> GRPCResponseStream<NodePluginAPI.NodeState> {
        try await connection.serverStreaming(
            NodePluginAPI.Method.watchState, NodePluginAPI.WatchStateRequest())
    }
}
