// How long a reflector waits after a failure.

public import SystemIO

extension Backoff {
    /// What client-go's reflector uses: 800 ms, doubled up to 30 s, jitter 1, anew after two quiet minutes.
    public static var reflector: Backoff {
        Backoff(base: .milliseconds(800), limit: .seconds(30), jitter: 0...1, resetAfter: .seconds(120))
    }
}
