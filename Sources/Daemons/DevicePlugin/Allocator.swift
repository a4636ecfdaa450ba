// Which devices, and what a container needs to use them. Pure and in memory: the kubelet admits one pod at a time for
// the whole node and waits for these answers without a limit.

package import KubeletAPI
internal import Neuron
package import Placement

/// Answers GetPreferredAllocation and Allocate.
package struct Allocator: Sendable {
    /// The devices.
    package var catalog: DeviceCatalog
    /// Groups that the operator has chosen.
    package var assignments = Assignments()
    /// Refuse sets that the runtime cannot use, instead of handing them out with a warning.
    package var isStrict = false
    /// Name chips by CDI, and let the runtime add their device nodes.
    package var usesCDI = false

    /// An allocator of these devices.
    package init(catalog: DeviceCatalog) { self.catalog = catalog }

    /// What is preferred, and why.
    package struct Preference: Equatable, Sendable {
        /// As many ids as were asked for, by rising number, or none.
        package var ids: [String]
        /// The container that the group was assigned to, `namespace/name/container`; nil where placement chose.
        package var assignedTo: String?
    }

    /// The devices that would be best. Never an error, which would cost the pod its life: where there is no good answer
    /// there is none, and the kubelet chooses.
    package func preferred(_ request: DevicePluginAPI.ContainerPreferredAllocationRequest) -> Preference {
        let none = Preference(ids: [], assignedTo: nil)
        let size = Int(request.allocationSize)
        let mustInclude = catalog.cores(request.mustIncludeDeviceIDs)
        let available = catalog.cores(request.availableDeviceIDs).union(mustInclude)
        guard size > 0, size <= catalog.devices.count else { return none }
        if let group = assignments.group(size: size, available: available, mustInclude: mustInclude),
            let ids = catalog.ids(group.cores)
        {
            return Preference(ids: ids, assignedTo: group.holder)
        }
        let coreCount = size * (catalog.granularity == .chip ? catalog.topology.coresPerChip : 1)
        let outstanding = assignments.outstanding(available: available).subtracting(mustInclude)
        let everywhere = place(available, mustInclude, coreCount)
        var chosen = everywhere
        // Groups that others will come for are left alone, unless that would make this one worse to use.
        if !outstanding.isEmpty,
            let beside = place(available.subtracting(outstanding), mustInclude, coreCount),
            everywhere.map({ beside.kind <= $0.kind }) ?? true
        {
            chosen = beside
        }
        guard let chosen, let ids = catalog.ids(chosen.cores), ids.count == size else { return none }
        return Preference(ids: ids, assignedTo: nil)
    }

    private func place(_ available: CoreSet, _ mustInclude: CoreSet, _ coreCount: Int) -> CoreGroup? {
        preferredGroup(
            available: available, mustInclude: mustInclude, size: coreCount, topology: catalog.topology)
    }

    /// What a container was given.
    package struct Allocation: Equatable, Sendable {
        /// The cores, by their numbers on the node.
        package var cores: CoreSet
        /// The chips, in rising order: what is /dev/neuron0, /dev/neuron1 and so on in the container.
        package var chips: [Int]
        /// Why the runtime cannot use this set; nil when it can.
        package var unusable: UnusableGroup?
        /// What the kubelet gets.
        package var response: DevicePluginAPI.ContainerAllocateResponse
    }

    /// What a container needs to use its devices, which the kubelet has chosen.
    ///
    /// Device nodes are given for exactly the chips in the set, the first as /dev/neuron0: the driver counts cores from
    /// the device that the process opened first, so NEURON_RT_VISIBLE_CORES counts from there, too. A fake chip is
    /// mounted at that path: a runtime makes no device node of a regular file.
    ///
    /// - Throws: `AllocationError`, which fails the pod: for ids that there are not, for a chip that has neither a
    ///   device node nor a fake chip's file, and for sets that the runtime cannot use when the allocator is strict.
    package func allocate(_ ids: [String]) throws(AllocationError) -> Allocation {
        var devices: [DeviceCatalog.Device] = []
        for id in Set(ids) {
            guard let device = catalog.device(id) else { throw .unknown(id) }
            devices.append(device)
        }
        devices.sort { $0.number < $1.number }
        let cores = CoreSet(devices.flatMap(\.cores))
        var unusable: UnusableGroup?
        if !cores.isEmpty {
            do throws(UnusableGroup) {
                try catalog.topology.checkUsable(cores)
            } catch {
                if isStrict { throw .unusable(cores, error) }
                unusable = error
            }
        }
        let chips = Set(devices.map(\.chip)).sorted()
        var response = DevicePluginAPI.ContainerAllocateResponse(envs: environment(cores, chips))
        for (place, chip) in chips.enumerated() {
            guard let (path, file) = catalog.deviceFile(chip: chip) else { continue }
            let containerPath = "/dev/neuron\(place)"
            switch file {
            case .foreign(let found): throw .noDevice(path: path, found: found)
            case .node where usesCDI, .fakeChip where usesCDI:
                response.cdiDevices.append(.init(name: CDISpecification.name(chip: chip, place: place)))
            case .node:
                response.devices.append(
                    .init(containerPath: containerPath, hostPath: path, permissions: "rw"))
            case .fakeChip:
                response.mounts.append(
                    .init(containerPath: containerPath, hostPath: path, readOnly: false))
            }
        }
        return Allocation(cores: cores, chips: chips, unusable: unusable, response: response)
    }

    private func environment(_ cores: CoreSet, _ chips: [Int]) -> [String: String] {
        guard !cores.isEmpty else { return [:] }
        let perChip = catalog.topology.coresPerChip
        let places = Dictionary(chips.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let visible = cores.compactMap { core in
            places[core / perChip].map { $0 * perChip + core % perChip }
        }
        var environment = [
            "NEURON_RT_VISIBLE_CORES": visible.map(String.init).joined(separator: ","),
            // For people: the numbers that neuron-ls, metrics and NeuronNode have.
            "GANGLION_HOST_CORES": cores.map(String.init).joined(separator: ","),
        ]
        if let size = catalog.logicalCoreSize { environment["NEURON_LOGICAL_NC_CONFIG"] = String(size) }
        return environment
    }
}

/// Why devices cannot be handed out. The pod fails with this sentence in its status.
package enum AllocationError: Error, Equatable {
    /// The kubelet asks for a device that was never advertised.
    case unknown(String)
    /// The runtime could not use the set.
    case unusable(CoreSet, UnusableGroup)
    /// Something that is no chip stands at a chip's path; `found` as in `HealthFault.noDevice`.
    case noDevice(path: String, found: String)
    /// Another resource has given these cores to somebody.
    case heldAs(String, CoreSet)
    /// The kubelet has given this device to the container `holder`, `namespace/name/container`, a moment ago.
    case givenTwice(String, holder: String)
}

extension AllocationError: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .unknown(let id):
            "there is no device \(id.prefix(64)): restart the kubelet if it remembers devices of another plugin"
        case .unusable(let cores, let reason):
            "the Neuron runtime cannot use cores \(cores): \(reason)"
        case .noDevice(let path, let found): HealthFault.noDevice(path: path, found: found).description
        case .heldAs(let resource, let cores):
            "cores \(cores) are given out as \(resource): create the pod again, the kubelet knows by now"
        case .givenTwice(let id, let holder):
            "the kubelet has just given device \(id.prefix(64)) to \(holder) (kubernetes #137534): create the pod again"
        }
    }
}
