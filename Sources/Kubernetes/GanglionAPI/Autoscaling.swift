// `spec.autoscaling`: the operator's own autoscaler. Where HorizontalPodAutoscaler has a word it is used; the rest are those of
// Cortex, whose formula it is.

internal import JSON

/// `spec.autoscaling`.
package struct Autoscaling: Codable, Equatable, Sendable {
    /// The fewest replicas; 0 lets a server that has nothing to do stop.
    package var minReplicas = 1
    /// The most replicas.
    package var maxReplicas: Int
    /// Requests that a replica shall have at a time, those that wait included.
    package var targetInFlight: Int
    /// How far the load may be from the target, in percent of it, before anything is done.
    package var tolerancePercent = 5
    /// Seconds between two measurements.
    package var intervalSeconds = 10
    /// Seconds over which the load is averaged.
    package var windowSeconds = 30
    /// How it goes up.
    package var scaleUp = Direction(stabilizationWindowSeconds: 60, maxPercent: 50)
    /// How it goes down.
    package var scaleDown = Direction(stabilizationWindowSeconds: 300, maxPercent: 25)
    /// Seconds without any request before the last replica goes; only where `minReplicas` is 0.
    package var cooldownSeconds = 300
    /// Where the load of a pod is read; nil for what the preset knows.
    package var metrics: Metrics?

    /// An autoscaler with the defaults for the rest.
    package init(maxReplicas: Int, targetInFlight: Int) {
        self.maxReplicas = maxReplicas
        self.targetInFlight = targetInFlight
    }

    /// Decodes what users wrote; the API server's defaults stand where they left something out.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, _ standard: Int) throws -> Int {
            try container.decodeIfPresent(Int.self, forKey: key) ?? standard
        }
        func direction(_ key: CodingKeys, _ standard: Direction) throws -> Direction {
            let written = try container.decodeIfPresent(PartialDirection.self, forKey: key)
            return Direction(
                stabilizationWindowSeconds: written?.stabilizationWindowSeconds
                    ?? standard.stabilizationWindowSeconds,
                maxPercent: written?.maxPercent ?? standard.maxPercent)
        }
        maxReplicas = try container.decode(Int.self, forKey: .maxReplicas)
        targetInFlight = try container.decode(Int.self, forKey: .targetInFlight)
        minReplicas = try number(.minReplicas, minReplicas)
        tolerancePercent = try number(.tolerancePercent, tolerancePercent)
        intervalSeconds = try number(.intervalSeconds, intervalSeconds)
        windowSeconds = try number(.windowSeconds, windowSeconds)
        scaleUp = try direction(.scaleUp, scaleUp)
        scaleDown = try direction(.scaleDown, scaleDown)
        cooldownSeconds = try number(.cooldownSeconds, cooldownSeconds)
        metrics = try container.decodeIfPresent(Metrics.self, forKey: .metrics)
    }

    /// How it goes up or down.
    package struct Direction: Codable, Equatable, Sendable {
        /// Seconds that the load has to ask for it.
        package var stabilizationWindowSeconds: Int
        /// Percent of the replicas that come or go at a time; at least one does.
        package var maxPercent: Int

        /// A direction.
        package init(stabilizationWindowSeconds: Int, maxPercent: Int) {
            self.stabilizationWindowSeconds = stabilizationWindowSeconds
            self.maxPercent = maxPercent
        }
    }

    private struct PartialDirection: Decodable {
        var stabilizationWindowSeconds: Int?
        var maxPercent: Int?
    }

    /// Where the load of a pod is read.
    package struct Metrics: Codable, Equatable, Sendable {
        /// The pod's port; nil for the preset's.
        package var port: Int?
        /// The path; nil for the preset's.
        package var path: String?
        /// The gauges whose sum are the requests in flight.
        package var gauges: [String]
        /// Counts requests; nil where none does.
        package var counter: String?

        /// A source.
        package init(gauges: [String]) { self.gauges = gauges }

        /// What it may hold.
        package static let schema = Schema.object(
            """
            Where each pod publishes its load as Prometheus metrics; by default what the preset knows. Presets djl-lmi, \
            torchserve and custom know of no count of requests, so they need it.
            """,
            [
                "port": .integer("The pod's port; by default the preset's.", 1...65_535),
                "path": .string(
                    "The path; by default the preset's, else /metrics.", count: 1...1024, pattern: .path),
                "gauges": .list(
                    "The gauges whose sum, over all their labels, are the requests in flight.",
                    of: .string(count: 1...200), count: 1...8, .set),
                "counter": .string(
                    """
                    A counter of requests. A server whose count has risen is not idle, though no request was in flight when it \
                    was asked.
                    """, count: 1...200),
            ], required: ["gauges"])
    }

    /// What it may hold.
    package static let schema = Schema.object(
        """
        The operator's own autoscaler. While it is set, spec.replicas is the autoscaler's: what others write there is where it \
        goes on from, so leave it out of manifests, and make no HorizontalPodAutoscaler for the same server.
        """,
        [
            "minReplicas": .integer(
                """
                The fewest replicas. With 0 a server without requests stops after cooldownSeconds, and starts again when \
                spec.replicas or the annotation ganglion.dev/wake is set.
                """, 0...1000
            ).defaulting(to: 1),
            "maxReplicas": .integer("The most replicas.", 1...1000),
            "targetInFlight": .integer(
                "How many requests each replica shall have at a time, those that wait included.", 1...100_000),
            "tolerancePercent": .integer(
                "How far the load may be from the target, in percent of it, before anything is done.", 0...90
            ).defaulting(to: 5),
            "intervalSeconds": .integer("Seconds between two measurements.", 1...600).defaulting(to: 10),
            "windowSeconds": .integer(
                "Seconds over which the load is averaged; a burst is seen for its own length and this.",
                1...3600
            ).defaulting(to: 30),
            "scaleUp": direction(
                "How replicas come.", "The fewest that were wanted in this time are added.",
                "Percent of the replicas that come at a time, rounded up.",
                Direction(stabilizationWindowSeconds: 60, maxPercent: 50), most: 1000),
            "scaleDown": direction(
                "How replicas go.", "The most that were wanted in this time are kept.",
                "Percent of the replicas that go at a time, rounded down, but at least one.",
                Direction(stabilizationWindowSeconds: 300, maxPercent: 25), most: 100),
            "cooldownSeconds": .integer(
                "Seconds without any request before the last replica goes, where minReplicas is 0.",
                0...86_400
            ).defaulting(to: 300),
            "metrics": Metrics.schema,
        ], required: ["maxReplicas", "targetInFlight"],
        rules: [
            SchemaRule(
                rule: "self.minReplicas <= self.maxReplicas", message: "must not be less than minReplicas",
                fieldPath: ".maxReplicas")
        ])

    private static func direction(
        _ description: String, _ window: String, _ percent: String, _ standard: Direction, most: Int
    ) -> Schema {
        Schema.object(
            description,
            [
                "stabilizationWindowSeconds": .integer(window, 0...3600).defaulting(
                    to: JSON(standard.stabilizationWindowSeconds)),
                "maxPercent": .integer(percent, 1...most).defaulting(to: JSON(standard.maxPercent)),
            ]
        ).defaulting(to: [:])
    }
}
