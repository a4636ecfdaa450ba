// Every message of the kubelet's services and of our own; the first octet chooses.

internal import KubeletAPI
internal import Protobuf

let protobufTargets = [
    FuzzTarget("protobuf") { input in
        var choices = Choices(input)
        let check = checks[Int(choices.octet()) % checks.count]
        check(choices.rest)
    }
]

/// What can be read is written, and read again the same.
private func survives<M: Message>(_ type: M.Type) -> @Sendable ([UInt8]) -> Void {
    { octets in
        guard let message = try? M(serialized: octets) else { return }
        let written = message.serialized()
        let again = try? M(serialized: written)
        require(again == message, "\(message) comes back as \(String(describing: again))")
        require(again?.serialized() == written, "\(message) is written in two ways")
    }
}

private let checks: [@Sendable ([UInt8]) -> Void] = [
    survives(DevicePluginAPI.Empty.self),
    survives(DevicePluginAPI.DevicePluginOptions.self),
    survives(DevicePluginAPI.RegisterRequest.self),
    survives(DevicePluginAPI.ListAndWatchResponse.self),
    survives(DevicePluginAPI.Device.self),
    survives(DevicePluginAPI.TopologyInfo.self),
    survives(DevicePluginAPI.NUMANode.self),
    survives(DevicePluginAPI.PreStartContainerRequest.self),
    survives(DevicePluginAPI.PreStartContainerResponse.self),
    survives(DevicePluginAPI.PreferredAllocationRequest.self),
    survives(DevicePluginAPI.ContainerPreferredAllocationRequest.self),
    survives(DevicePluginAPI.PreferredAllocationResponse.self),
    survives(DevicePluginAPI.ContainerPreferredAllocationResponse.self),
    survives(DevicePluginAPI.AllocateRequest.self),
    survives(DevicePluginAPI.ContainerAllocateRequest.self),
    survives(DevicePluginAPI.AllocateResponse.self),
    survives(DevicePluginAPI.ContainerAllocateResponse.self),
    survives(DevicePluginAPI.Mount.self),
    survives(DevicePluginAPI.DeviceSpec.self),
    survives(DevicePluginAPI.CDIDevice.self),
    survives(NodePluginAPI.SetAssignmentsRequest.self),
    survives(NodePluginAPI.SetAssignmentsResponse.self),
    survives(NodePluginAPI.RejectedAssignment.self),
    survives(NodePluginAPI.Assignment.self),
    survives(NodePluginAPI.GetStateRequest.self),
    survives(NodePluginAPI.WatchStateRequest.self),
    survives(NodePluginAPI.NodeState.self),
    survives(NodePluginAPI.Chip.self),
    survives(NodePluginAPI.Fault.self),
    survives(NodePluginAPI.Resource.self),
    survives(PluginRegistrationAPI.InfoRequest.self),
    survives(PluginRegistrationAPI.PluginInfo.self),
    survives(PluginRegistrationAPI.RegistrationStatus.self),
    survives(PluginRegistrationAPI.RegistrationStatusResponse.self),
    survives(PodResourcesAPI.ListPodResourcesRequest.self),
    survives(PodResourcesAPI.ListPodResourcesResponse.self),
    survives(PodResourcesAPI.AllocatableResourcesRequest.self),
    survives(PodResourcesAPI.AllocatableResourcesResponse.self),
    survives(PodResourcesAPI.GetPodResourcesRequest.self),
    survives(PodResourcesAPI.GetPodResourcesResponse.self),
    survives(PodResourcesAPI.PodResources.self),
    survives(PodResourcesAPI.ContainerResources.self),
    survives(PodResourcesAPI.ContainerDevices.self),
    survives(PodResourcesAPI.ContainerMemory.self),
    survives(PodResourcesAPI.TopologyInfo.self),
    survives(PodResourcesAPI.NUMANode.self),
    survives(PodResourcesAPI.DynamicResource.self),
    survives(PodResourcesAPI.ClaimResource.self),
    survives(PodResourcesAPI.CDIDevice.self),
]
