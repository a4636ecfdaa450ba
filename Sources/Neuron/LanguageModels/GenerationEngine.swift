// A language model on its cores, for any number of clients at once. One loop executes steps of the schedule; whoever wants
// text gets a stream of its pieces, and stops it by not reading on.

internal import KernelTemplates
package import NeuronArtifact
internal import NeuronKernels
package import NeuronProgram
package import NeuronRuntime
internal import SystemIO
package import Tokenizers

/// Generates text on a group of cores.
///
///     idle ──generate──▶ running ──no sequence left──▶ idle ──close──▶ closed
///                           └── a step has no end ──▶ lost
package actor GenerationEngine {
    /// A client.
    struct Client {
        var sampler: Sampler
        var stops: StopTexts
        var text = TextStream()
        var written = 0
        let stream: AsyncThrowingStream<GeneratedPiece, any Error>.Continuation

        /// Takes the octets of the token that was just written.
        ///
        /// - Returns: what may be given, and whether a text at which to stop has come. None is looked for in the tokens
        ///   that have to be written anyway.
        mutating func take(_ octets: ArraySlice<UInt8>) -> (text: String, hasStopped: Bool) {
            let piece = text.take(octets)
            return written <= sampler.parameters.minimumTokens ? (piece, false) : stops.take(piece)
        }
    }

    /// What it executes.
    package nonisolated let configuration: DecoderConfiguration
    /// The longest sequence: by the model, or by the memory for its cache.
    package nonisolated let longest: Int

    /// The cores that it executes on.
    package nonisolated let cores: Range<Int>

    private let tokenizer: LanguageTokenizer
    let program: any LoadedProgram
    /// Nil when it is closed: the memory is others'.
    var tensors: (inputs: any NeuronTensorSet, outputs: any NeuronTensorSet)?
    /// How long a step may take until the cores are taken for lost.
    let stepLimit: Duration
    /// Told why, when its cores compute no more.
    var tellLoss: @Sendable (String) -> Void = { _ in }
    /// When the step that is executed began; nil while none is.
    var stepStart: Duration?
    private let sequences: Int
    private let blocks: Int
    private var schedule: BatchSchedule
    var clients: [Int: Client] = [:]
    private var nextID = 0
    private var isRunning = false
    private var statistics = GenerationStatistics()
    /// As it was when the last step began or a client came or went, for whoever cannot wait.
    private nonisolated let published = Lock(GenerationStatistics())
    nonisolated let lost = Lock<String?>(nil)
    /// What it is called where its cores are lost.
    let name: String

    /// Loads a program.
    ///
    /// - Parameters:
    ///   - program: a decoder for as many cores as the group has.
    ///   - cacheTokens: tokens whose keys and values there is room for; nil for as many as the longest sequences have, as
    ///     far as nine tenths of the cores' free memory go.
    ///   - name: what it is called where its cores are lost; nil for the program's own name.
    ///   - stepLimit: how long one execution may take until the cores are taken for lost.
    /// - Throws: `ModelError` for a program that is none, `NRTError` when memory is missing.
    package init(
        _ compiled: any CompiledProgram, tokenizer: LanguageTokenizer, on cores: any NeuronCores,
        name: String? = nil, cacheTokens: Int? = nil, stepLimit: Duration = .seconds(120)
    ) throws {
        self.name = name ?? compiled.header.model
        self.stepLimit = stepLimit
        self.cores = cores.cores
        let decoder = try DecoderProgram(compiled)
        let program = try cores.load(.artifact(compiled))
        let caches = program.inputs.filter { $0.name.hasPrefix("key_value_cache/") }
        let pageSize = caches.first?.size ?? 1
        var pages = decoder.blocks * decoder.sequences
        if let cacheTokens {
            pages = (cacheTokens + DecoderProgram.pageTokens - 1) / DecoderProgram.pageTokens
        } else {
            for core in caches.indices {
                let memory = try cores.memoryStatistics(core: core)
                pages = min(pages, (memory.limit - memory.used) / 10 * 9 / pageSize)
            }
        }
        pages = max(1, pages)
        var named: [String: any NeuronTensor] = [:]
        for input in program.inputs {
            let cache = caches.firstIndex(of: input)
            named[input.name] = try cores.allocate(
                input.name, size: cache == nil ? input.size : pages * pageSize,
                placement: cache == nil ? .host : .device, core: cache ?? 0)
        }
        let inputs = try cores.makeTensorSet(named)
        var results: [String: any NeuronTensor] = [:]
        for output in program.outputs {
            results[output.name] = try cores.allocate(
                output.name, size: output.size, placement: .host, core: 0)
        }
        tensors = (inputs, try cores.makeTensorSet(results))
        self.program = program
        self.tokenizer = tokenizer
        configuration = decoder.configuration
        sequences = decoder.sequences
        blocks = decoder.blocks
        schedule = BatchSchedule(
            tokens: decoder.tokens, sequences: decoder.sequences, pages: pages,
            pageTokens: DecoderProgram.pageTokens)
        longest = min(decoder.configuration.positionCount, schedule.longest)
        let pageCount = pages
        published.withLock { $0.pages = pageCount }
    }

    /// What it had done and did a moment ago.
    package nonisolated var recentStatistics: GenerationStatistics { published.withLock { $0 } }

    private func publish() {
        let now = currentStatistics()
        published.withLock { $0 = now }
    }

    /// What it has done and does.
    package func currentStatistics() -> GenerationStatistics {
        var statistics = statistics
        statistics.running = schedule.running.count
        statistics.waiting = schedule.waiting.count
        statistics.pages = schedule.pool.count
        statistics.usedPages = schedule.pool.used
        return statistics
    }

    /// Goes on with some tokens.
    ///
    /// - Returns: pieces as they are written. Whoever ends reading ends the writing.
    /// - Throws: `EngineError` for what cannot be begun; the stream throws it for what ends in the middle.
    package func generate(
        _ prompt: [Int32], _ parameters: SamplingParameters
    ) throws(EngineError) -> AsyncThrowingStream<GeneratedPiece, any Error> {
        if let loss { throw .lost(loss) }
        guard tensors != nil else { throw .closed }
        if let problem = parameters.problem { throw .parameter(problem) }
        // One token at least is written.
        guard !prompt.isEmpty, prompt.count < longest else {
            throw .length(prompt: prompt.count, limit: longest - 1)
        }
        let vocabulary = configuration.vocabularySize
        if let other = prompt.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw .parameter("the prompt has the token \(other), where the vocabulary has \(vocabulary)")
        }
        let id = nextID
        nextID += 1
        let (stream, continuation) = AsyncThrowingStream<GeneratedPiece, any Error>.makeStream()
        continuation.onTermination = { [weak self] reason in
            guard case .cancelled = reason else { return }
            Task { await self?.cancel(id) }
        }
        clients[id] = Client(
            sampler: Sampler(parameters, prompt: prompt, ends: Set(tokenizer.ends)),
            stops: StopTexts(parameters.stop), stream: continuation)
        schedule.add(id, prompt: prompt)
        publish()
        if !isRunning {
            isRunning = true
            Task { await run() }
        }
        return stream
    }

    private func cancel(_ id: Int) {
        clients[id] = nil
        schedule.remove(id)
        publish()
    }

    // MARK: The loop

    private func run() async {
        let watch = Task { await watchSteps() }
        while let tensors, let step = schedule.next() {
            do throws(NRTError) {
                let rows = try write(step, to: tensors.inputs)
                publish()
                stepStart = MonotonicClock.time
                defer { stepStart = nil }
                try await program.run(tensors.inputs, tensors.outputs)
                // What comes after its time counts for nothing.
                guard loss == nil else { break }
                schedule.complete(step)
                statistics.steps += 1
                try read(step, rows: rows, of: tensors.outputs)
            } catch {
                guard loss == nil else { break }
                if error.status == .unrecoverable {
                    lose(error.description)
                    break
                }
                endAll(.runtime(error))
            }
        }
        watch.cancel()
        isRunning = false
    }

    /// Ends all texts.
    func endAll(_ error: EngineError) {
        for (id, client) in clients {
            client.stream.finish(throwing: error)
            schedule.remove(id)
        }
        clients = [:]
        publish()
    }

    // MARK: A step

    /// Writes a step's inputs.
    ///
    /// - Returns: the sequences whose logits come, in their order.
    private func write(_ step: BatchStep, to inputs: any NeuronTensorSet) throws(NRTError) -> [Int] {
        var ids: [Int32] = []
        var lengths: [Int32] = []
        var contexts: [Int32] = []
        var wanted: [Int32] = []
        var tables = [Int32](repeating: 0, count: step.parts.count * blocks)
        var rows: [Int] = []
        for (place, part) in step.parts.enumerated() {
            guard let sequence = schedule.sequence(part.sequence) else { continue }
            ids += sequence.tokens[part.tokens]
            lengths.append(Int32(part.tokens.count))
            contexts.append(Int32(part.tokens.lowerBound))
            wanted.append(part.isLast ? 1 : 0)
            for (block, page) in sequence.pages.enumerated() { tables[place * blocks + block] = Int32(page) }
            if part.isLast { rows.append(part.sequence) }
            statistics.promptTokens += part.tokens.count > 1 ? part.tokens.count : 0
        }
        if lengths.count < sequences { lengths.append(0) }
        try inputs["input_ids"]?.write(ids)
        try inputs["query_lengths"]?.write(lengths)
        try inputs["context_lengths"]?.write(contexts)
        try inputs["wants_logits"]?.write(wanted)
        try inputs["block_tables"]?.write(tables)
        return rows
    }

    private func read(
        _ step: BatchStep, rows: [Int], of outputs: any NeuronTensorSet
    ) throws(NRTError) {
        let vocabulary = configuration.vocabularySize
        for (row, id) in rows.enumerated() {
            // A client may have gone meanwhile.
            guard let sequence = schedule.sequence(id), clients[id] != nil else { continue }
            let logits = FloatBuffer(count: vocabulary)
            try outputs["logits"]?.read(
                into: UnsafeMutableRawBufferPointer(start: logits.pointer, count: vocabulary * 4),
                at: row * vocabulary * 4)
            if clients[id]?.written == 0 { statistics.reusedTokens += sequence.reused }
            choose(id, logits, length: sequence.tokens.count, reused: sequence.reused)
        }
    }

    /// Chooses the next token of a sequence and tells it.
    private func choose(_ id: Int, _ logits: FloatBuffer, length: Int, reused: Int) {
        guard var client = clients[id] else { return }
        let parameters = client.sampler.parameters
        let buffer = UnsafeMutableBufferPointer(start: logits.pointer, count: logits.count)
        let asked = parameters.logProbabilities
        let untouched = asked == nil ? [] : Array(buffer)
        guard let token = client.sampler.choose(buffer) else {
            client.stream.finish(throwing: EngineError.notANumber)
            cancel(id)
            return
        }
        client.written += 1
        statistics.writtenTokens += 1
        var piece = GeneratedPiece(text: "", token: token)
        piece.reused = reused
        if let asked {
            (piece.probability, piece.most) = untouched.withUnsafeBufferPointer {
                let found = Sampler.probabilities(of: token, most: asked, $0)
                return (found.own, found.most)
            }
        }
        let isMark = tokenizer.ends.contains(token)
        if isMark, !parameters.ignoresEnd {
            piece.end = .stop
        } else {
            let text = tokenizer.tokenizer.isSpecial(token) ? [] : tokenizer.tokenizer.octets(of: token)
            let (given, hasStopped) = client.take(text)
            piece.text = given
            if hasStopped {
                piece.end = .stop
            } else if client.written == parameters.maximumTokens || length + 1 >= longest {
                piece.end = .length
            }
        }
        if piece.end != nil {
            // A text that stops at one of the client's has nothing left.
            if piece.end == .length || isMark {
                let (given, hasStopped) = client.stops.take(client.text.finish())
                piece.text += given + (hasStopped ? "" : client.stops.finish())
            }
            client.stream.yield(piece)
            client.stream.finish()
            cancel(id)
        } else {
            clients[id] = client
            schedule.append(token, to: id)
            client.stream.yield(piece)
        }
    }
}
