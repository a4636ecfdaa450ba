// How often an event is sent, whoever sends it and whatever it looks like on the wire.

public import SystemIO

/// Sends one thing until it is there, or for as long as that may help.
enum EventDelivery {
    /// What has become of a try.
    enum Outcome {
        case done
        /// It has failed for this reason.
        ///
        /// - `isThere`: the name is taken: by an earlier try whose answer was lost, where there was one.
        /// - `mayHelp`: whether the same may succeed later.
        case failed(String, isThere: Bool, mayHelp: Bool)
    }

    /// Tries until it is done. What waits behind it waits as well: an API server that is away takes none of it.
    ///
    /// - Parameter backoff: the pauses between tries; they end with the task.
    /// - Returns: why it is lost; nil where it is there.
    static func deliver(
        _ backoff: Backoff, isolation: isolated (any Actor)? = #isolation, _ attempt: () async -> Outcome
    ) async -> String? {
        for number in 1... {
            guard case .failed(let why, let isThere, let mayHelp) = await attempt() else { return nil }
            if isThere, number > 1 { return nil }
            guard mayHelp, number < Backoff.eventAttempts else { return why }
            do { try await Task.sleep(for: backoff.pause(after: number)) } catch { return why }
        }
        return nil
    }
}

extension Backoff {
    /// The pauses between tries for an event: 1 s, doubled up to 10 s, which is client-go's one pause.
    public static var events: Backoff { Backoff(base: .seconds(1), limit: .seconds(10)) }
    /// How often an event is sent at most, as in client-go.
    static var eventAttempts: Int { 12 }
}
