// A connection that begins with one actor and goes on with another changes its owner; the compiler cannot see that both
// run on one loop, and that the first lets go of it.

/// A value that is only touched on one loop, on its way from one of the loop's actors to another.
public struct LoopBound<Value>: @unchecked Sendable {
    /// The value; for actors of the loop, one at a time.
    public let value: Value

    /// A value to hand over. Whoever makes it does not touch the value again.
    public init(_ value: Value) { self.value = value }
}
