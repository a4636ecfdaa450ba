// Writes the NeuronNode, and the Node's label where that is wanted, and only when they would change. What the server has
// is read once at the start and every few minutes, for somebody may have removed it; in between it is known from the
// answers to our own writes.

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// Keeps the NeuronNode true.
actor NeuronNodePublisher: LoopActor {
    nonisolated let loop: EventLoop

    /// What the server has.
    struct Update: Sendable {
        /// The status of the NeuronNode, nil where there is none.
        var published: NeuronNodeStatus?
        /// The uid of the Node, nil where there is none.
        var nodeUID: String?
    }

    /// What is known of the server's copy.
    private enum Stored {
        /// It has to be read.
        case unknown
        case absent
        case present(NeuronNode)
    }

    private let client: KubernetesClient
    private let node: String
    private let labelsNode: Bool
    private let resync: Duration
    private let log: Logger
    /// What was read of the server, for one reader: at the start before anything is written, and at each resync.
    nonisolated let updates: AsyncStream<Update>
    private nonisolated let continuation: AsyncStream<Update>.Continuation
    /// What was last said to be wrong.
    private var warning = ""

    /// The newest report; nil before the first.
    private var report: NodeReport?
    /// The server's copy.
    private var stored = Stored.unknown
    /// When `stored` is to be read again.
    private var stale = Duration.zero
    /// What was written last, and what the server made of it.
    private var written: (status: NeuronNodeStatus, answer: NeuronNodeStatus?)?
    /// The Node as the owner of what is made; it stays what it was. To change an object's owner, one needs the right to
    /// delete it where OwnerReferencesPermissionEnforcement is on (OpenShift); the NeuronNode of a Node that is made anew goes
    /// with the old one.
    private var owner: OwnerReference?
    /// Why the Node could not be read, nil where it could, or is not there.
    private var nodeFault: KubernetesError?
    /// The server's copy of the Node, nil while there is none.
    private var nodeObject: LabelledNode?
    private var labelWarning = ""
    /// Readings in a row at which there were no chips.
    private var readingsWithoutChips = 0

    /// - Parameters:
    ///   - labelsNode: whether the Node gets the label `NodeLabel.key`.
    ///   - resync: how long the server's copy is believed in.
    init(
        _ client: KubernetesClient, node: String, labelsNode: Bool, resync: Duration, loop: EventLoop,
        log: Logger
    ) {
        self.client = client
        self.node = node
        self.labelsNode = labelsNode
        self.resync = resync
        self.loop = loop
        self.log = log
        (updates, continuation) = AsyncStream.makeStream()
    }

    /// How soon a write that failed is tried again, whatever is new.
    static func pace(firstPause: Duration) -> ReconcilePace {
        var pace = ReconcilePace()
        pace.backoff = Backoff(base: firstPause, limit: .seconds(30), jitter: 0...1)
        pace.waitsOutBackoff = true
        return pace
    }

    /// This is true now; what was reported before and is not written yet no longer matters.
    ///
    /// - Returns: whether it is new, and `publish` has to be called.
    func use(_ report: NodeReport) -> Bool {
        guard self.report != report else { return false }
        self.report = report
        return true
    }

    /// Brings the server up to date.
    func publish() async throws -> ReconcileResult {
        do throws(KubernetesError) {
            try await pass()
            if !warning.isEmpty { log.info("the NeuronNode can be written again") }
            warning = ""
            return .requeue(after: max(.milliseconds(1), stale - MonotonicClock.time))
        } catch {
            let sentence = Self.sentence(error, isThere: isStored)
            if warning != sentence, !Task.isCancelled {
                log.warning("the NeuronNode is not written", ["error": sentence])
            }
            warning = sentence
            // Whatever went wrong, what the server has is no longer certain.
            stored = .unknown
            throw error
        }
    }

    /// An object that is made cannot be missing: then its kind is.
    ///
    /// - Parameter isThere: whether the server had the object when it was last asked.
    static func sentence(_ error: KubernetesError, isThere: Bool) -> String {
        guard error.isNotFound, !isThere else { return error.description }
        let resource = APIResource.neuronNodes
        return "the cluster does not know \(resource.plural).\(resource.group): install that "
            + "CustomResourceDefinition, the object is written as soon as it is there"
    }

    private var isStored: Bool { if case .present = stored { true } else { false } }

    private func pass() async throws(KubernetesError) {
        if case .unknown = stored {
            try await read()
        } else if MonotonicClock.time >= stale {
            try await read()
        }
        guard let report else { return }
        await label(report)
        guard let current = try await storedOrMade() else { return }
        // A server with an older definition drops the time.
        let status = report.status(
            previous: current.status, renewed: current.status?.reportTime ?? written?.status.reportTime,
            now: .now)
        // The second comparison keeps a server that stores less than was sent from being written to for ever.
        guard status != current.status,
            written.map({ $0.status == status && $0.answer == current.status }) != true
        else { return }
        let answer = try await client.apply(
            NeuronNode(metadata: ObjectMetadata(name: node), status: status), manager: WellKnown.agentManager,
            subresource: "status")
        stored = .present(answer)
        written = (status, answer.status)
        log.debug("NeuronNode written", ["free": status.freeCores])
    }

    /// The server's copy, made where there is none.
    ///
    /// - Returns: nil where there can be none yet: a Node may come after its agent, and nothing is told of it before.
    private func storedOrMade() async throws(KubernetesError) -> NeuronNode? {
        if case .present(let object) = stored { return object }
        guard let owner else {
            if let nodeFault { throw nodeFault }
            return nil
        }
        let object = NeuronNode(metadata: ObjectMetadata(name: node, ownerReferences: [owner]))
        let made = try await client.apply(object, manager: WellKnown.agentManager)
        stored = .present(made)
        return made
    }

    /// Brings the Node's label up to date. What goes wrong here leaves the NeuronNode alone; it is tried again when the Node
    /// has been read again.
    private func label(_ report: NodeReport) async {
        guard labelsNode, let layout = report.layout, let current = nodeObject else { return }
        let hasChips = !layout.chips.isEmpty
        // A plugin that has just started has none yet. Pods that were chosen by the label must not lose it for that.
        guard hasChips || readingsWithoutChips >= 2 else { return }
        guard let wanted = NodeLabel.configuration(for: current, hasChips: hasChips) else { return }
        do throws(KubernetesError) {
            guard let configuration = try? JSON(encoding: wanted) else { return }
            let answer = try await client.apply(
                .nodes, configuration, manager: WellKnown.agentManager, force: false)
            nodeObject = try? answer.decode()
            log.info("Node labelled", ["label": NodeLabel.key, "present": hasChips])
            labelWarning = ""
        } catch {
            nodeObject = nil
            if labelWarning != error.description, !Task.isCancelled {
                log.warning(
                    "the Node's label is not written", ["label": NodeLabel.key, "error": error.description])
            }
            labelWarning = error.description
        }
    }

    /// Reads what the server has.
    private func read() async throws(KubernetesError) {
        var found: NeuronNode?
        do throws(KubernetesError) {
            found = try await client.get(NeuronNode.self, ObjectKey(name: node))
        } catch {
            guard error.isNotFound else { throw error }
        }
        readingsWithoutChips = report?.layout?.chips.isEmpty == true ? readingsWithoutChips + 1 : 0
        (nodeObject, owner, nodeFault) = (nil, nil, nil)
        do throws(KubernetesError) {
            let found = try await client.get(.nodes, ObjectKey(name: node))
            nodeObject = try? found.decode()
        } catch {
            if !error.isNotFound { nodeFault = error }
        }
        if let uid = nodeObject?.metadata.uid, !uid.isEmpty {
            owner = OwnerReference(apiVersion: "v1", kind: "Node", name: node, uid: uid, controller: false)
        }
        stored = found.map { .present($0) } ?? .absent
        // Up to a fifth longer, or agents that were started together would ask together for ever. A Node may be made after
        // its agent has started: until then it is looked for every second.
        let pause = owner == nil ? min(resync, .seconds(1)) : resync
        stale = MonotonicClock.time + pause + pause * Double.random(in: 0...0.2)
        continuation.yield(Update(published: found?.status, nodeUID: nodeObject?.metadata.uid))
    }
}
