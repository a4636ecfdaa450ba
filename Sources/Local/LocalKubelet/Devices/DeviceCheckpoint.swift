// The checkpoint keeps allocations over restarts of the kubelet. The shape is that of the kubelet's own
// `kubelet_internal_checkpoint`; only the checksum is of another making, since theirs runs over Go's printed
// form.

internal import JSON
internal import SystemIO

/// Reads and writes `kubelet_internal_checkpoint`.
struct DeviceCheckpoint: Equatable {
    /// The file's name in the device plugin directory.
    static let fileName = "kubelet_internal_checkpoint"

    var podDevices: PodDevices
    /// Resource name to the ids that were healthy.
    var registered: [String: [String]]

    init(podDevices: PodDevices, registered: [String: [String]]) {
        self.podDevices = podDevices
        self.registered = registered
    }

    /// What there is to remember of a state.
    init(_ state: DeviceManagerState) {
        podDevices = state.podDevices
        registered = state.healthy.mapValues { $0.sorted() }
    }

    /// The file's bytes.
    func serialized() -> [UInt8] {
        var entries: [JSON] = []
        for (pod, containers) in podDevices.pods.sorted(by: { $0.key < $1.key }) {
            for (container, resources) in containers.sorted(by: { $0.key < $1.key }) {
                for (resource, allocation) in resources.sorted(by: { $0.key < $1.key }) {
                    let nodes = allocation.devices.map { (String($0.key), JSON($0.value)) }
                    entries.append([
                        "PodUID": .string(pod), "ContainerName": .string(container),
                        "ResourceName": .string(resource),
                        "DeviceIDs": .object(Dictionary(nodes, uniquingKeysWith: { first, _ in first })),
                        "AllocResp": .string(Base64.encode(allocation.response)),
                    ])
                }
            }
        }
        let data: JSON = [
            "PodDeviceEntries": entries.isEmpty ? .null : .array(entries),
            "RegisteredDevices": .object(registered.mapValues { JSON($0) }),
        ]
        return (["Data": data, "Checksum": .int(Int64(Self.checksum(data)))] as JSON).serialized()
    }

    /// Reads a file.
    ///
    /// - Throws: `CheckpointError` with a sentence for a person; the kubelet then starts with no memory.
    init(parsing bytes: [UInt8]) throws(CheckpointError) {
        let file: JSON
        do { file = try JSON(parsing: bytes) } catch { throw CheckpointError("\(error)") }
        guard let data = file.Data, let checksum = file.Checksum?.int else {
            throw CheckpointError("Data or Checksum is missing")
        }
        guard checksum == Int(Self.checksum(data)) else {
            throw CheckpointError("the checksum is \(checksum), the data's is \(Self.checksum(data))")
        }
        podDevices = PodDevices()
        for entry in data.PodDeviceEntries?.array ?? [] {
            guard let pod = entry.PodUID?.string, let container = entry.ContainerName?.string,
                let resource = entry.ResourceName?.string, let nodes = entry.DeviceIDs?.object,
                let response = Base64.decode(entry.AllocResp?.string ?? "")
            else { throw CheckpointError("an entry of PodDeviceEntries is not of the known shape") }
            var devices: [Int64: [String]] = [:]
            for (node, ids) in nodes {
                guard let number = Int64(node) else { throw CheckpointError("\(node) is no NUMA node") }
                devices[number] = (ids.array ?? []).compactMap(\.string)
            }
            podDevices.insert(
                ContainerKey(pod: pod, container: container), resource: resource,
                DeviceAllocation(devices: devices, response: response))
        }
        registered = (data.RegisteredDevices?.object ?? [:]).mapValues {
            ($0.array ?? []).compactMap(\.string)
        }
    }

    /// FNV-1a of the data's canonical bytes (keys sorted, no white space).
    private static func checksum(_ data: JSON) -> UInt32 {
        data.serialized().reduce(2_166_136_261) { hash, byte in (hash ^ UInt32(byte)) &* 16_777_619 }
    }
}

/// A checkpoint file that cannot be used.
struct CheckpointError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ reason: String) {
        description =
            "cannot use \(DeviceCheckpoint.fileName): \(reason); running containers keep their devices "
            + "but they are no longer counted, so restart their pods"
    }
}
