// The controllers of the local cluster, started and stopped together: what kube-scheduler, kube-controller-manager and
// kube-proxy do, as far as pods on one machine need it.

internal import Controller
package import KubernetesAPI
internal import KubernetesClient
package import Observability
package import SystemIO

/// The controllers around an API server.
package struct Controllers: Sendable {
    private let manager: ControllerManager
    private let proxy: ServiceProxy

    /// Controllers that do nothing before `start`.
    ///
    /// - Parameters:
    ///   - storage: where volumes are made; nil for nowhere.
    ///   - cluster: the API server, for a program of this name: each controller writes under its own.
    package init(
        storage: LocalStorage? = nil, log: Logger = .silent, loop: EventLoop = .shared,
        _ cluster: (_ program: String) -> any ClusterAPI
    ) {
        func events(_ component: String) -> CoreEventRecorder {
            CoreEventRecorder(cluster(component), component: component, loop: loop)
        }
        manager = ControllerManager(log: log, loop: loop)
        manager.add(
            Scheduler(cluster: cluster("kube-scheduler"), events: events(Scheduler.name))
                .controller(log: log, loop: loop))
        manager.add(
            VolumeController(
                cluster: cluster(VolumeController.name), events: events(VolumeController.name),
                storage: storage, log: log
            ).controller(log: log, loop: loop))
        manager.add(
            NodeLifecycle(cluster: cluster("node-controller"), events: events("node-controller"))
                .controller(log: log, loop: loop))
        manager.add(
            EndpointController(cluster: cluster("endpointslice-controller")).controller(log: log, loop: loop))
        manager.add(
            PodGarbageCollector(cluster: cluster("pod-garbage-collector")).controller(log: log, loop: loop))
        manager.add(
            TaintEviction(
                cluster: cluster("taint-eviction-controller"), events: events("taint-eviction-controller"),
                loop: loop
            ).controller(log: log))
        proxy = ServiceProxy(cluster: cluster("kube-proxy"), loop: loop, log: log)
        manager.add(proxy.controller())
    }

    /// Starts all of them.
    package func start() async { await manager.start() }

    /// Stops all of them and closes the services' addresses.
    package func stop() async {
        await manager.stop()
        await proxy.stop()
    }
}

/// The key of a controller that looks at all objects at once: a local cluster is small, and what one pod gets another lacks.
enum Everything: Int, Comparable, Sendable, CustomStringConvertible {
    case everything

    static func < (left: Everything, right: Everything) -> Bool { left.rawValue < right.rawValue }
    var description: String { "everything" }
}

extension Controller where Key == Everything {
    /// Looks at everything whenever an object of a kind is new, has changed or is gone.
    func looks<Object: Resource>(at type: Object.Type, of cluster: any ClusterAPI) -> Controller {
        watches(cluster.updates(of: type)) { _ in [.everything] }
    }
}
