// Memory for weights and activations: aligned to a cache line, never moved, shared by the threads that stand for
// cores. An array would be copied on a write from the wrong place and checked at every element.

import Glibc

/// A fixed number of floats, zero at first. Who writes where and when is the callers' agreement.
package final class FloatBuffer: @unchecked Sendable {
    /// The first float.
    package let pointer: UnsafeMutablePointer<Float>
    /// Number of floats.
    package let count: Int

    /// Whose memory it is, where it is not this object's.
    private let owner: (any AnyObject & Sendable)?
    /// Octets that are mapped; 0 where none are.
    private let mappedSize: Int

    /// Floats of somebody else's memory, which must not be written.
    package init(borrowing pointer: UnsafePointer<Float>, count: Int, of owner: any AnyObject & Sendable) {
        self.pointer = UnsafeMutablePointer(mutating: pointer)
        self.count = count
        self.owner = owner
        mappedSize = 0
    }

    /// Room for `count` floats, at least one.
    package init(count: Int) {
        self.count = count
        owner = nil
        let room = max(count, 1)
        let size = room * MemoryLayout<Float>.stride
        // Large ones by pages, which are zero and take no memory before they are written: many activations never are.
        let pages =
            size < Self.mappedSize
            ? nil : mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        if let pages, pages != MAP_FAILED {
            mappedSize = size
            pointer = pages.bindMemory(to: Float.self, capacity: room)
        } else {
            mappedSize = 0
            let raw = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
            pointer = raw.initializeMemory(as: Float.self, repeating: 0, count: room)
        }
    }

    deinit {
        guard owner == nil else { return }
        if mappedSize > 0 {
            munmap(pointer, mappedSize)
        } else {
            UnsafeMutableRawPointer(pointer).deallocate()
        }
    }

    /// Octets from which on memory is mapped.
    private static let mappedSize = 1 << 18
}
