// Half of a pod's octets say how its containers are started and probed. Who keeps thousands of pods and reads none of that
// need not decode it.

/// Fields of protobuf messages that are read as if they were absent. In JSON they are read all the same.
public struct OmittedFields: Sendable {
    /// By number of the message, by place of the field; nil for messages of which everything is read.
    private let flags: [[Bool]?]
    /// Names that no message has, as they were given.
    public let unknown: [String]

    /// Fields by message and name in JSON, such as `Container.env`.
    public init(_ names: [String]) {
        var flags: [[Bool]?] = Array(repeating: nil, count: MessageShapes.all.shapes.count)
        var unknown: [String] = []
        for name in names {
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let number = MessageShapes.all.number(of: String(parts[0])),
                let place = MessageShapes.all.shapes[number].keys.firstIndex(of: String(parts[1]))
            else {
                unknown.append(name)
                continue
            }
            let shape = MessageShapes.all.shapes[number]
            var own = flags[number] ?? Array(repeating: false, count: shape.fields.count)
            own[place] = true
            flags[number] = own
        }
        self.flags = flags
        self.unknown = unknown
    }

    /// The fields of a message, by place; nil where all are read.
    func fields(ofMessage number: Int) -> [Bool]? { flags[number] }
}
