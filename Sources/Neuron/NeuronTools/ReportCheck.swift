// Whether a program in the container could use what it was given. The rules are the driver's (it counts cores from the
// device that it opened first, and grants only runs of consecutive cores), written down without the code that places
// groups, so that the one can find the other's mistakes.

extension ContainerReport {
    /// Why the container has not exactly `count` cores that the runtime can use; nil when it has.
    ///
    /// - Parameter count: 0 for a container that must have neither cores nor devices.
    package func fault(expecting count: Int) -> String? {
        let variable = Self.visibleCores
        guard count > 0 else {
            if let text = environment[variable] {
                return "\(variable) is \(text), but this container asked for no NeuronCore"
            }
            return devices.first.map { "\($0.path) is there, but this container asked for no NeuronCore" }
        }
        guard let text = environment[variable] else {
            return
                "\(variable) is not set: the container asked for no NeuronCore, or no device plugin answered"
        }
        guard let cores = cores(variable), let first = cores.first, let last = cores.last else {
            return "\(variable) is \"\(text)\", which is no list of cores"
        }
        guard cores.count == count else {
            return "the container has \(cores.count) NeuronCores (\(variable)=\(text)), not \(count)"
        }
        guard cores == Array(first..<first + cores.count) else {
            return "\(variable) is \(text): the runtime takes only consecutive cores in rising order"
        }
        return devicesFault(first, last) ?? hostCoresFault(cores)
    }

    private func devicesFault(_ first: Int, _ last: Int) -> String? {
        guard !devices.isEmpty else { return "there is no /dev/neuron0 for the cores \(first)-\(last)" }
        for (place, device) in devices.enumerated() {
            guard device.number == place else {
                return
                    "\(device.path) is there without a neuron\(place): devices must count from 0 without gaps"
            }
            guard device.kind != .other else {
                return "\(device.path) is neither a character device nor a fake chip"
            }
            if let problem = device.problem { return "\(device.path) cannot be used: \(problem)" }
            if let own = device.hostNumber, let start = devices[0].hostNumber, own != start + place {
                return "\(device.path) is the node's neuron\(own), not neuron\(start + place): "
                    + "the driver counts cores on from neuron\(start)"
            }
        }
        guard let perChip = devices[0].chip?.cores else { return nil }
        guard first < perChip else {
            return "core \(first) is not on \(devices[0].path): that device is not needed"
        }
        guard last / perChip == devices.count - 1 else {
            return "core \(last) is on neuron\(last / perChip), and the devices are "
                + devices.map { "neuron\($0.number)" }.joined(separator: ", ")
        }
        return nil
    }

    private func hostCoresFault(_ cores: [Int]) -> String? {
        guard let text = environment[Self.hostCores] else { return nil }
        guard let host = self.cores(Self.hostCores), host.count == cores.count else {
            return "\(Self.hostCores) is \(text), and the container has \(cores.count) cores"
        }
        guard let chip = devices[0].chip else { return nil }
        let expected = cores.map { chip.index * chip.cores + $0 }
        guard host == expected else {
            return "\(Self.hostCores) is \(text), and the devices are those of cores "
                + expected.map(String.init).joined(separator: ",")
        }
        return nil
    }
}
