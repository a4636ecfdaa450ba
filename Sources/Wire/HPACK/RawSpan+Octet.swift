// Bytes of a peer are read through one door that cannot trap: an octet is there, or it is nil.

internal import Glibc

extension RawSpan {
    /// The octet at `offset`, or nil when `offset` is outside of the span.
    @inlinable
    public func octet(_ offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

extension [UInt8] {
    /// Appends the octets of `range`, as far as they are inside of `span`.
    public mutating func append(_ span: RawSpan, _ range: Range<Int>) {
        let inside = range.clamped(to: 0..<span.byteCount)
        span.withUnsafeBytes { append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[inside])) }
    }

    /// Whether these are the octets of `span`; false when there are none.
    func isEqual(to span: RawSpan) -> Bool {
        guard count == span.byteCount, count > 0 else { return false }
        return withUnsafeBytes { own in
            span.withUnsafeBytes { other in
                guard let left = own.baseAddress, let right = other.baseAddress else { return false }
                return memcmp(left, right, own.count) == 0
            }
        }
    }
}
