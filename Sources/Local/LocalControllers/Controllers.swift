// The controllers of the local cluster, started and stopped together: what kube-scheduler, kube-controller-manager and
// kube-proxy do, as far as pods on one machine need it.

internal import APIMachinery
package import LocalAPIServer
package import SystemIO

/// The controllers around an API server.
package actor Controllers: LoopActor {
    /// The controllers' loop: the server's.
    package nonisolated let loop: EventLoop

    private let server: APIServer
    private let proxy: ServiceProxy
    private var loops: [ControllerLoop] = []

    /// Controllers for a server; they do nothing before `start`.
    package init(server: APIServer) {
        self.server = server
        loop = server.loop
        proxy = ServiceProxy(server: server)
    }

    /// Starts all of them.
    package func start() async {
        guard loops.isEmpty else { return }
        let server = server
        let proxy = proxy
        await add(.seconds(30), Scheduler.resources) { await Scheduler(server: server).reconcile() }
        await add(.seconds(5), NodeLifecycle.resources) { await NodeLifecycle(server: server).reconcile() }
        await add(.seconds(60), EndpointController.resources) {
            await EndpointController(server: server).reconcile()
        }
        await add(.seconds(60), ServiceProxy.resources) { await proxy.reconcile() }
        await add(.seconds(20), [GroupResource("", "nodes")]) {
            await Housekeeping(server: server).reconcile()
        }
    }

    private func add(
        _ interval: Duration, _ resources: Set<GroupResource>,
        _ reconcile: @escaping @Sendable () async -> Void
    ) async {
        let controller = ControllerLoop(loop: loop, interval: interval, reconcile: reconcile)
        loops.append(controller)
        await controller.start(server, watching: resources)
    }

    /// Stops all of them and closes the services' addresses.
    package func stop() async {
        for loop in loops { await loop.stop() }
        loops = []
        await proxy.stop()
    }
}
