// The ends of an engine: its model is taken off the cores, or the cores do not answer any more.

internal import NeuronRuntime
internal import SystemIO
internal import Text

extension GenerationEngine {
    /// Why its cores compute no more; nil while they do.
    package nonisolated var loss: String? { lost.withLock { $0 } }

    /// Whom to tell why, when its cores compute no more.
    package func onLoss(_ tell: @escaping @Sendable (String) -> Void) { tellLoss = tell }

    /// Gives back the cores' memory. Nobody may be reading text any more.
    package func close() {
        for (_, client) in clients { client.stream.finish(throwing: EngineError.closed) }
        clients = [:]
        guard loss == nil else { return }
        try? program.unload()
        tensors = nil
    }

    /// Looks after the steps while some are executed. One timer does for all of them.
    func watchSteps() async {
        while !Task.isCancelled {
            let now = MonotonicClock.time
            let rest = stepStart.map { $0 + stepLimit - now } ?? stepLimit
            if rest <= .zero { return giveUp() }
            try? await Task.sleep(for: rest)
        }
    }

    /// The step that is executed has no end. Nothing ends it from outside: its cores come back with a new process.
    func giveUp() {
        guard stepStart != nil, loss == nil else { return }
        lose("cores \(cores.spanText) execute a step of model \(name) for more than \(stepLimit.inSeconds) s")
    }

    /// Its cores compute no more: all texts end, and whoever wants to know is told. Nothing happens the second time.
    package func lose(_ sentence: String) {
        guard loss == nil else { return }
        lost.withLock { $0 = sentence }
        endAll(.lost(sentence))
        tellLoss(sentence)
    }
}
