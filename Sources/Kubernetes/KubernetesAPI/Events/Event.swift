// An event (events.k8s.io/v1, and the same object as core/v1 has it).

/// Whether somebody should look.
package struct EventType: OpenEnumeration {
    package let rawValue: String
    /// Any word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing is wrong.
    package static let normal = EventType(rawValue: "Normal")
    /// Somebody should look.
    package static let warning = EventType(rawValue: "Warning")
}

/// An event as events.k8s.io/v1 has it.
package struct Event: Resource {
    /// `events` of events.k8s.io.
    package static let resource = APIResource.events
    package private(set) var apiVersion = VersionField<Event>()
    package private(set) var kind = KindField<Event>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// When it happened first.
    @MicroTime package var eventTime: Timestamp?
    /// How often it has happened since.
    package var series: EventSeries?
    /// Who reports, such as `ganglion.dev/operator`.
    package var reportingController: String?
    /// Which process of it.
    package var reportingInstance: String?
    /// What was done, CamelCase.
    package var action: String?
    /// Why, CamelCase.
    package var reason: String?
    /// What it is about.
    package var regarding: ObjectReference?
    /// What else has to do with it.
    package var related: ObjectReference?
    /// A sentence of at most 1024 bytes.
    package var note: String?
    /// Whether somebody should look.
    package var type: EventType?

    /// An event.
    package init(_ metadata: ObjectMetadata = ObjectMetadata()) { self.metadata = metadata }
}

/// How often an event has happened after the first time.
package struct EventSeries: Codable, Hashable, Sendable {
    /// How often in all.
    package var count: Int
    /// When last.
    @MicroTime package var lastObservedTime: Timestamp?

    /// A series.
    package init(count: Int, lastObservedTime: Timestamp?) {
        self.count = count
        self.lastObservedTime = lastObservedTime
    }
}

/// An event as core/v1 has it, which kubelets write.
package struct CoreEvent: Resource {
    /// `events` of the core group.
    package static let resource = APIResource.coreEvents
    package private(set) var apiVersion = VersionField<CoreEvent>()
    package private(set) var kind = KindField<CoreEvent>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// What it is about.
    package var involvedObject: ObjectReference
    /// Why, CamelCase.
    package var reason: String?
    /// A sentence.
    package var message: String?
    /// Who has said it.
    package var source: EventSource?
    /// When it happened first.
    package var firstTimestamp: Timestamp?
    /// When it happened last.
    package var lastTimestamp: Timestamp?
    /// How often it has happened.
    package var count: Int?
    /// Whether somebody should look.
    package var type: EventType?
    /// When it happened first, of an event of events.k8s.io.
    @MicroTime package var eventTime: Timestamp?
    /// How often it has happened since, of an event of events.k8s.io.
    package var series: EventSeries?
    /// What was done, CamelCase.
    package var action: String?
    /// What else has to do with it.
    package var related: ObjectReference?
    /// Who reports.
    package var reportingComponent: String?
    /// Which process of it.
    package var reportingInstance: String?

    /// An event.
    package init(_ metadata: ObjectMetadata, about involvedObject: ObjectReference) {
        self.metadata = metadata
        self.involvedObject = involvedObject
    }
}

/// Who has said it, in core/v1.
package struct EventSource: Codable, Hashable, Sendable {
    /// The program.
    package var component: String?
    /// The node that it runs on.
    package var host: String?

    /// A source.
    package init(component: String?, host: String? = nil) {
        self.component = component
        self.host = host
    }
}
