// The parts put together. What happens anywhere leads to one turn, in which everything is worked out anew from what the
// API server, the plugin and the kubelet have last said; the turn waits for nobody.

internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
package import KubernetesClient
package import Observability
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

    private let settings: Settings
    private let client: KubernetesClient
    private let log: Logger
    private let pods: Informer<Pod>
    private let events: EventRecorder
    private var link: PluginLink?
    private var reader: PodResourcesReader?
    private var publisher: NeuronNodePublisher?
    private var tasks: [Task<Void, Never>] = []

    private var report = NodeReport()
    private var list: [PodResourcesAPI.PodResources]?
    /// nil until it is known what was published before.
    private var journal: EventJournal?
    private var node: ObjectReference
    private var turnIsDue = false

    /// An agent that does nothing before `start`.
    package init(
        settings: Settings, client: KubernetesClient, loop: EventLoop = .shared, log: Logger = .silent
    ) {
        self.settings = settings
        self.client = client
        self.loop = loop
        self.log = log
        pods = Informer(
            client, fieldSelector: "spec.nodeName=\(settings.nodeName)", log: log, loop: loop)
        events = EventRecorder(
            client, controller: WellKnown.agentController, instance: settings.nodeName, log: log, loop: loop)
        node = ObjectReference(apiVersion: "v1", kind: "Node", name: settings.nodeName)
    }

    /// Begins, and goes on until `stop`, whoever cannot be reached.
    package func start() async {
        guard link == nil else { return }
        let link = PluginLink(
            socket: settings.pluginSocket, loop: loop, log: log, firstPause: settings.firstPause
        ) { [weak self] in await self?.hear($0) }
        let reader = PodResourcesReader(
            socket: settings.podResourcesSocket, spacing: settings.podResourcesSpacing,
            interval: settings.podResourcesInterval, loop: loop, log: log
        ) { [weak self] in await self?.hear($0) }
        let publisher = NeuronNodePublisher(
            client, node: settings.nodeName, labelsNode: settings.labelsNode, resync: settings.resync,
            firstPause: settings.firstPause, loop: loop, log: log
        ) { [weak self] in await self?.read(published: $0, nodeUID: $1) }
        (self.link, self.reader, self.publisher) = (link, reader, publisher)
        await pods.start()
        await events.start()
        await link.start()
        await reader.start()
        await publisher.start()
        let store = pods.store
        let changes = store.changes()
        tasks = [
            // A node without pods brings no change: that the copy is whole is news as well.
            Task { [weak self] in
                await store.synced()
                await self?.podsChanged()
            },
            Task { [weak self] in for await _ in changes { await self?.podsChanged() } },
        ]
    }

    /// Ends everything; the plugin keeps the assignments that it has.
    package func stop() async {
        await reader?.stop()
        await link?.stop()
        await publisher?.stop()
        await pods.stop()
        await events.stop()
        for task in tasks { await task.value }
    }

    private func hear(_ word: PluginLink.Word) {
        switch word {
        case .state(let state):
            report.layout = NodeLayout(state)
            report.pluginFault = nil
        case .fault(let why): report.pluginFault = why
        }
        turnSoon()
    }

    private func hear(_ word: PodResourcesReader.Word) {
        switch word {
        case .list(let list):
            self.list = list
            report.kubeletFault = nil
        case .fault(let why): report.kubeletFault = why
        }
        turnSoon()
    }

    private func read(published: NeuronNodeStatus?, nodeUID: String?) {
        if journal == nil { journal = EventJournal(published: published) }
        if let nodeUID, !nodeUID.isEmpty { node.uid = nodeUID }
        turnSoon()
    }

    private func podsChanged() {
        reader?.refresh()
        turnSoon()
    }

    private func turnSoon() {
        guard !turnIsDue else { return }
        turnIsDue = true
        Task { await turn() }
    }

    private func turn() async {
        turnIsDue = false
        if let layout = report.layout {
            report.holdings = list.map { Holding.read($0, on: layout) }
            // Before the pods are known as a whole, silence: the plugin would take it for their end.
            if pods.store.isSynced { await assign(on: layout) }
            for note in journal?.notes(on: layout, node: node) ?? [] { events.record(note) }
        }
        // At a start each side gets its chance to speak: or every start would make the conditions flicker.
        guard report.layout != nil || report.pluginFault != nil, list != nil || report.kubeletFault != nil
        else { return }
        await publisher?.publish(report)
    }

    private func assign(on layout: NodeLayout) async {
        let bound = pods.store.list().map { BoundPod($0, resources: layout.resources.keys) }
        let groups = AssignedGroups(bound, on: layout, holdings: report.holdings)
        let notes = journal?.notes(
            on: groups, holdings: report.holdings ?? [], topology: layout.topology, pods: bound)
        for note in notes ?? [] { events.record(note) }
        await link?.keep(groups.assignments)
    }
}
