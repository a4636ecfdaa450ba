// A pod has a hundred fields, and a copy of a cluster's pods holds most of them empty. What is large or rare stands behind
// one pointer, so that a pod costs what it says and is copied with a handful of retains.

/// A value on the heap that is copied when one of several holders changes it.
public struct Boxed<Value: Sendable>: Sendable {
    private final class Storage: @unchecked Sendable {  // written only while one holder has it
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    /// Puts a value on the heap.
    public init(_ value: Value) { storage = Storage(value) }

    /// The value, read and changed in place.
    public var value: Value {
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}

extension Boxed: Equatable where Value: Equatable {
    /// By value; the same storage is equal without a look.
    public static func == (left: Boxed, right: Boxed) -> Bool {
        left.storage === right.storage || left.storage.value == right.storage.value
    }
}

extension Boxed: DefaultInitializable where Value: DefaultInitializable {
    /// The default of the value.
    public init() { self.init(Value()) }
}

extension Boxed: Codable where Value: Codable {
    /// As the value.
    public init(from decoder: any Decoder) throws { self.init(try Value(from: decoder)) }
    /// As the value.
    public func encode(to encoder: any Encoder) throws { try storage.value.encode(to: encoder) }
}

/// A field that few objects have: a pointer where it is set, nil else.
@propertyWrapper
public struct Rare<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable, DefaultInitializable
{
    private var box: Boxed<Value>?

    /// Not set.
    public init() {}

    /// The value, nil where it is not set.
    public init(wrappedValue: Value?) { box = wrappedValue.map { Boxed($0) } }

    /// The value, nil where it is not set.
    public var wrappedValue: Value? {
        get { box?.value }
        set { box = newValue.map { Boxed($0) } }
    }

    /// As the value.
    public init(from decoder: any Decoder) throws { box = Boxed(try Value(from: decoder)) }
    /// As the value.
    public func encode(to encoder: any Encoder) throws { try box?.encode(to: encoder) }
}
