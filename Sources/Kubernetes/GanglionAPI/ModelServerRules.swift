// What the API server refuses about fields that have to fit together, in CEL. The operator checks the same again when it
// reads a spec; tests compare the two.

extension ModelServerSpec {
    /// What a preset's server cannot do is refused. The presets stand in the words, so that users see all of them.
    static let presetRules = [
        SchemaRule(
            rule: "self.runtime.preset in ['ganglion', 'triton', 'custom'] || self.models.size() == 1",
            message:
                "presets vllm, djl-lmi and torchserve serve one model: make a ModelServer for each model",
            fieldPath: ".models"),
        SchemaRule(
            rule: """
                !(self.runtime.preset in ['vllm', 'torchserve']) \
                || ((!has(self.neuron.processesPerReplica) || self.neuron.processesPerReplica == 1) \
                && (!has(self.neuron.tensorParallelDegree) || !has(self.neuron.cores) \
                || self.neuron.tensorParallelDegree == self.neuron.cores))
                """,
            message: """
                presets vllm and torchserve have one copy of the model in a server: set neither tensorParallelDegree nor \
                processesPerReplica, and use replicas
                """, fieldPath: ".neuron"),
        SchemaRule(
            rule: "!has(self.batching) || self.runtime.preset in ['ganglion', 'vllm', 'djl-lmi']",
            message: """
                presets triton, torchserve and custom cannot be told how to batch: set it in the server's own configuration
                """, reason: "FieldValueForbidden", fieldPath: ".batching"),
        SchemaRule(
            rule: "!has(self.queue) || self.runtime.preset in ['ganglion', 'djl-lmi', 'torchserve']",
            message: """
                presets vllm, triton and custom cannot be told how many requests may wait: set it in the server's own \
                configuration
                """, reason: "FieldValueForbidden", fieldPath: ".queue"),
        SchemaRule(
            rule: """
                !has(self.batching) || !has(self.batching.maxBatchDelay) || self.runtime.preset in ['ganglion', 'djl-lmi']
                """,
            message: "only presets ganglion and djl-lmi can be told how long a request waits for others",
            reason: "FieldValueForbidden", fieldPath: ".batching"),
        SchemaRule(
            rule: "!has(self.queue) || !has(self.queue.timeout) || self.runtime.preset == 'ganglion'",
            message: "only preset ganglion can be told how long a request may wait",
            reason: "FieldValueForbidden", fieldPath: ".queue"),
        SchemaRule(
            rule: """
                self.runtime.preset in ['ganglion', 'custom'] || self.models.all(m, (!has(m.version) || m.version == '1') \
                && !has(m.memory) && !has(m.utilization) && !has(m.warmup))
                """,
            message:
                "only presets ganglion and custom can be told a model's version, memory, utilization and warmup",
            reason: "FieldValueForbidden", fieldPath: ".models"),
        SchemaRule(
            rule: "self.models.map(m, has(m.utilization) ? m.utilization : 0).sum() <= 100",
            message: """
                the models need more than 100 percent of a group's time together: serve some of them by another ModelServer
                """, fieldPath: ".models"),
        SchemaRule(
            rule: """
                !has(self.autoscaling) || has(self.autoscaling.metrics) \
                || self.runtime.preset in ['ganglion', 'vllm', 'triton']
                """,
            message: """
                presets djl-lmi, torchserve and custom are known to publish no count of requests: name their gauges in \
                autoscaling.metrics
                """, reason: "FieldValueRequired", fieldPath: ".autoscaling"),
        SchemaRule(
            rule: """
                self.models.all(m, !m.uri.contains('://') \
                || (self.runtime.preset == 'vllm' ? m.uri.matches('^(file|hf)://') \
                : self.runtime.preset == 'djl-lmi' ? m.uri.matches('^(djl|file|hf|s3)://') \
                : self.runtime.preset == 'triton' ? m.uri.matches('^(as|file|gs|s3)://') \
                : self.runtime.preset == 'torchserve' ? m.uri.matches('^(file|https?)://') : true))
                """,
            message: """
                the preset's server cannot read a model's uri: vllm takes file:// and hf://, djl-lmi also djl:// and s3://, \
                triton takes as://, file://, gs:// and s3://, torchserve file://, http:// and https://, and each a plain path
                """, fieldPath: ".models"),
    ]
}

extension ModelServerSpec {
    /// What `rollout.restartTogether` needs, and what it leaves nothing to do for.
    static let gangRules = [
        SchemaRule(
            rule: """
                !has(self.rollout.restartTogether) || !self.rollout.restartTogether || has(self.gang) && self.gang
                """,
            message: "restartTogether is for gangs: set spec.gang, too", fieldPath: ".rollout"),
        SchemaRule(
            rule: """
                !has(self.rollout.restartTogether) || !self.rollout.restartTogether \
                || !has(self.rollout.maxSurge) || self.rollout.maxSurge == 0
                """,
            message: "with restartTogether no pod has its next one beside it: leave out maxSurge",
            fieldPath: ".rollout"),
    ]
}

extension NeuronRequest {
    static let sizeRules = [
        SchemaRule(
            rule: "has(self.cores) != has(self.chips)", message: "set exactly one of cores and chips"),
        SchemaRule(
            rule: "!(has(self.tensorParallelDegree) && has(self.processesPerReplica))",
            message:
                "set at most one of tensorParallelDegree and processesPerReplica: the one follows from the other"
        ),
        divisorRule("tensorParallelDegree"), divisorRule("processesPerReplica"),
    ]

    /// The sentence follows "spec.neuron.FIELD: Invalid value: ", so it must not begin with a number that could be read as it.
    ///
    /// - Parameter field: what has to divide the cores.
    private static func divisorRule(_ field: String) -> SchemaRule {
        SchemaRule(
            rule: "!has(self.cores) || !has(self.\(field)) || self.cores % self.\(field) == 0",
            messageExpression: "[\(divisorSentences.map { "'\($0)'" }.joined(separator: ", "))][self.cores]",
            fieldPath: ".\(field)")
    }

    /// What is said of each number of cores, from 0, when a split does not divide it. Whole sentences, picked by index: the
    /// API server's cost estimate refuses text put together from numbers, whose length it does not know.
    static var divisorSentences: [String] { ["no cores"] + (1...maximumCores).map { indivisible($0) } }

    /// What is said of a split that does not come out even.
    package static func indivisible(_ cores: Int) -> String {
        "does not divide \(cores) \(cores == 1 ? "core" : "cores"): \(validSplits(of: cores))"
    }

    /// The numbers that divide `cores`, as the end of a sentence.
    package static func validSplits(of cores: Int) -> String {
        let divisors = (1...max(1, cores)).filter { cores % $0 == 0 }.map(String.init)
        return "valid values are \(divisors.joined(separator: ", "))"
    }
}

extension ModelServer {
    static let nameRule = SchemaRule(
        rule: "self.metadata.name.size() <= 52 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        message: """
            the name becomes a Service's: it must begin with a letter, have only a-z, 0-9 and -, and at most 52 characters
            """)
}
