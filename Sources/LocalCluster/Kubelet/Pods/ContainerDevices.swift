// What the life of a pod needs of the device manager; tests of the one do without the other.

/// What the plugins of all resources of a container want, merged: the first wins.
struct DeviceRunOptions: Equatable, Sendable {
    var environment: [String: String] = [:]
    /// Path in the container to path on the host.
    var devices: [String: String] = [:]
    var mounts: [String: String] = [:]
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
    ) async throws(AllocationError)
    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions
    /// PreStartContainer, where a plugin asked for it.
    func preStart(_ key: ContainerKey) async throws(AllocationError)
    /// Resource to device id to health.
    func health(_ key: ContainerKey) async -> [String: [String: Bool]]
}

/// A node without plugins.
struct NoDevices: ContainerDevices {
    func admit(
        pod: String, _ requests: [ContainerRequest], running: Set<String>, active: Set<String>
    ) async throws(AllocationError) {}
    func runOptions(_ key: ContainerKey) async -> DeviceRunOptions { DeviceRunOptions() }
    func preStart(_ key: ContainerKey) async throws(AllocationError) {}
    func health(_ key: ContainerKey) async -> [String: [String: Bool]] { [:] }
}
