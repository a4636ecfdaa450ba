import JSON
import Testing

@testable import LocalKubelet

@Suite("The kubelet's checkpoint")
struct DeviceCheckpointTests {
    private var sample: DeviceCheckpoint {
        var pods = PodDevices()
        pods.insert(
            ContainerKey(pod: "uid-1", container: "main"), resource: "aws.amazon.com/neuroncore",
            DeviceAllocation(devices: [-1: ["4", "5"]], response: [10, 255, 0]))
        pods.insert(
            ContainerKey(pod: "uid-2", container: "main"), resource: "aws.amazon.com/neuroncore",
            DeviceAllocation(devices: [0: ["0"], 1: ["12"]], response: []))
        return DeviceCheckpoint(podDevices: pods, registered: ["aws.amazon.com/neuroncore": ["0", "4", "5"]])
    }

    @Test("has the members of the real file")
    func shape() throws {
        let json = try JSON(parsing: sample.serialized())
        #expect(
            json.Data
                == [
                    "PodDeviceEntries": [
                        [
                            "PodUID": "uid-1", "ContainerName": "main",
                            "ResourceName": "aws.amazon.com/neuroncore",
                            "DeviceIDs": ["-1": ["4", "5"]], "AllocResp": "Cv8A",
                        ],
                        [
                            "PodUID": "uid-2", "ContainerName": "main",
                            "ResourceName": "aws.amazon.com/neuroncore",
                            "DeviceIDs": ["0": ["0"], "1": ["12"]], "AllocResp": "",
                        ],
                    ],
                    "RegisteredDevices": ["aws.amazon.com/neuroncore": ["0", "4", "5"]],
                ])
        #expect(json.Checksum?.int != nil)
    }

    @Test("comes back as it was written, also when empty")
    func roundTrip() throws {
        #expect(try DeviceCheckpoint(parsing: sample.serialized()) == sample)
        let empty = DeviceCheckpoint(podDevices: PodDevices(), registered: [:])
        #expect(try DeviceCheckpoint(parsing: empty.serialized()) == empty)
    }

    @Test("is refused when a bit has changed or a part is missing")
    func damage() throws {
        let text = String(decoding: try sample.serialized(), as: UTF8.self)
        let changed = text.split(separator: "uid-1").joined(separator: "uid-3")
        for damaged in [changed, "{}", "", String(text.dropLast(3))] {
            #expect(throws: CheckpointError.self) { try DeviceCheckpoint(parsing: Array(damaged.utf8)) }
        }
    }

    @Test("restores allocations, with nothing healthy until the plugin is back")
    func restore() throws {
        var state = DeviceManagerState()
        state.restore(sample, now: 5)
        let shown = state.capacity(now: 5)
        #expect(shown.capacity == ["aws.amazon.com/neuroncore": 0])
        #expect(shown.allocatable == ["aws.amazon.com/neuroncore": 0])
        #expect(state.allocated == ["aws.amazon.com/neuroncore": ["0", "4", "5", "12"]])
        #expect(throws: DeviceAllocationError.stopped(endpoint: "aws.amazon.com/neuroncore")) {
            try state.client("aws.amazon.com/neuroncore")
        }
    }
}
