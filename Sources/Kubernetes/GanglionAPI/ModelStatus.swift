// How far the models of a ModelServer are: of each model, and in each pod that has something to say of it.

internal import KubernetesAPI

extension ModelServerStatus {
    /// How far the models are, in the words of KServe's ModelMesh.
    package struct ModelStatus: Codable, Equatable, Sendable {
        /// The way to what the spec says.
        package enum Transition: String, CaseIterable, Codable, Sendable {
            /// All copies serve.
            case upToDate = "UpToDate"
            /// Some still load.
            case inProgress = "InProgress"
            /// A pod has failed, so it does not go on.
            case blockedByFailedLoad = "BlockedByFailedLoad"
            /// The spec cannot be carried out.
            case invalidSpec = "InvalidSpec"
        }

        /// Copies of the models.
        package struct Copies: Codable, Equatable, Sendable {
            /// Copies that serve.
            package var total: Int
            /// Copies in pods that have failed.
            package var failed: Int

            /// Counts of replicas, both at least 0.
            package init(total: Int, failed: Int) {
                self.total = total
                self.failed = failed
            }

            /// What it may hold.
            package static let schema = Schema.object(
                "Copies of the models.",
                [
                    "total": .integer("Copies that serve."),
                    "failed": .integer("Copies in pods that have failed."),
                ])
        }

        /// How far a model is, in the server's own words where it says them, else in those of its pod.
        package enum Phase: String, CaseIterable, Codable, Comparable, Sendable {
            /// It could not be loaded; the message says why.
            case failed = "Failed"
            /// Its pod has no node yet, or it waits for its turn.
            case pending = "Pending"
            /// Its files are on their way.
            case downloading = "Downloading"
            /// It is read, or the server does not say more.
            case loading = "Loading"
            /// It is made a program for its cores.
            case compiling = "Compiling"
            /// The program comes onto the cores.
            case partitioning = "Partitioning"
            /// The groups compute with it for the first time.
            case warmingUp = "WarmingUp"
            /// Others needed its memory; the next request brings it back.
            case unloaded = "Unloaded"
            /// It answers.
            case ready = "Ready"

            /// Whether it answers requests.
            package var answers: Bool { self == .ready || self == .unloaded }

            /// The less advanced come first.
            package static func < (one: Self, other: Self) -> Bool {
                one.order < other.order
            }

            private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        }

        /// A model in one pod.
        package struct Copy: Codable, Equatable, Sendable {
            /// The pod's name.
            package var pod: String
            /// How far the model is there.
            package var phase: Phase
            /// Percent of its files that have come, in tens; nil where it is not downloading, or nobody knows how much there is.
            package var progress: Int?
            /// What is wrong with it there, in the server's words; nil for nothing.
            package var message: String?

            /// A copy.
            package init(pod: String, phase: Phase, progress: Int? = nil, message: String? = nil) {
                self.pod = pod
                self.phase = phase
                self.progress = progress
                self.message = message
            }

            /// What it may hold.
            package static let schema = Schema.object(
                "",
                [
                    "pod": .string("The pod's name."),
                    "phase": .choice("How far the model is there.", of: Phase.self),
                    "progress": .integer(
                        "Percent of its files that have come, in tens, while they are on their way."),
                    "message": .string("What is wrong with it there, in the server's words."),
                ], required: ["pod"])
        }

        /// One model.
        package struct Model: Codable, Equatable, Sendable {
            /// Its name.
            package var name: String
            /// Its version; nil for the only one that most have, 1.
            package var version: String?
            /// Where it answers; nil where nobody knows.
            package var url: String?
            /// How far it is: ready where as many replicas as are wanted have it, else where it is least far.
            package var phase: Phase?
            /// Replicas in which it answers.
            package var readyReplicas: Int?
            /// Pods in which it is not ready, or of which something is wrong, the worst first; not all of very many.
            package var pods: [Copy] = []

            /// A model.
            package init(name: String, url: String?) {
                self.name = name
                self.url = url
            }

            /// What it may hold.
            package static let schema = Schema.object(
                "",
                [
                    "name": .string("The model's name."),
                    "version": .string("Its version, where it is another than 1."),
                    "url": .string("Where it answers; absent where only its server knows."),
                    "phase": .choice(
                        "How far it is: Ready where as many replicas as are wanted have it, else where it is least far.",
                        of: Phase.self),
                    "readyReplicas": .integer("Replicas in which it answers."),
                    "pods": .list(
                        "Pods in which it is not ready, or something is wrong with it, the worst first; the first 16 of them, fewer where there are many models.",
                        of: Copy.schema, count: 0...16),
                ])
        }

        /// The last failure.
        package struct FailureInfo: Codable, Equatable, Sendable {
            /// Where: a pod's name, or `spec`.
            package var location: String
            /// A word for machines.
            package var reason: String
            /// What the failed one said.
            package var message: String
            /// The exit code of the container; nil where it did not end.
            package var exitCode: Int?

            /// A failure.
            package init(location: String, reason: String, message: String, exitCode: Int? = nil) {
                self.location = location
                self.reason = reason
                self.message = message
                self.exitCode = exitCode
            }

            /// What it may hold.
            package static let schema = Schema.object(
                "The last failure; absent while nothing fails.",
                [
                    "location": .string("The pod that failed, or spec."),
                    "reason": .string("Why, in a word."),
                    "message": .string("What the server or the API server said last."),
                    "exitCode": .integer("How the server ended, where it did."),
                ])
        }

        /// How far it is.
        package var transitionStatus: Transition
        /// How many copies; nil where that cannot be said.
        package var copies: Copies?
        /// The models and where they answer.
        package var models: [Model]
        /// What went wrong last; nil while nothing does.
        package var lastFailureInfo: FailureInfo?

        /// A status.
        package init(
            _ transitionStatus: Transition, copies: Copies? = nil, models: [Model] = [],
            lastFailureInfo: FailureInfo? = nil
        ) {
            self.transitionStatus = transitionStatus
            self.copies = copies
            self.models = models
            self.lastFailureInfo = lastFailureInfo
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "How far the models are, in the words of KServe's ModelMesh.",
            [
                "transitionStatus": .choice("The way to what the spec says.", of: Transition.self),
                "copies": Copies.schema,
                "models": .list("The models and where they answer.", of: Model.schema, count: 0...64),
                "lastFailureInfo": FailureInfo.schema,
            ])
    }
}
