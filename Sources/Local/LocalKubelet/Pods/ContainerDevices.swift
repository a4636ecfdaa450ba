// What the life of a pod needs of the device manager; tests of the one do without the other.

internal import SystemIO

/// What the plugins of all resources of a container want, merged: the first wins.
struct DeviceRunOptions: Equatable, Sendable {
    var environment: [String: String] = [:]
    /// Path in the container to path on the host.
    var devices: [String: String] = [:]
    var mounts: [String: String] = [:]
}

extension DeviceRunOptions {
    /// Refuses what a container runtime refuses: it makes device nodes of device nodes only.
    ///
    /// - Throws: `RuntimeError` in containerd's words.
    func checkDeviceNodes() throws(RuntimeError) {
        for host in devices.values.sorted() {
            switch Files.kind(host, following: true) {
            case .characterDevice, .blockDevice: break
            case nil:
                throw RuntimeError(
                    description: "failed to generate spec: lstat \(host): no such file or directory")
            default: throw RuntimeError(description: "failed to generate spec: not a device node")
            }
        }
        for host in mounts.values.sorted() where Files.kind(host, following: true) == nil {
            throw RuntimeError(
                description: "failed to generate spec: failed to stat \"\(host)\": no such file or directory")
        }
    }

    /// Paths below /dev in the container, without the prefix, to paths on the host; and the mounts elsewhere.
    var links: (devices: [String: String], mounts: [String: String]) {
        var links: [String: String] = [:]
        var others: [String: String] = [:]
        for (path, host) in mounts.merging(devices, uniquingKeysWith: { mount, _ in mount }) {
            if path.hasPrefix("/dev/") {
                links[String(path.dropFirst(5))] = host
            } else {
                others[path] = host
            }
        }
        return (links, others)
    }
}

/// A container that the runtime would not create.
struct RuntimeError: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// The device manager as pods see it.
protocol ContainerDevices: Sendable {
    /// Gives all containers of a pod their devices.
    ///
    /// - Parameters:
    ///   - running: the containers that were found running after a restart of the kubelet.
    ///   - active: the uids of all pods that still hold devices; those of others are free.
    func admit(
        pod: String, _ requests: [ContainerRequest], running: Set<String>, active: Set<String>
    ) async throws(DeviceAllocationError)
    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions
    /// PreStartContainer, where a plugin asked for it.
    func preStart(_ key: ContainerKey) async throws(DeviceAllocationError)
    /// Resource to device id to health.
    func health(_ key: ContainerKey) async -> [String: [String: Bool]]
}

/// A node without plugins.
struct NoDevices: ContainerDevices {
    func admit(
        pod: String, _ requests: [ContainerRequest], running: Set<String>, active: Set<String>
    ) async throws(DeviceAllocationError) {}
    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions { DeviceRunOptions() }
    func preStart(_ key: ContainerKey) async throws(DeviceAllocationError) {}
    func health(_ key: ContainerKey) async -> [String: [String: Bool]] { [:] }
}
