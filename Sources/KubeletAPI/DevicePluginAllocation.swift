// k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1 of Kubernetes 1.36: which devices a container gets, and what it sees of
// them. The kubelet sends one container per request and reads the first response only.

package import Protobuf

extension DevicePluginAPI {
    /// Asks which devices would be best for containers.
    package struct PreferredAllocationRequest: Message {
        /// One for each container; the kubelet sends one.
        package var containerRequests: [ContainerPreferredAllocationRequest] = []

        package init() {}

        package init(
            containerRequests: [ContainerPreferredAllocationRequest] = []
        ) {
            self.containerRequests = containerRequests
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerRequests)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerRequests)
            default: break
            }
        }
    }

    /// What one container could get.
    package struct ContainerPreferredAllocationRequest: Message {
        /// Unsorted; holds the ones that must be included.
        package var availableDeviceIDs: [String] = []
        /// What the answer has to hold.
        package var mustIncludeDeviceIDs: [String] = []
        /// How many devices the answer has to have.
        package var allocationSize: Int32 = 0

        package init() {}

        package init(
            availableDeviceIDs: [String] = [], mustIncludeDeviceIDs: [String] = [], allocationSize: Int32 = 0
        ) {
            self.availableDeviceIDs = availableDeviceIDs
            self.mustIncludeDeviceIDs = mustIncludeDeviceIDs
            self.allocationSize = allocationSize
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, availableDeviceIDs)
            writer.write(2, mustIncludeDeviceIDs)
            writer.write(3, allocationSize)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &availableDeviceIDs)
            case 2: try reader.read(field, into: &mustIncludeDeviceIDs)
            case 3: try reader.read(field, into: &allocationSize)
            default: break
            }
        }
    }

    /// The devices that would be best.
    package struct PreferredAllocationResponse: Message {
        /// One for each request.
        package var containerResponses: [ContainerPreferredAllocationResponse] = []

        package init() {}

        package init(
            containerResponses: [ContainerPreferredAllocationResponse] = []
        ) {
            self.containerResponses = containerResponses
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerResponses)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerResponses)
            default: break
            }
        }
    }

    /// The devices that would be best for one container.
    package struct ContainerPreferredAllocationResponse: Message {
        /// As many as were asked for, or none: then the kubelet chooses.
        package var deviceIDs: [String] = []

        package init() {}

        package init(
            deviceIDs: [String] = []
        ) {
            self.deviceIDs = deviceIDs
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, deviceIDs)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &deviceIDs)
            default: break
            }
        }
    }

    /// Devices were chosen; asks what the containers need to use them.
    package struct AllocateRequest: Message {
        /// One for each container; the kubelet sends one.
        package var containerRequests: [ContainerAllocateRequest] = []

        package init() {}

        package init(
            containerRequests: [ContainerAllocateRequest] = []
        ) {
            self.containerRequests = containerRequests
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerRequests)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerRequests)
            default: break
            }
        }
    }

    /// The devices of one container.
    package struct ContainerAllocateRequest: Message {
        /// In random order.
        package var deviceIDs: [String] = []

        package init() {}

        package init(
            deviceIDs: [String] = []
        ) {
            self.deviceIDs = deviceIDs
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, deviceIDs)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &deviceIDs)
            default: break
            }
        }
    }

    /// What containers need to use their devices.
    package struct AllocateResponse: Message {
        /// One for each request.
        package var containerResponses: [ContainerAllocateResponse] = []

        package init() {}

        package init(
            containerResponses: [ContainerAllocateResponse] = []
        ) {
            self.containerResponses = containerResponses
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerResponses)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerResponses)
            default: break
            }
        }
    }

    /// What one container needs to use its devices.
    package struct ContainerAllocateResponse: Message {
        /// Environment; the pod can override it.
        package var envs: [String: String] = [:]
        /// Paths of the host.
        package var mounts: [Mount] = []
        /// Device nodes of the host.
        package var devices: [DeviceSpec] = []
        /// Annotations for the container runtime.
        package var annotations: [String: String] = [:]
        /// Devices by their CDI names.
        package var cdiDevices: [CDIDevice] = []

        package init() {}

        package init(
            envs: [String: String] = [:], mounts: [Mount] = [], devices: [DeviceSpec] = [],
            annotations: [String: String] = [:], cdiDevices: [CDIDevice] = []
        ) {
            self.envs = envs
            self.mounts = mounts
            self.devices = devices
            self.annotations = annotations
            self.cdiDevices = cdiDevices
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, envs)
            writer.write(2, mounts)
            writer.write(3, devices)
            writer.write(4, annotations)
            writer.write(5, cdiDevices)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &envs)
            case 2: try reader.read(field, into: &mounts)
            case 3: try reader.read(field, into: &devices)
            case 4: try reader.read(field, into: &annotations)
            case 5: try reader.read(field, into: &cdiDevices)
            default: break
            }
        }
    }

    /// A path of the host in a container.
    package struct Mount: Message {
        /// Where the container sees it.
        package var containerPath: String = ""
        /// Where it is.
        package var hostPath: String = ""
        /// May the container not write it?
        package var readOnly: Bool = false

        package init() {}

        package init(
            containerPath: String = "", hostPath: String = "", readOnly: Bool = false
        ) {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.readOnly = readOnly
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerPath)
            writer.write(2, hostPath)
            writer.write(3, readOnly)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerPath)
            case 2: try reader.read(field, into: &hostPath)
            case 3: try reader.read(field, into: &readOnly)
            default: break
            }
        }
    }

    /// A device node of the host in a container.
    package struct DeviceSpec: Message {
        /// Where the container sees it.
        package var containerPath: String = ""
        /// Where it is.
        package var hostPath: String = ""
        /// Any of r (read), w (write), m (make nodes).
        package var permissions: String = ""

        package init() {}

        package init(
            containerPath: String = "", hostPath: String = "", permissions: String = ""
        ) {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.permissions = permissions
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, containerPath)
            writer.write(2, hostPath)
            writer.write(3, permissions)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &containerPath)
            case 2: try reader.read(field, into: &hostPath)
            case 3: try reader.read(field, into: &permissions)
            default: break
            }
        }
    }

    /// A device by its CDI name.
    package struct CDIDevice: Message {
        /// Fully qualified: `vendor/class=name`.
        package var name: String = ""

        package init() {}

        package init(
            name: String = ""
        ) {
            self.name = name
        }

        package func encode(to writer: inout ProtobufWriter) {
            writer.write(1, name)
        }

        package mutating func decode(field: ProtobufField, from reader: inout ProtobufReader)
            throws(ProtobufError)
        {
            switch field.number {
            case 1: try reader.read(field, into: &name)
            default: break
            }
        }
    }
}
