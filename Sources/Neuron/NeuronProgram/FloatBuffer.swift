// Memory for weights and activations: aligned to a cache line, never moved, shared by the threads that stand for
// cores. An array would be copied on a write from the wrong place and checked at every element.

/// A fixed number of floats, zero at first. Who writes where and when is the callers' agreement.
package final class FloatBuffer: @unchecked Sendable {
    /// The first float.
    package let pointer: UnsafeMutablePointer<Float>
    /// Number of floats.
    package let count: Int

    /// Whose memory it is, where it is not this object's.
    private let owner: (any AnyObject & Sendable)?

    /// Floats of somebody else's memory, which must not be written.
    package init(borrowing pointer: UnsafePointer<Float>, count: Int, of owner: any AnyObject & Sendable) {
        self.pointer = UnsafeMutablePointer(mutating: pointer)
        self.count = count
        self.owner = owner
    }

    /// Room for `count` floats, at least one.
    package init(count: Int) {
        self.count = count
        owner = nil
        let room = max(count, 1)
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: room * MemoryLayout<Float>.stride, alignment: 64)
        pointer = raw.initializeMemory(as: Float.self, repeating: 0, count: room)
    }

    deinit {
        if owner == nil { UnsafeMutableRawPointer(pointer).deallocate() }
    }
}
