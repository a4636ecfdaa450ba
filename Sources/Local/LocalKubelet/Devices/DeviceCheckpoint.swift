// The checkpoint keeps allocations over restarts of the kubelet. The shape is that of the kubelet's own
// `kubelet_internal_checkpoint`; only the checksum is of another making, since theirs runs over Go's printed
// form.

internal import JSON
internal import SystemIO
internal import Text

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

    /// The file's octets.
    func serialized() throws(JSONError) -> [UInt8] {
        var entries: [File.Entry] = []
        for (pod, containers) in podDevices.pods.sorted(by: { $0.key < $1.key }) {
            for (container, resources) in containers.sorted(by: { $0.key < $1.key }) {
                for (resource, allocation) in resources.sorted(by: { $0.key < $1.key }) {
                    let nodes = allocation.devices.map { (String($0.key), $0.value) }
                    entries.append(
                        File.Entry(
                            podUID: pod, containerName: container, resourceName: resource,
                            deviceIDs: Dictionary(nodes, uniquingKeysWith: { first, _ in first }),
                            allocResp: Base64.encode(allocation.response)))
                }
            }
        }
        let contents = File.Contents(
            podDeviceEntries: entries.isEmpty ? nil : entries, registeredDevices: registered)
        return try JSON.encode(File(contents: contents, checksum: contents.checksum()))
    }

    /// Reads a file.
    ///
    /// - Throws: `CheckpointError` with a sentence for a person; the kubelet then starts with no memory.
    init(parsing octets: [UInt8]) throws(CheckpointError) {
        let file: File
        let checksum: UInt32
        do throws(JSONError) {
            file = try JSON.decode(File.self, from: octets)
            checksum = try file.contents.checksum()
        } catch {
            throw CheckpointError(error.description)
        }
        guard file.checksum == checksum else {
            throw CheckpointError("the checksum is \(file.checksum), the data's is \(checksum)")
        }
        podDevices = PodDevices()
        for entry in file.contents.podDeviceEntries ?? [] {
            guard let response = Base64.decode(entry.allocResp) else {
                throw CheckpointError("an entry's AllocResp is not base64")
            }
            var devices: [Int64: [String]] = [:]
            for (node, ids) in entry.deviceIDs {
                guard let number = Int64(node) else { throw CheckpointError("\(node) is no NUMA node") }
                devices[number] = ids
            }
            podDevices.insert(
                ContainerKey(pod: entry.podUID, container: entry.containerName), resource: entry.resourceName,
                DeviceAllocation(devices: devices, response: response))
        }
        registered = file.contents.registeredDevices
    }
}

/// The file as it stands on disk.
private struct File: Codable {
    struct Entry: Codable {
        var podUID: String
        var containerName: String
        var resourceName: String
        /// NUMA node to device ids.
        var deviceIDs: [String: [String]]
        /// The plugin's answer, base64.
        var allocResp: String

        enum CodingKeys: String, CodingKey {
            case podUID = "PodUID"
            case containerName = "ContainerName"
            case resourceName = "ResourceName"
            case deviceIDs = "DeviceIDs"
            case allocResp = "AllocResp"
        }
    }

    struct Contents: Codable {
        /// nil where there are none, as Go writes it.
        var podDeviceEntries: [Entry]?
        var registeredDevices: [String: [String]]

        enum CodingKeys: String, CodingKey {
            case podDeviceEntries = "PodDeviceEntries"
            case registeredDevices = "RegisteredDevices"
        }

        /// FNV-1a of the canonical octets (keys sorted, no white space), cut to 32 bits.
        func checksum() throws(JSONError) -> UInt32 {
            UInt32(truncatingIfNeeded: FNV1a(try JSON.encode(self)).value)
        }
    }

    var contents: Contents
    var checksum: UInt32

    enum CodingKeys: String, CodingKey {
        case contents = "Data"
        case checksum = "Checksum"
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
