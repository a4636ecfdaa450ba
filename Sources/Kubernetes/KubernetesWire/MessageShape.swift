// The built-in types once more, as those read them who read thousands a second: fields by number and by the octets of their
// names, and how each is written.

/// What a field holds, without its element types.
enum FieldKind: UInt8, Sendable {
    case string, octets, bool, int, double, time, quantity, intOrString, message
    /// Nobody here reads it.
    case skipped
}

/// How many of it there are.
enum FieldShare: UInt8, Sendable { case one, list, map }

/// One field of a message.
struct FieldShape: Sendable {
    var number: Int
    var kind: FieldKind
    var share: FieldShare
    /// Whether "", 0 and false are more than the absence of a value.
    var keepsZero: Bool
    /// Whether its fields stand among the others in JSON.
    var isEmbedded: Bool
    /// The message in `MessageShapes.all`; -1 for other kinds.
    var child: Int
    /// Whether its octets are likely to stand in many objects.
    var isShared: Bool
}

/// A message.
final class MessageShape: Sendable {
    /// A field by its name in JSON.
    struct NamedField: Sendable, Equatable {
        var outer: Int
        /// The field of the embedded message; -1 where it stands in the message itself.
        var inner: Int
    }

    /// By number.
    let fields: [FieldShape]
    /// Their names as JSON has them, in the same order.
    let keys: [String]
    /// Names as JSON has them, those of embedded messages as well.
    let names: [String: NamedField]
    /// The place of each number in `fields`; -1 for those that are not known.
    private let places: [Int16]
    /// Names by a hash of their octets: open addressing, -1 for nothing.
    private let buckets: [Int16]
    private let bucketed: [(octets: [UInt8], field: NamedField)]

    init(_ fields: [FieldShape], keys: [String], names: [String: NamedField]) {
        self.fields = fields
        self.keys = keys
        self.names = names
        var places = [Int16](repeating: -1, count: (fields.last?.number ?? 0) + 1)
        for (place, field) in fields.enumerated() { places[field.number] = Int16(place) }
        self.places = places
        var size = 4
        while size < names.count * 2 { size *= 2 }
        var buckets = [Int16](repeating: -1, count: size)
        var bucketed: [(octets: [UInt8], field: NamedField)] = []
        for (name, field) in names.sorted(by: { $0.key < $1.key }) {
            let octets = Array(name.utf8)
            var bucket = octets.withUnsafeBytes { Self.hash($0) } & (size - 1)
            while buckets[bucket] >= 0 { bucket = (bucket + 1) & (size - 1) }
            buckets[bucket] = Int16(bucketed.count)
            bucketed.append((octets, field))
        }
        self.buckets = buckets
        self.bucketed = bucketed
    }

    func field(number: Int) -> Int { number < places.count ? Int(places[number]) : -1 }

    /// The field of a name.
    func field(_ name: String) -> NamedField? {
        var name = name
        return name.withUTF8 { field(UnsafeRawBufferPointer($0)) }
    }

    /// The field of a name.
    func field(_ octets: UnsafeRawBufferPointer) -> NamedField? {
        var bucket = Self.hash(octets) & (buckets.count - 1)
        while buckets[bucket] >= 0 {
            let place = Int(buckets[bucket])
            if bucketed[place].octets.count == octets.count, bucketed[place].octets.elementsEqual(octets) {
                return bucketed[place].field
            }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    static func hash(_ octets: UnsafeRawBufferPointer) -> Int {
        guard let first = octets.first, let last = octets.last else { return 0 }
        let middle = octets[octets.count / 2]
        return Int(first) &* 31 &+ Int(last) &* 17 &+ Int(middle) &* 7 &+ octets.count &* 131
    }
}

/// All messages of the built-in types.
final class MessageShapes: Sendable {
    static let all = MessageShapes()

    let shapes: [MessageShape]
    private let indices: [String: Int]

    /// The message of a kind, nil for kinds that are not built in.
    func root(of kind: String, group: String) -> Int? {
        let package = group.split(separator: ".").first.map(String.init) ?? ""
        return indices["\(package).\(kind)"] ?? indices[kind]
    }

    /// The message of a name, such as `Container`.
    func number(of name: String) -> Int? { indices[name] }

    private init() {
        let messages = BuiltInTypes.messages
        let keys = messages.keys.sorted()
        let indices = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
        self.indices = indices
        let fields = keys.map { key in
            (messages[key]?.numbers.values.sorted { $0.number < $1.number } ?? []).map {
                (name: $0.name, shape: Self.shape($0, key, indices))
            }
        }
        shapes = fields.map { own in
            var names: [String: MessageShape.NamedField] = [:]
            for (outer, field) in own.enumerated() where !field.shape.isEmbedded {
                names[field.name] = MessageShape.NamedField(outer: outer, inner: -1)
            }
            for (outer, field) in own.enumerated() where field.shape.isEmbedded && field.shape.child >= 0 {
                for (inner, embedded) in fields[field.shape.child].enumerated()
                where names[embedded.name] == nil {
                    names[embedded.name] = MessageShape.NamedField(outer: outer, inner: inner)
                }
            }
            return MessageShape(own.map(\.shape), keys: own.map(\.name), names: names)
        }
    }

    private static func shape(
        _ field: BuiltInTypes.Field, _ message: String, _ indices: [String: Int]
    ) -> FieldShape {
        var (value, share) = (field.value, FieldShare.one)
        if case .list(let element) = value { (value, share) = (element, .list) }
        if case .map(let element) = value { (value, share) = (element, .map) }
        let (kind, child) = kind(value, indices)
        return FieldShape(
            number: field.number, kind: kind, share: share, keepsZero: field.keepsZero,
            isEmbedded: field.isEmbedded, child: child,
            isShared: SharedFields.names.contains("\(message).\(field.name)"))
    }

    private static func kind(_ value: BuiltInTypes.Value, _ indices: [String: Int]) -> (FieldKind, Int) {
        switch value {
        case .string: (.string, -1)
        case .octets: (.octets, -1)
        case .bool: (.bool, -1)
        case .int32, .int64: (.int, -1)
        case .double: (.double, -1)
        case .time, .microTime: (.time, -1)
        case .quantity: (.quantity, -1)
        case .intOrString: (.intOrString, -1)
        case .message("ManagedFieldsEntry"): (.skipped, -1)
        case .message(let name): indices[name].map { (.message, $0) } ?? (.skipped, -1)
        case .anything, .schemaOrList, .schemaOrBool, .schemaOrStrings, .list, .map: (.skipped, -1)
        }
    }
}

/// Fields whose values are the same in many objects: they are kept once.
enum SharedFields {
    static let names: Set<String> = [
        "ObjectMeta.namespace", "ObjectMeta.generateName", "ObjectMeta.labels", "ObjectMeta.ownerReferences",
        "ObjectMeta.finalizers", "PodSpec.initContainers", "PodSpec.containers", "PodSpec.nodeName",
        "PodSpec.nodeSelector", "PodSpec.tolerations", "PodSpec.affinity", "PodSpec.schedulerName",
        "PodSpec.serviceAccountName", "PodSpec.serviceAccount", "PodSpec.priorityClassName",
        "PodSpec.topologySpreadConstraints", "PodSpec.overhead", "PodSpec.restartPolicy", "PodSpec.dnsPolicy",
        "PodSpec.securityContext", "PodSpec.preemptionPolicy", "PodSpec.resources", "PodSpec.schedulingGates",
        "PodStatus.phase", "PodStatus.qosClass", "PodStatus.hostIP", "PodStatus.hostIPs", "PodStatus.reason",
        "PodStatus.containerStatuses", "PodStatus.initContainerStatuses", "PodStatus.nominatedNodeName",
        "NodeStatus.capacity", "NodeStatus.allocatable", "NodeStatus.images", "NodeStatus.daemonEndpoints",
        "NodeStatus.runtimeHandlers", "NodeStatus.features", "NodeSpec.taints",
    ]
}
