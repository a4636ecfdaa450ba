// How far each model is, and where. Three know something of it: the server in the pod, where it says so; the kubelet, whether
// the pod is ready or how it has failed; and the status of before, until a new operator has asked the pods itself.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

/// The models of a server in its pods.
struct ModelObservation: Sendable {
    typealias ModelStatus = ModelServerStatus.ModelStatus

    /// Something that is wrong with a model in a pod.
    struct Fault: Sendable {
        let pod: String
        let model: ServedModel
        let copy: ModelStatus.Copy

        /// Whether the model is not there at all.
        var isFailure: Bool { copy.phase == .failed }
        /// A word for machines.
        var reason: String { isFailure ? "LoadFailed" : "ModelFault" }
        /// Where and what.
        var sentence: String {
            "pod \(pod): model \(model.label): \(copy.message ?? "it could not be loaded")"
        }
    }

    private struct Row {
        let pod: PodInfo
        let failure: PodInfo.Failure?
        /// One for each model of the spec.
        var copies: [ModelStatus.Copy] = []
    }

    private let models: [ServedModel]
    /// The living pods by their names.
    private let rows: [Row]

    /// Looks at the pods.
    init(_ state: ModelServerState, models: [ServedModel]) {
        self.models = models
        let before = state.server.status?.modelStatus?.models ?? []
        rows = state.livingPods.sorted { $0.key < $1.key }.map { pod in
            var row = Row(pod: pod, failure: pod.failure)
            let namesOne = row.failure.map { failure in models.contains(where: failure.names) } ?? false
            row.copies = models.map { model in
                Self.told(model, row, state.reports[pod.uid], before)
                    ?? Self.guessed(model, row, namesOne: namesOne)
            }
            return row
        }
    }

    /// What the pod alone says of a model.
    private static func guessed(_ model: ServedModel, _ row: Row, namesOne: Bool) -> ModelStatus.Copy {
        let pod = row.pod
        let phase: ModelStatus.Phase = pod.isReady ? .ready : pod.node.isEmpty ? .pending : .loading
        var copy = ModelStatus.Copy(pod: pod.key.name, phase: phase)
        guard let failure = row.failure else { return copy }
        // A server that ends because of one model names it; of the others nothing is known.
        if failure.names(model) {
            copy.phase = .failed
            copy.message = ModelReport.line(failure.message)
        } else {
            copy.phase = namesOne ? .pending : .failed
        }
        return copy
    }

    /// What the pod's server says of a model, or has said to the operator before this one; nil for nothing.
    private static func told(
        _ model: ServedModel, _ row: Row, _ report: ModelReport?, _ before: [ModelStatus.Model]
    ) -> ModelStatus.Copy? {
        let name = row.pod.key.name
        var copy: ModelStatus.Copy
        if let report {
            guard let said = report.model(model.name, version: model.version) else { return nil }
            copy = .init(pod: name, phase: said.phase, progress: said.progress, message: said.fault)
        } else {
            let entry = before.first { $0.name == model.name && $0.version ?? "1" == model.version }
            guard row.failure == nil, !row.pod.node.isEmpty,
                let said = entry?.pods.first(where: { $0.pod == name }),
                // These two are not the server's own words.
                said.phase != .pending, said.phase != .loading
            else { return nil }
            copy = said
        }
        if row.pod.isReady, !copy.phase.answers, copy.phase != .failed {
            // The kubelet has asked later.
            copy.phase = .ready
            copy.progress = nil
        }
        if copy.message == nil, let failure = row.failure, failure.names(model) {
            copy.message = ModelReport.line("the last attempt has failed: " + failure.message)
        }
        return copy
    }

    /// Pods in which a model could not be loaded, by uid.
    var failedPods: Set<String> {
        Set(rows.filter { row in row.copies.contains { $0.phase == .failed } }.map(\.pod.uid))
    }

    /// The worst that a pod's server says is wrong with a model; nil while nothing is, or the pod itself has failed.
    var fault: Fault? {
        var first: Fault?
        for row in rows where row.failure == nil {
            for (model, copy) in zip(models, row.copies) {
                let fault = Fault(pod: row.pod.key.name, model: model, copy: copy)
                if fault.isFailure { return fault }
                if copy.message != nil, first == nil { first = fault }
            }
        }
        return first
    }

    /// What the first pod that is not ready does with the first model that is not, in words; nil where no server has said it.
    var progress: String? {
        for row in rows where !row.pod.isReady {
            for (model, copy) in zip(models, row.copies) {
                guard let words = copy.words else { continue }
                return "pod \(row.pod.key.name): model \(model.label) is \(words)"
            }
        }
        return nil
    }

    /// The models as the status has them.
    ///
    /// - Parameters:
    ///   - replicas: how many are wanted.
    ///   - url: where a model answers; nil where nobody knows.
    func entries(replicas: Int, url: (ServedModel) -> String?) -> [ModelStatus.Model] {
        // A status is one object, whatever there is of models and pods.
        let limit = min(16, max(2, 128 / max(1, models.count)))
        return models.indices.map { index in
            let model = models[index]
            var entry = ModelStatus.Model(name: model.name, url: url(model))
            if model.version != "1" { entry.version = model.version }
            let copies = rows.map { $0.copies[index] }
            let answering = Set(rows.filter { $0.copies[index].phase.answers }.map(\.pod.replica)).count
            entry.readyReplicas = answering
            let least = copies.map(\.phase).min()
            // While enough replicas answer, a pod that will take another's place is nobody's trouble.
            let isWhole = replicas > 0 && answering >= replicas && least != .failed
            entry.phase = isWhole ? copies.map(\.phase).filter(\.answers).min() : least ?? .pending
            let troubled = copies.filter { $0.phase != .ready || $0.message != nil }
            entry.pods = Array(troubled.inOrderOfTrouble.prefix(limit))
            return entry
        }
    }
}

extension ServedModel {
    /// The name, with the version where it tells more.
    fileprivate var label: String { version == "1" ? name : "\(name) version \(version)" }
}

extension ModelServerStatus.ModelStatus.Copy {
    /// What happens to it; nil where that is not known, or nothing does.
    fileprivate var words: String? {
        switch phase {
        case .downloading: progress.map { "downloading, \($0) %" } ?? "downloading"
        case .compiling: "compiling"
        case .partitioning: "partitioning"
        case .warmingUp: "warming up"
        case .failed, .pending, .loading, .unloaded, .ready: nil
        }
    }
}

extension [ModelServerStatus.ModelStatus.Copy] {
    /// Failed ones, those with something to say, and the others.
    fileprivate var inOrderOfTrouble: Self {
        func rank(_ copy: Element) -> Int { copy.phase == .failed ? 0 : copy.message != nil ? 1 : 2 }
        return enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }
}

extension PodInfo.Failure {
    /// Whether its words are about a model: servers say "model NAME".
    fileprivate func names(_ model: ServedModel) -> Bool {
        let words = message.split { letter in
            !(letter.isASCII && (letter.isLetter || letter.isNumber) || ".-_".contains(letter))
        }
        return zip(words, words.dropFirst()).contains { one, next in
            one == "model" && (next == model.name || next == model.name + ".")
        }
    }
}
