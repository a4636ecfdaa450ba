// Helm's own engine, in a process of its own that renders all sets of values at once: loading it takes longer than using it.

import JSON
import SystemIO
import TestSupport

/// What Helm makes of the chart.
enum Helm {
    /// The chart's directory.
    static let chart = Python.root + "/charts/ganglion"
    /// The lowest Kubernetes that the chart is for, and the newest that there are schemas of.
    static let versions = ["1.30.0", "1.37.0"]

    /// One rendering of every set of values in the tests.
    private static let answers = Task { () throws -> JSON in
        let request = Scratch.path(".json")
        var sets: [String: JSON] = [:]
        for set in ValueSet.all { sets[set.name] = .string(set.values) }
        for refusal in Refusal.all { sets[refusal.values] = .string(refusal.values) }
        let body: JSON = [
            "sets": .object(sets), "files": .array(Manifests.files.map { .string($0) }),
            "versions": .array(versions.map { .string($0) }),
        ]
        try Files.write(request, Array(body.text().utf8))
        let peer = try PythonPeer("helm_chart.py", [chart, request])
        let text = try await peer.text()
        await peer.finish()
        return try JSON(parsing: Array(text.utf8))
    }

    /// What the peer says of a set of values by its name, or of a file by its path.
    static func answer(_ name: String) async throws -> JSON {
        try await answers.value[name] ?? .null
    }
}

/// The objects that a set of values makes.
struct Rendering {
    /// By kind and name, such as `DaemonSet ganglion-node`.
    let objects: [String: JSON]
    /// What NOTES.txt says.
    let notes: String
    /// The templates' text.
    let text: String

    /// - Throws: where Helm refused the values.
    init(_ name: String) async throws {
        let answer = try await Helm.answer(name)
        guard let objects = answer["objects"]?.array else { throw Refused(answer["error"]?.string ?? "") }
        self.init(objects, notes: answer["notes"]?.string ?? "", text: answer["text"]?.string ?? "")
    }

    init(_ objects: [JSON], notes: String = "", text: String = "") {
        self.objects = Dictionary(
            objects.map { ("\($0["kind"]?.string ?? "") \($0["metadata"]?["name"]?.string ?? "")", $0) },
            uniquingKeysWith: { first, _ in first })
        self.notes = notes
        self.text = text
    }

    /// The specifications of all pods: of DaemonSet, Deployment, Job and the pod of `helm test`.
    var pods: [JSON] {
        objects.values.compactMap { object in
            object["kind"] == "Pod" ? object["spec"] : object["spec"]?["template"]?["spec"]
        }
    }

    /// Every container, init containers among them.
    var containers: [JSON] {
        pods.flatMap { ($0["initContainers"]?.array ?? []) + ($0["containers"]?.array ?? []) }
    }

    /// A container by its name.
    func container(_ name: String) -> JSON? { containers.first { $0["name"]?.string == name } }

    /// A value by its dotted path; numbers are places in lists.
    static func value(_ path: String, in object: JSON?) -> JSON? {
        path.split(separator: ".").reduce(object) { value, step in
            if let place = Int(step), let list = value?.array {
                return list.indices.contains(place) ? list[place] : nil
            }
            return value?[String(step)]
        }
    }
}

/// Helm refused the values.
struct Refused: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension JSON {
    /// The strings of a list.
    var strings: [String] { (array ?? []).compactMap(\.string) }
}
