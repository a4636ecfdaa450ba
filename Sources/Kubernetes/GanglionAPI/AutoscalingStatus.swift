// What the autoscaler has seen and what it wants.

package import KubernetesAPI

extension ModelServerStatus {
    /// `status.autoscaling`.
    package struct AutoscalingStatus: Codable, Equatable, Sendable {
        /// Requests in flight in all pods, averaged, rounded up; nil where no pod has said. It is written anew when it has
        /// changed by more than a tenth.
        package var inFlight: Int?
        /// Pods that said how many they have.
        package var measuredPods: Int
        /// Replicas for that load, before windows and limits; nil where nothing is known.
        package var recommendedReplicas: Int?
        /// Replicas that are wanted now.
        package var desiredReplicas: Int
        /// Why, in a word.
        package var reason: String
        /// Why, in a sentence.
        package var message: String
        /// When the autoscaler last changed `spec.replicas`.
        package var lastScaleTime: Timestamp?
        /// The value of the annotation ganglion.dev/wake that was obeyed last.
        package var wake: String?

        /// What is wanted and why.
        package init(measuredPods: Int, desiredReplicas: Int, reason: String, message: String) {
            self.measuredPods = measuredPods
            self.desiredReplicas = desiredReplicas
            self.reason = reason
            self.message = message
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "What the autoscaler sees, what it wants and why; absent without spec.autoscaling.",
            [
                "inFlight": .integer(
                    """
                    Requests in flight in all pods, averaged over the window and rounded up. Written anew when it has changed by \
                    more than a tenth.
                    """),
                "measuredPods": .integer("Pods that said how many requests they have."),
                "recommendedReplicas": .integer("Replicas for that load, before windows and limits."),
                "desiredReplicas": .integer("Replicas that are wanted now."),
                "reason": .string("Why, in a word."),
                "message": .string("Why, in a sentence."),
                "lastScaleTime": .moment("When the autoscaler last changed spec.replicas."),
                "wake": .string("The value of the annotation ganglion.dev/wake that was obeyed last."),
            ])
    }
}
