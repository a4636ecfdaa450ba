// Every message with all its fields set by the rule of Tests/Peers/protobuf_golden.py.

import KubeletAPI
import Protobuf

/// A message that the golden file has.
protocol Golden: Message {
    static var sample: Self { get }
}

extension DevicePluginAPI.Empty: Golden {
    static var sample: Self { Self() }
}

extension DevicePluginAPI.DevicePluginOptions: Golden {
    static var sample: Self { Self(preStartRequired: true, getPreferredAllocationAvailable: true) }
}

extension DevicePluginAPI.RegisterRequest: Golden {
    static var sample: Self {
        Self(version: "1-version", endpoint: "2-endpoint", resourceName: "3-resource_name", options: .sample)
    }
}

extension DevicePluginAPI.ListAndWatchResponse: Golden {
    static var sample: Self { Self(devices: [.sample, .sample]) }
}

extension DevicePluginAPI.Device: Golden {
    static var sample: Self { Self(id: "1-ID", health: "2-health", topology: .sample) }
}

extension DevicePluginAPI.TopologyInfo: Golden {
    static var sample: Self { Self(nodes: [.sample, .sample]) }
}

extension DevicePluginAPI.NUMANode: Golden {
    static var sample: Self { Self(id: 1001) }
}

extension DevicePluginAPI.PreStartContainerRequest: Golden {
    static var sample: Self { Self(deviceIDs: ["1-devices_idsa", "1-devices_idsb"]) }
}

extension DevicePluginAPI.PreStartContainerResponse: Golden {
    static var sample: Self { Self() }
}

extension DevicePluginAPI.PreferredAllocationRequest: Golden {
    static var sample: Self { Self(containerRequests: [.sample, .sample]) }
}

extension DevicePluginAPI.ContainerPreferredAllocationRequest: Golden {
    static var sample: Self {
        Self(
            availableDeviceIDs: ["1-available_deviceIDsa", "1-available_deviceIDsb"],
            mustIncludeDeviceIDs: ["2-must_include_deviceIDsa", "2-must_include_deviceIDsb"],
            allocationSize: 3003)
    }
}

extension DevicePluginAPI.PreferredAllocationResponse: Golden {
    static var sample: Self { Self(containerResponses: [.sample, .sample]) }
}

extension DevicePluginAPI.ContainerPreferredAllocationResponse: Golden {
    static var sample: Self { Self(deviceIDs: ["1-deviceIDsa", "1-deviceIDsb"]) }
}

extension DevicePluginAPI.AllocateRequest: Golden {
    static var sample: Self { Self(containerRequests: [.sample, .sample]) }
}

extension DevicePluginAPI.ContainerAllocateRequest: Golden {
    static var sample: Self { Self(deviceIDs: ["1-devices_idsa", "1-devices_idsb"]) }
}

extension DevicePluginAPI.AllocateResponse: Golden {
    static var sample: Self { Self(containerResponses: [.sample, .sample]) }
}

extension DevicePluginAPI.ContainerAllocateResponse: Golden {
    static var sample: Self {
        Self(
            envs: ["a": "1-envs", "b": "1-envs"], mounts: [.sample, .sample], devices: [.sample, .sample],
            annotations: ["a": "4-annotations", "b": "4-annotations"], cdiDevices: [.sample, .sample])
    }
}

extension DevicePluginAPI.Mount: Golden {
    static var sample: Self {
        Self(containerPath: "1-container_path", hostPath: "2-host_path", readOnly: true)
    }
}

extension DevicePluginAPI.DeviceSpec: Golden {
    static var sample: Self {
        Self(containerPath: "1-container_path", hostPath: "2-host_path", permissions: "3-permissions")
    }
}

extension DevicePluginAPI.CDIDevice: Golden {
    static var sample: Self { Self(name: "1-name") }
}

extension PluginRegistrationAPI.InfoRequest: Golden {
    static var sample: Self { Self() }
}

extension PluginRegistrationAPI.PluginInfo: Golden {
    static var sample: Self {
        Self(
            type: "1-type", name: "2-name", endpoint: "3-endpoint",
            supportedVersions: ["4-supported_versionsa", "4-supported_versionsb"])
    }
}

extension PluginRegistrationAPI.RegistrationStatus: Golden {
    static var sample: Self { Self(pluginRegistered: true, error: "2-error") }
}

extension PluginRegistrationAPI.RegistrationStatusResponse: Golden {
    static var sample: Self { Self() }
}

extension PodResourcesAPI.ListPodResourcesRequest: Golden {
    static var sample: Self { Self() }
}

extension PodResourcesAPI.ListPodResourcesResponse: Golden {
    static var sample: Self { Self(podResources: [.sample, .sample]) }
}

extension PodResourcesAPI.AllocatableResourcesRequest: Golden {
    static var sample: Self { Self() }
}

extension PodResourcesAPI.AllocatableResourcesResponse: Golden {
    static var sample: Self {
        Self(devices: [.sample, .sample], cpuIDs: [2002, -1], memory: [.sample, .sample])
    }
}

extension PodResourcesAPI.GetPodResourcesRequest: Golden {
    static var sample: Self { Self(podName: "1-pod_name", podNamespace: "2-pod_namespace") }
}

extension PodResourcesAPI.GetPodResourcesResponse: Golden {
    static var sample: Self { Self(podResources: .sample) }
}

extension PodResourcesAPI.PodResources: Golden {
    static var sample: Self {
        Self(name: "1-name", namespace: "2-namespace", containers: [.sample, .sample])
    }
}

extension PodResourcesAPI.ContainerResources: Golden {
    static var sample: Self {
        Self(
            name: "1-name", devices: [.sample, .sample], cpuIDs: [3003, -1], memory: [.sample, .sample],
            dynamicResources: [.sample, .sample])
    }
}

extension PodResourcesAPI.ContainerDevices: Golden {
    static var sample: Self {
        Self(
            resourceName: "1-resource_name", deviceIDs: ["2-device_idsa", "2-device_idsb"], topology: .sample)
    }
}

extension PodResourcesAPI.ContainerMemory: Golden {
    static var sample: Self { Self(memoryType: "1-memory_type", size: 2002, topology: .sample) }
}

extension PodResourcesAPI.TopologyInfo: Golden {
    static var sample: Self { Self(nodes: [.sample, .sample]) }
}

extension PodResourcesAPI.NUMANode: Golden {
    static var sample: Self { Self(id: 1001) }
}

extension PodResourcesAPI.DynamicResource: Golden {
    static var sample: Self {
        Self(
            claimName: "2-claim_name", claimNamespace: "3-claim_namespace",
            claimResources: [.sample, .sample])
    }
}

extension PodResourcesAPI.ClaimResource: Golden {
    static var sample: Self {
        Self(
            cdiDevices: [.sample, .sample], driverName: "2-driver_name", poolName: "3-pool_name",
            deviceName: "4-device_name", shareID: "5-share_id")
    }
}

extension PodResourcesAPI.CDIDevice: Golden {
    static var sample: Self { Self(name: "1-name") }
}

extension NodePluginAPI.SetAssignmentsRequest: Golden {
    static var sample: Self { Self(assignments: [.sample, .sample]) }
}

extension NodePluginAPI.SetAssignmentsResponse: Golden {
    static var sample: Self { Self(rejected: [.sample, .sample]) }
}

extension NodePluginAPI.RejectedAssignment: Golden {
    static var sample: Self { Self(podUID: "1-pod_uid", container: "2-container", reason: "3-reason") }
}

extension NodePluginAPI.Assignment: Golden {
    static var sample: Self {
        Self(
            podNamespace: "1-pod_namespace", podName: "2-pod_name", podUID: "3-pod_uid",
            container: "4-container", resource: "5-resource", deviceIDs: ["6-device_idsa", "6-device_idsb"],
            boundAt: 7007)
    }
}

extension NodePluginAPI.GetStateRequest: Golden {
    static var sample: Self { Self() }
}

extension NodePluginAPI.WatchStateRequest: Golden {
    static var sample: Self { Self() }
}

extension NodePluginAPI.NodeState: Golden {
    static var sample: Self {
        Self(
            instanceType: "1-instance_type", driverVersion: "2-driver_version", logicalCoreSize: 3003,
            chips: [.sample, .sample], resources: [.sample, .sample], deviceSource: "6-device_source")
    }
}

extension NodePluginAPI.Chip: Golden {
    static var sample: Self {
        Self(
            index: 1001, memoryBytes: 2002, cores: [3003, -1], health: "4-health", reason: "5-reason",
            connected: [6006, -1], serialNumber: "7-serial_number", faults: [.sample, .sample])
    }
}

extension NodePluginAPI.Fault: Golden {
    static var sample: Self { Self(kind: .fakeBesideReal, core: 2002, counter: "3-counter", count: 4004) }
}

extension NodePluginAPI.Resource: Golden {
    static var sample: Self { Self(name: "1-name", devices: 2002, healthy: 3003, registered: true) }
}

/// Every message of the API by its name in the .proto.
let allMessages: [(name: String, type: any Golden.Type)] = [
    ("v1beta1.Empty", DevicePluginAPI.Empty.self),
    ("v1beta1.DevicePluginOptions", DevicePluginAPI.DevicePluginOptions.self),
    ("v1beta1.RegisterRequest", DevicePluginAPI.RegisterRequest.self),
    ("v1beta1.ListAndWatchResponse", DevicePluginAPI.ListAndWatchResponse.self),
    ("v1beta1.Device", DevicePluginAPI.Device.self),
    ("v1beta1.TopologyInfo", DevicePluginAPI.TopologyInfo.self),
    ("v1beta1.NUMANode", DevicePluginAPI.NUMANode.self),
    ("v1beta1.PreStartContainerRequest", DevicePluginAPI.PreStartContainerRequest.self),
    ("v1beta1.PreStartContainerResponse", DevicePluginAPI.PreStartContainerResponse.self),
    ("v1beta1.PreferredAllocationRequest", DevicePluginAPI.PreferredAllocationRequest.self),
    ("v1beta1.ContainerPreferredAllocationRequest", DevicePluginAPI.ContainerPreferredAllocationRequest.self),
    ("v1beta1.PreferredAllocationResponse", DevicePluginAPI.PreferredAllocationResponse.self),
    (
        "v1beta1.ContainerPreferredAllocationResponse",
        DevicePluginAPI.ContainerPreferredAllocationResponse.self
    ),
    ("v1beta1.AllocateRequest", DevicePluginAPI.AllocateRequest.self),
    ("v1beta1.ContainerAllocateRequest", DevicePluginAPI.ContainerAllocateRequest.self),
    ("v1beta1.AllocateResponse", DevicePluginAPI.AllocateResponse.self),
    ("v1beta1.ContainerAllocateResponse", DevicePluginAPI.ContainerAllocateResponse.self),
    ("v1beta1.Mount", DevicePluginAPI.Mount.self),
    ("v1beta1.DeviceSpec", DevicePluginAPI.DeviceSpec.self),
    ("v1beta1.CDIDevice", DevicePluginAPI.CDIDevice.self),
    ("pluginregistration.InfoRequest", PluginRegistrationAPI.InfoRequest.self),
    ("pluginregistration.PluginInfo", PluginRegistrationAPI.PluginInfo.self),
    ("pluginregistration.RegistrationStatus", PluginRegistrationAPI.RegistrationStatus.self),
    ("pluginregistration.RegistrationStatusResponse", PluginRegistrationAPI.RegistrationStatusResponse.self),
    ("v1.ListPodResourcesRequest", PodResourcesAPI.ListPodResourcesRequest.self),
    ("v1.ListPodResourcesResponse", PodResourcesAPI.ListPodResourcesResponse.self),
    ("v1.AllocatableResourcesRequest", PodResourcesAPI.AllocatableResourcesRequest.self),
    ("v1.AllocatableResourcesResponse", PodResourcesAPI.AllocatableResourcesResponse.self),
    ("v1.GetPodResourcesRequest", PodResourcesAPI.GetPodResourcesRequest.self),
    ("v1.GetPodResourcesResponse", PodResourcesAPI.GetPodResourcesResponse.self),
    ("v1.PodResources", PodResourcesAPI.PodResources.self),
    ("v1.ContainerResources", PodResourcesAPI.ContainerResources.self),
    ("v1.ContainerDevices", PodResourcesAPI.ContainerDevices.self),
    ("v1.ContainerMemory", PodResourcesAPI.ContainerMemory.self),
    ("v1.TopologyInfo", PodResourcesAPI.TopologyInfo.self),
    ("v1.NUMANode", PodResourcesAPI.NUMANode.self),
    ("v1.DynamicResource", PodResourcesAPI.DynamicResource.self),
    ("v1.ClaimResource", PodResourcesAPI.ClaimResource.self),
    ("v1.CDIDevice", PodResourcesAPI.CDIDevice.self),
    ("ganglion.v1alpha1.SetAssignmentsRequest", NodePluginAPI.SetAssignmentsRequest.self),
    ("ganglion.v1alpha1.SetAssignmentsResponse", NodePluginAPI.SetAssignmentsResponse.self),
    ("ganglion.v1alpha1.RejectedAssignment", NodePluginAPI.RejectedAssignment.self),
    ("ganglion.v1alpha1.Assignment", NodePluginAPI.Assignment.self),
    ("ganglion.v1alpha1.GetStateRequest", NodePluginAPI.GetStateRequest.self),
    ("ganglion.v1alpha1.WatchStateRequest", NodePluginAPI.WatchStateRequest.self),
    ("ganglion.v1alpha1.NodeState", NodePluginAPI.NodeState.self),
    ("ganglion.v1alpha1.Chip", NodePluginAPI.Chip.self),
    ("ganglion.v1alpha1.Fault", NodePluginAPI.Fault.self),
    ("ganglion.v1alpha1.Resource", NodePluginAPI.Resource.self),
]
