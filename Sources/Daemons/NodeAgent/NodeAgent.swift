// The parts put together. What happens anywhere asks for one reconciliation, in which everything is worked out anew from
// what the API server, the plugin and the kubelet have last said; it waits for nobody. What it comes to is carried out by
// three others, each at its own pace:
//
//     plugin's states ──┐                   ┌─▶ assignments    tells the plugin
//     kubelet's lists ──┼─▶ node ───────────┼─▶ neuronnode     writes the NeuronNode
//     pods of the node ─┤                   └─▶ events
//     what is published ┘       pods of the node ─▶ podresources   asks the kubelet

internal import Controller
internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
package import KubernetesClient
package import Observability
internal import StatusEndpoints
package import SystemIO

/// Everything on the node that talks to the API server.
package actor NodeAgent: LoopActor {
    /// Who and where.
    package struct Settings: Sendable {
        /// The Node's name.
        package var nodeName: String
        /// The path of the device plugin's agent socket.
        package var pluginSocket: String
        /// The path of the kubelet's PodResources socket.
        package var podResourcesSocket: String
        /// The `schedulerName`s of pods whose cores `ganglion extender` has assigned.
        package var extenderSchedulers: Set<String> = []
        /// Whether the Node gets the label `neuron.amazonaws.com/present`.
        package var labelsNode = false
        /// The least time between two questions to the kubelet.
        package var podResourcesSpacing = Duration.seconds(1)
        /// When the kubelet is asked again without a reason.
        package var podResourcesInterval = Duration.seconds(15)
        /// When the server's copy of the NeuronNode is read again.
        package var resync = Duration.seconds(120)
        /// The first pause after a fault of plugin or API server; later ones are longer.
        package var firstPause = Duration.milliseconds(200)

        /// Settings with the defaults for the rest.
        package init(nodeName: String, pluginSocket: String, podResourcesSocket: String) {
            self.nodeName = nodeName
            self.pluginSocket = pluginSocket
            self.podResourcesSocket = podResourcesSocket
        }
    }

    /// The agent's loop.
    package nonisolated let loop: EventLoop

    /// The only key of the agent's controllers: the Node.
    private let key: ObjectKey
    private let registry: MetricsRegistry?
    private let pods: Informer<Pod>
    private let events: EventRecorder
    private let link: PluginLink
    private let poller: PodResourcesPoller
    private let publisher: NeuronNodePublisher
    private let assignments: Controller<ObjectKey>
    private let podResources: Controller<ObjectKey>
    /// How soon the kubelet is asked again while it lists pods that have gone.
    private let lateInterval: Duration
    private let neuronNode: Controller<ObjectKey>
    private let manager: ControllerManager
    private var task: Task<Void, Never>?

    private var report = NodeReport()
    private var list: KubeletList?
    /// nil until it is known what was published before.
    private let extenderSchedulers: Set<String>
    private var journal: EventJournal?
    private var node: ObjectReference

    /// An agent that does nothing before `start`.
    package init(
        settings: Settings, client: KubernetesClient, registry: MetricsRegistry? = nil,
        loop: EventLoop = .shared, log: Logger = .silent
    ) {
        key = ObjectKey(name: settings.nodeName)
        lateInterval = settings.podResourcesSpacing * 2
        extenderSchedulers = settings.extenderSchedulers
        self.registry = registry
        self.loop = loop
        pods = Informer(
            client, fieldSelector: "spec.nodeName=\(settings.nodeName)", log: log, loop: loop)
        events = EventRecorder(
            client, controller: WellKnown.agentController, instance: settings.nodeName, log: log, loop: loop)
        let link = PluginLink(
            socket: settings.pluginSocket, loop: loop, log: log, firstPause: settings.firstPause)
        let poller = PodResourcesPoller(
            socket: settings.podResourcesSocket, interval: settings.podResourcesInterval,
            knownPods: { [store = pods.store] in KnownPods(store.isSynced ? store.list() : []) }, loop: loop,
            log: log)
        let publisher = NeuronNodePublisher(
            client, node: settings.nodeName, labelsNode: settings.labelsNode, resync: settings.resync,
            loop: loop, log: log)
        (self.link, self.poller, self.publisher) = (link, poller, publisher)
        // These say themselves what goes wrong, once and after a while: their controllers log nothing.
        assignments = Controller(named: "assignments", registry: registry, loop: loop) { _ in
            await link.deliver()
        }
        podResources = Controller(
            named: "podresources", pace: PodResourcesPoller.pace(spacing: settings.podResourcesSpacing),
            registry: registry, loop: loop
        ) { _ in try await poller.poll() }
        neuronNode = Controller(
            named: "neuronnode", pace: NeuronNodePublisher.pace(firstPause: settings.firstPause),
            registry: registry, loop: loop
        ) { _ in try await publisher.publish() }
        manager = ControllerManager(log: log, loop: loop)
        node = ObjectReference(apiVersion: "v1", kind: "Node", name: settings.nodeName)
    }

    /// Begins, and goes on until `stop`, whoever cannot be reached.
    package func start() async {
        guard task == nil else { return }
        for runnable in [pods, events, link, poller] as [any Runnable] { manager.add(runnable) }
        let node = makeController()
        for controller in [node, assignments, podResources, neuronNode] { manager.add(controller) }
        // A node without pods brings no change: that the copy is whole is news as well.
        task = Task { [store = pods.store, podResources, key] in
            await store.synced()
            podResources.queue.add(key)
            node.queue.add(key)
        }
        // What the kubelet says and what is published is asked for before anything happens.
        podResources.queue.add(key)
        neuronNode.queue.add(key)
        await manager.start()
    }

    /// The controller that works everything out. None of its sources has to be whole before another counts: the plugin is
    /// listened to while the API server is away.
    private func makeController() -> Controller<ObjectKey> {
        Controller(named: "node", registry: registry, loop: loop) { [weak self] _ in
            await self?.reconcile()
            return .done
        }
        .watches(link.updates) { [weak self, assignments, key] update in
            await self?.receive(update)
            // A plugin that has started again has no assignments, and one with another state may take what it refused.
            assignments.queue.add(key)
            return [key]
        }
        .watches(poller.updates) { [weak self, key] update in
            await self?.receive(update)
            return [key]
        }
        .watches(publisher.updates) { [weak self, key] update in
            await self?.receive(update)
            return [key]
        }
        .watches(pods.store.changes()) { [podResources, key] _ in
            podResources.queue.add(key)
            return [key]
        }
    }

    /// Ends everything; the plugin keeps the assignments that it has.
    package func stop() async {
        await manager.stop()
        await task?.value
    }

    // MARK: What has become known

    private func receive(_ update: PluginLink.Update) {
        switch update {
        case .state(let state):
            report.layout = NodeLayout(state)
            report.pluginFault = nil
        case .fault(let why): report.pluginFault = why
        }
    }

    private func receive(_ update: PodResourcesPoller.Update) {
        switch update {
        case .list(let list):
            self.list = list
            report.heardAt = list.time
            report.kubeletFault = nil
        case .fault(let why): report.kubeletFault = why
        }
    }

    private func receive(_ update: NeuronNodePublisher.Update) {
        if journal == nil { journal = EventJournal(published: update.published) }
        if let uid = update.nodeUID, !uid.isEmpty { node.uid = uid }
    }

    /// What a probe finds.
    func checks(_ probe: StatusProbe) -> [StatusCheck] {
        // A restart mends nothing that the agent waits for.
        guard probe == .ready else { return [] }
        let pluginFault = report.pluginFault ?? (report.layout == nil ? "nothing has come from it yet" : nil)
        let kubeletFault =
            report.kubeletFault?.sentence ?? (list == nil ? "nothing has come from it yet" : nil)
        let podsFault = pods.problem ?? (pods.store.isSynced ? nil : "the pods have not been read yet")
        return [
            StatusCheck(name: "device plugin", fault: pluginFault),
            StatusCheck(name: "kubelet", fault: kubeletFault),
            StatusCheck(name: "API server", fault: podsFault),
        ]
    }

    // MARK: What follows from it

    private func reconcile() async {
        if let layout = report.layout {
            report.holdings = list.map { Holding.read($0.pods, on: layout, pods: $0.known) }
            // Before the pods are known as a whole, silence: the plugin would take it for their end.
            if pods.store.isSynced { await use(pods.store.list(), on: layout) }
            for note in journal?.notes(on: layout, node: node) ?? [] { events.record(note) }
        }
        // At a start each side gets its chance to speak: or every start would make the conditions flicker.
        guard report.layout != nil || report.pluginFault != nil, list != nil || report.kubeletFault != nil
        else { return }
        if await publisher.use(report) { neuronNode.queue.add(key) }
    }

    private func use(_ present: [Pod], on layout: NodeLayout) async {
        let bound = present.map { BoundPod($0, resources: layout.resources.keys) }
        let holdings = report.holdings ?? []
        report.unlisted =
            report.holdings == nil ? UnlistedCores() : UnlistedCores(bound, on: layout, listed: holdings)
        let groups = AssignedGroups(
            bound, on: layout, holdings: report.holdings, extenderSchedulers: extenderSchedulers)
        let notes = journal?.notes(on: groups, holdings: holdings, topology: layout.topology, pods: bound)
        for note in notes ?? [] { events.record(note) }
        await link.keep(groups.assignments, stopped: bound.filter(\.pod.hasStopped).map(\.key))
        assignments.queue.add(key)
        // The kubelet lets go of a pod's devices about when the API server lets go of the pod, and tells nobody.
        let keys = Set(bound.map(\.key))
        if holdings.contains(where: { !keys.contains($0.pod) }) {
            podResources.queue.add(key, after: lateInterval)
        }
    }
}
