// An event (events.k8s.io/v1, and the same object as core/v1 has it).

/// Whether somebody should look.
public struct EventType: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing is wrong.
    public static let normal = EventType(rawValue: "Normal")
    /// Somebody should look.
    public static let warning = EventType(rawValue: "Warning")
}

/// An event as events.k8s.io/v1 has it.
public struct Event: Resource {
    /// `events` of events.k8s.io.
    public static let resource = APIResource.events
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Event>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Event>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// When it happened first.
    @MicroTime public var eventTime: Timestamp?
    /// How often it has happened since.
    public var series: EventSeries?
    /// Who reports, such as `ganglion.dev/operator`.
    public var reportingController: String?
    /// Which process of it.
    public var reportingInstance: String?
    /// What was done, CamelCase.
    public var action: String?
    /// Why, CamelCase.
    public var reason: String?
    /// What it is about.
    public var regarding: ObjectReference?
    /// What else has to do with it.
    public var related: ObjectReference?
    /// A sentence of at most 1024 bytes.
    public var note: String?
    /// Whether somebody should look.
    public var type: EventType?

    /// An event.
    public init(_ metadata: ObjectMetadata = ObjectMetadata()) { self.metadata = metadata }
}

/// How often an event has happened after the first time.
public struct EventSeries: Codable, Hashable, Sendable {
    /// How often in all.
    public var count: Int
    /// When last.
    @MicroTime public var lastObservedTime: Timestamp?

    /// A series.
    public init(count: Int, lastObservedTime: Timestamp?) {
        self.count = count
        self.lastObservedTime = lastObservedTime
    }
}

/// An event as core/v1 has it, which kubelets write.
public struct CoreEvent: Resource {
    /// `events` of the core group.
    public static let resource = APIResource.coreEvents
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<CoreEvent>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<CoreEvent>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// What it is about.
    public var involvedObject: ObjectReference
    /// Why, CamelCase.
    public var reason: String?
    /// A sentence.
    public var message: String?
    /// Who has said it.
    public var source: EventSource?
    /// When it happened first.
    public var firstTimestamp: Timestamp?
    /// When it happened last.
    public var lastTimestamp: Timestamp?
    /// How often it has happened.
    public var count: Int?
    /// Whether somebody should look.
    public var type: EventType?
    /// When it happened first, of an event of events.k8s.io.
    @MicroTime public var eventTime: Timestamp?
    /// How often it has happened since, of an event of events.k8s.io.
    public var series: EventSeries?
    /// What was done, CamelCase.
    public var action: String?
    /// What else has to do with it.
    public var related: ObjectReference?
    /// Who reports.
    public var reportingComponent: String?
    /// Which process of it.
    public var reportingInstance: String?

    /// An event.
    public init(_ metadata: ObjectMetadata, about involvedObject: ObjectReference) {
        self.metadata = metadata
        self.involvedObject = involvedObject
    }
}

/// Who has said it, in core/v1.
public struct EventSource: Codable, Hashable, Sendable {
    /// The program.
    public var component: String?
    /// The node that it runs on.
    public var host: String?

    /// A source.
    public init(component: String?, host: String? = nil) {
        self.component = component
        self.host = host
    }
}
