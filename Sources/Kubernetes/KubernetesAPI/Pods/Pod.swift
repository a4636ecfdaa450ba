// A pod. Spec and status stand behind one pointer each: a cluster's copy of its pods is a table of small values.

/// A pod (core/v1).
public struct Pod: Resource {
    /// `pods` of the core group.
    public static let resource = APIResource.pods
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Pod>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Pod>()
    /// Name, namespace, labels ...
    public var metadata: ObjectMetadata
    private var boxedSpec: Boxed<PodSpec>
    private var boxedStatus: Boxed<PodStatus>

    private enum CodingKeys: String, CodingKey {
        case apiVersion, kind, metadata
        case boxedSpec = "spec"
        case boxedStatus = "status"
    }

    /// A pod.
    public init(
        _ metadata: ObjectMetadata = ObjectMetadata(), spec: PodSpec = PodSpec(),
        status: PodStatus = PodStatus()
    ) {
        self.metadata = metadata
        boxedSpec = Boxed(spec)
        boxedStatus = Boxed(status)
    }

    /// What it is to be.
    public var spec: PodSpec {
        _read { yield boxedSpec.value }
        _modify { yield &boxedSpec.value }
    }

    /// What has become of it.
    public var status: PodStatus {
        _read { yield boxedStatus.value }
        _modify { yield &boxedStatus.value }
    }
}

extension Pod {
    /// How far it has come.
    public var phase: PodPhase { status.phase ?? .pending }
    /// Whether it has ended for good and holds nothing any more.
    public var isTerminal: Bool { phase == .succeeded || phase == .failed }
    /// Whether it has ended for good and, as far as its node has said, none of its containers runs any more. A pod that is
    /// evicted fails first and is stopped then.
    public var hasStopped: Bool {
        isTerminal
            && (status.containerStatuses + status.initContainerStatuses).allSatisfy {
                $0.state.running == nil
            }
    }
    /// Whether it has been placed.
    public var isBound: Bool { !(spec.nodeName ?? "").isEmpty }
    /// Whether its readiness condition is true.
    public var isReady: Bool { status.conditions.isTrue("Ready") }
}
