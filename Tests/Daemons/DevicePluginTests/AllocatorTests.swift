import KubeletAPI
import Neuron
import Placement
import Testing

@testable import DevicePlugin

@Suite("Devices of a node")
struct DeviceCatalogTests {
    @Test(
        "are cores by default: as many as the node's capacity shows",
        arguments: [
            ("inf2.xlarge", nil, 2), ("inf2.48xlarge", nil, 24), ("trn1.32xlarge", nil, 32),
            ("trn2.48xlarge", 2, 64), ("trn2.48xlarge", 1, 128),
        ] as [(String, Int?, Int)])
    func cores(type: String, logicalCoreSize: Int?, count: Int) throws {
        let list = try FakeNode.catalog(type, logicalCoreSize: logicalCoreSize).list
        let isUsual = logicalCoreSize != 1
        #expect(list.devices.map(\.id) == (0..<count).map { isUsual ? "\($0)" : "lnc1-\($0)" })
        #expect(list.devices.allSatisfy { $0.health == "Healthy" && $0.topology == nil })
    }

    @Test("are chips on request")
    func chips() throws {
        let catalog = try FakeNode.catalog("inf2.48xlarge", .chip)
        #expect(catalog.list.devices.map(\.id) == (0..<12).map { String($0) })
        #expect(catalog.cores(["1", "3", "99"]) == [2, 3, 6, 7])
        #expect(catalog.ids([2, 3, 6, 7]) == ["1", "3"])
        #expect(catalog.ids([2, 3, 6]) == nil)
        #expect(catalog.ids([100]) == nil)
    }
}

@Suite("Which devices are preferred")
struct PreferredAllocationTests {
    @Test("are exactly as many as asked for, consecutive and aligned", arguments: [1, 2, 4, 8, 12, 24])
    func sizes(size: Int) throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        let ids = allocator.preferred(.of(size, available: (0..<24).shuffled())).ids
        #expect(ids == (0..<size).map { String($0) })
    }

    @Test("hold what must be included")
    func mustInclude() throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        #expect(
            allocator.preferred(.of(4, available: 0..<24, mustInclude: [9])).ids == ["6", "7", "8", "9"])
        // The kubelet's list holds the required ones; whether it does must not matter.
        #expect(allocator.preferred(.of(2, available: 0..<8, mustInclude: [9])).ids.contains("9"))
    }

    @Test(
        "are none where there is no answer, and never an error",
        arguments: [
            .of(0, available: 0..<24), .of(-1, available: 0..<24), .of(25, available: 0..<24),
            .of(3, available: [1, 2]),
            .of(1, available: 0..<24, mustInclude: [1, 2]), .of(Int(Int32.max), available: 0..<24),
            .init(availableDeviceIDs: ["a", "-1", "", "99999999999999999999"], allocationSize: 1),
        ] as [DevicePluginAPI.ContainerPreferredAllocationRequest])
    func none(request: DevicePluginAPI.ContainerPreferredAllocationRequest) throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        #expect(allocator.preferred(request) == .init(ids: [], assignedTo: nil))
    }

    @Test("are whole chips where a device is a chip")
    func chips() throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("trn1.32xlarge", .chip))
        #expect(allocator.preferred(.of(4, available: 1..<16)).ids == ["4", "5", "6", "7"])
        #expect(allocator.preferred(.of(1, available: 1..<16)).ids == ["1"])
    }

    @Test(
        "exist for every size that is there, whatever is free",
        arguments: [("inf2.48xlarge", .core), ("trn1.32xlarge", .chip), ("trn1.32xlarge", .core)]
            as [(String, Granularity)])
    func always(type: String, granularity: Granularity) throws {
        let allocator = Allocator(catalog: try FakeNode.catalog(type, granularity))
        var random = SplitMix(state: 1)
        for _ in 0..<5 {
            let free = (0..<allocator.catalog.devices.count).filter { _ in Bool.random(using: &random) }
            for size in 1...free.count {
                let ids = allocator.preferred(.of(size, available: free)).ids
                #expect(ids.count == size)
                #expect(Set(ids).isSubset(of: free.map(String.init)))
            }
        }
    }
}

@Suite("Groups that the operator has assigned")
struct AssignmentTests {
    static func assignment(
        _ pod: String, _ cores: Range<Int>, boundAt: Int64 = 0, resource: String = "neuroncore"
    ) -> NodePluginAPI.Assignment {
        .init(
            podNamespace: "default", podName: pod, podUID: "uid-\(pod)", container: "server",
            resource: resource,
            deviceIDs: cores.map(String.init), boundAt: boundAt)
    }

    func allocator(_ assignments: [NodePluginAPI.Assignment], type: String = "inf2.48xlarge") throws
        -> Allocator
    {
        let catalog = try FakeNode.catalog(type)
        var allocator = Allocator(catalog: catalog)
        var rejected: [NodePluginAPI.RejectedAssignment] = []
        allocator.assignments = Assignments(
            assignments, resource: "neuroncore", catalog: catalog, rejected: &rejected)
        #expect(rejected.isEmpty)
        return allocator
    }

    @Test("come first when their size is asked for and all of them is free")
    func first() throws {
        let allocator = try allocator([Self.assignment("a", 8..<12)])
        #expect(
            allocator.preferred(.of(4, available: 0..<24))
                == .init(ids: ["8", "9", "10", "11"], assignedTo: "default/a/server"))
        #expect(allocator.preferred(.of(4, available: Array(0..<9) + Array(10..<24))).assignedTo == nil)
        #expect(allocator.preferred(.of(4, available: 0..<24, mustInclude: [0])).assignedTo == nil)
    }

    @Test("of one size are taken in the order in which the pods were bound")
    func order() throws {
        let allocator = try allocator([
            Self.assignment("late", 0..<4, boundAt: 30), Self.assignment("early", 4..<8, boundAt: 10),
            Self.assignment("middle", 8..<12, boundAt: 20),
        ])
        #expect(allocator.preferred(.of(4, available: 0..<24)).assignedTo == "default/early/server")
        #expect(allocator.preferred(.of(4, available: 8..<24)).assignedTo == "default/middle/server")
    }

    @Test("are left alone by others, unless that would make the others' set worse")
    func leftAlone() throws {
        let allocator = try allocator([Self.assignment("a", 0..<4), Self.assignment("gone", 8..<12)])
        #expect(allocator.preferred(.of(2, available: (0..<24).filter { $0 != 8 })).ids == ["4", "5"])
        // Only the assigned group has eight in a row.
        let free = Array(0..<8) + [10, 12, 14, 16, 18, 20, 22, 23]
        #expect(allocator.preferred(.of(8, available: free)).ids == (0..<8).map { String($0) })
        #expect(allocator.preferred(.of(2, available: free)).ids == ["22", "23"])
    }

    @Test("that can never be honoured are told, and the others kept")
    func rejected() throws {
        let catalog = try FakeNode.catalog("inf2.xlarge")
        var rejected: [NodePluginAPI.RejectedAssignment] = []
        let assignments = Assignments(
            [
                Self.assignment("a", 0..<2), Self.assignment("b", 1..<3), Self.assignment("c", 0..<0),
                Self.assignment("d", 7..<9, resource: "other"),
            ], resource: "neuroncore", catalog: catalog, rejected: &rejected)
        #expect(assignments.groups == [.init(cores: [0, 1], size: 2, holder: "default/a/server")])
        #expect(
            rejected == [
                .init(podUID: "uid-b", container: "server", reason: "there is no device 2 of neuroncore"),
                .init(podUID: "uid-c", container: "server", reason: "it has no devices"),
            ])
    }

    @Test("are bounded")
    func bounded() throws {
        let catalog = try FakeNode.catalog("inf2.xlarge")
        var rejected: [NodePluginAPI.RejectedAssignment] = []
        let many = (0..<Assignments.maximum + 3).map { Self.assignment("p\($0)", 0..<1) }
        let assignments = Assignments(many, resource: "neuroncore", catalog: catalog, rejected: &rejected)
        #expect(assignments.groups.count == Assignments.maximum)
        #expect(rejected.count == 3)
    }
}

@Suite("What a container is given")
struct AllocateTests {
    @Test("are the device nodes of its chips and its cores counted from the first of them")
    func devices() throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge", file: .node))
        let allocation = try allocator.allocate(["7", "4", "6", "5"])
        #expect(allocation.cores == [4, 5, 6, 7])
        #expect(allocation.chips == [2, 3])
        #expect(allocation.unusable == nil)
        let device = try #require(allocator.catalog.deviceFile(chip: 0)?.path).dropLast("/neuron0".count)
        #expect(
            allocation.response
                == .init(
                    envs: ["NEURON_RT_VISIBLE_CORES": "0,1,2,3", "GANGLION_HOST_CORES": "4,5,6,7"],
                    devices: [
                        .init(
                            containerPath: "/dev/neuron0", hostPath: device + "/neuron2", permissions: "rw"),
                        .init(
                            containerPath: "/dev/neuron1", hostPath: device + "/neuron3", permissions: "rw"),
                    ]))
    }

    @Test("are mounts of fake chips, which are regular files: a runtime makes no device node of them")
    func fakeChips() throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        let response = try allocator.allocate(["7", "4", "6", "5"]).response
        let device = try #require(allocator.catalog.deviceFile(chip: 0)?.path).dropLast("/neuron0".count)
        #expect(
            response
                == .init(
                    envs: ["NEURON_RT_VISIBLE_CORES": "0,1,2,3", "GANGLION_HOST_CORES": "4,5,6,7"],
                    mounts: [
                        .init(containerPath: "/dev/neuron0", hostPath: device + "/neuron2", readOnly: false),
                        .init(containerPath: "/dev/neuron1", hostPath: device + "/neuron3", readOnly: false),
                    ]))
    }

    @Test("are refused where something else stands at a chip's path, CDI or not", arguments: [false, true])
    func foreign(usesCDI: Bool) throws {
        var allocator = Allocator(catalog: try FakeNode.catalog("inf2.xlarge", file: .foreign("a directory")))
        allocator.usesCDI = usesCDI
        let path = try #require(allocator.catalog.deviceFile(chip: 0)?.path)
        let refusal = AllocationError.noDevice(path: path, found: "a directory")
        #expect(throws: refusal) { try allocator.allocate(["0"]) }
        #expect(
            refusal.description
                == "\(path) is a directory, expected a device node: remove what is there and reload the driver, "
                + "or write the fake node anew")
        #expect(
            !String(decoding: CDISpecification.json(allocator.catalog), as: UTF8.self).contains("neuron0-as"))
    }

    @Test(
        "counts cores from the first chip, also within a chip",
        arguments: [
            (["5"], "1", 1), (["3", "4"], "1,2", 2), (["23"], "1", 1),
            (["10", "9", "8", "11"], "0,1,2,3", 2),
        ] as [([String], String, Int)])
    func visible(ids: [String], visible: String, chips: Int) throws {
        let response = try Allocator(catalog: FakeNode.catalog("inf2.48xlarge", file: .node)).allocate(ids)
            .response
        #expect(response.envs["NEURON_RT_VISIBLE_CORES"] == visible)
        #expect(response.devices.count == chips && response.mounts.isEmpty)
    }

    @Test("names the logical core size where the family has a choice", arguments: [1, 2])
    func logicalCores(size: Int) throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("trn2.48xlarge", logicalCoreSize: size))
        let last = try #require(allocator.catalog.devices.last)
        let response = try allocator.allocate([last.id]).response
        #expect(response.envs["NEURON_LOGICAL_NC_CONFIG"] == String(size))
        #expect(response.envs["NEURON_RT_VISIBLE_CORES"] == (size == 1 ? "7" : "3"))
    }

    @Test("is whole chips where a device is a chip")
    func chips() throws {
        let allocation = try Allocator(catalog: FakeNode.catalog("trn1.32xlarge", .chip, file: .node))
            .allocate(["5", "4"])
        #expect(allocation.response.envs["NEURON_RT_VISIBLE_CORES"] == "0,1,2,3")
        #expect(allocation.response.devices.map(\.containerPath) == ["/dev/neuron0", "/dev/neuron1"])
    }

    @Test("is handed out with a warning where the runtime cannot use it, for the kubelet has chosen")
    func unusable() throws {
        var allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        let allocation = try allocator.allocate(["0", "1", "4", "5"])
        #expect(allocation.unusable == .notConsecutive([0, 1, 4, 5], missing: 2))
        #expect(allocation.response.envs["NEURON_RT_VISIBLE_CORES"] == "0,1,2,3")
        #expect(allocation.response.mounts.count == 2)
        allocator.isStrict = true
        #expect(throws: AllocationError.unusable([0, 1, 4, 5], .notConsecutive([0, 1, 4, 5], missing: 2))) {
            try allocator.allocate(["0", "1", "4", "5"])
        }
    }

    @Test("is refused for devices that were never advertised", arguments: ["24", "-1", "x", "01", ""])
    func unknown(id: String) throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        #expect(throws: AllocationError.unknown(id)) { try allocator.allocate(["0", id]) }
    }

    @Test("is nothing for no devices, and the same device twice is one device")
    func edges() throws {
        let allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        #expect(try allocator.allocate([]).response == .init())
        #expect(try allocator.allocate(["3", "3"]).cores == [3])
    }
}
