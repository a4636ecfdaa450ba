// An actor whose executor is an event loop. The loop's callbacks are no part of Swift concurrency, though they run on the
// actor's own thread: the helpers here take them into its isolation, and keep no actor alive that nobody else holds.

/// An actor that runs on an event loop (SE-0392).
///
///     actor Connection: LoopActor {
///         nonisolated let loop: EventLoop
///         private let channel: SocketChannel
///
///         func start() throws(SystemError) {
///             try channel.start(callback { $0.ready($1) })
///             loop.schedule(after: .seconds(10), on: self) { $0.giveUp() }
///         }
///     }
public protocol LoopActor: Actor {
    /// The loop, the same for as long as the actor lives.
    nonisolated var loop: EventLoop { get }
}

extension LoopActor {
    /// The loop runs the actor's jobs.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A closure for whoever calls back on the loop's thread. It does nothing once the actor is gone.
    public nonisolated func callback(
        _ body: @escaping @Sendable (isolated Self) -> Void
    ) -> @Sendable () -> Void {
        weak let owner = self
        return { owner?.assumeIsolated(body) }
    }

    /// A closure of one argument for whoever calls back on the loop's thread. It does nothing once the actor is gone.
    public nonisolated func callback<Argument: Sendable>(
        _ body: @escaping @Sendable (isolated Self, Argument) -> Void
    ) -> @Sendable (Argument) -> Void {
        weak let owner = self
        return { argument in owner?.assumeIsolated { body($0, argument) } }
    }

    /// Waits until somebody resumes what is kept. The caller looks again afterwards whether it has what it waits for.
    ///
    /// - Parameters:
    ///   - condition: whether there still is something to wait for, asked when the task is about to be suspended: others
    ///     may have run since the caller has looked.
    ///   - keep: puts the continuation where it will be found.
    public func suspend(
        while condition: () -> Bool, keeping keep: (CheckedContinuation<Void, Never>) -> Void
    ) async {
        await withCheckedContinuation { continuation in
            if condition() { keep(continuation) } else { continuation.resume() }
        }
    }
}

extension EventLoop {
    /// Runs a closure in an actor of this loop after a while, if it still lives.
    ///
    /// - Returns: a handle to cancel with; dropping it cancels nothing.
    @discardableResult
    public func schedule<Owner: LoopActor>(
        after delay: Duration, on owner: Owner, _ body: @escaping @Sendable (isolated Owner) -> Void
    ) -> ScheduledTimer {
        schedule(after: delay, actor: owner, .runInActor { ($0 as? Owner)?.assumeIsolated(body) })
    }

    /// Runs a closure in an actor of this loop, later. It keeps the actor until then.
    public func execute<Owner: LoopActor>(
        on owner: Owner, _ body: @escaping @Sendable (isolated Owner) -> Void
    ) {
        execute { owner.assumeIsolated(body) }
    }
}
