import Glibc
import JSON
import KubernetesAPI
import KubernetesClient
import LocalTestSupport
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// A node with a scripted API server, on a scratch directory that several kubelets in a row may use.
final class KubeletNode: Sendable {
    let scratch: TemporaryDirectory
    let backend: ScriptedCluster
    let manager: PodManager
    private let task: Task<Void, Never>

    init(
        _ scratch: TemporaryDirectory, backend: ScriptedCluster = ScriptedCluster(),
        devices: any ContainerDevices = NoDevices(),
        actions: any ActionRunner = ScriptedActions(), room: NodeRoom? = nil
    ) async throws {
        var timings = KubeletTimings()
        timings.backoffInitial = .milliseconds(20)
        timings.backoffMaximum = .milliseconds(80)
        timings.retry = .milliseconds(20)
        self.scratch = scratch
        self.backend = backend
        let services = KubeletServices(
            root: scratch.path, nodeName: "local", loop: .shared, images: ImageTable(directory: "/none"),
            shim: ShimCommand(
                // Whatever a test leaves running ends with the tests.
                path: try #require(ganglionProgram),
                environment: [ContainerShim.supervisorVariable: "\(getpid())"]), devices: devices,
            cluster: backend, actions: actions,
            events: CoreEventRecorder(backend, component: "kubelet", host: "local"), timings: timings,
            baseEnvironment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "KUBERNETES_SERVICE_HOST": "10.0.0.1"])
        let manager = PodManager(
            services: services,
            room: room ?? NodeRoom(cpu: 4000, memory: 1 << 34, pods: 110, labels: ["kind": "local"]),
            network: 7)
        self.manager = manager
        task = Task { await manager.run() }
    }

    deinit { task.cancel() }

    /// Starts with the pods that the API server has.
    func begin(_ pods: JSON...) { backend.send(.snapshot(pods)) }

    func log(_ pod: JSON, _ container: String = "main", previous: Bool = false) async throws -> String {
        let name = pod.metadata?.name?.string ?? ""
        guard case .file(let run) = await manager.log("default", name, container, previous: previous) else {
            Issue.record("no log of \(name)")
            return ""
        }
        return try Files.readText(run + "/log")
    }

    /// Deletes a pod as the API server tells of it, and waits until the kubelet has removed the object.
    func delete(_ pod: JSON, grace: Int) async {
        let name = pod.metadata?.name?.string ?? ""
        backend.send(.changed(pod.deleted(grace: grace)))
        await backend.until {
            $0.requests.contains { $0.method == "DELETE" && $0.path.hasSuffix("/pods/" + name) }
        }
        backend.send(.removed(pod))
    }
}
