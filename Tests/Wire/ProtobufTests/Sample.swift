// The Swift side of Tests/Fixtures/protobuf/sample.proto.

import Protobuf

struct Inner: FieldMessage {
    var id: Int64 = 0
    /// A message may hold itself: through an array, for a struct cannot.
    private var box: [Inner] = []
    var inner: Inner? {
        get { box.first }
        set { box = newValue.map { [$0] } ?? [] }
    }

    init() {}
    init(id: Int64 = 0, inner: Inner? = nil) {
        self.id = id
        self.inner = inner
    }

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &id)
        try wire.field(2, &inner)
    }
}

struct Sample: FieldMessage {
    var text = ""
    var maybe: String?
    var data: [UInt8] = []
    var flag = false
    var long: Int64 = 0
    var short: Int32 = 0
    var size: UInt64 = 0
    var signed: Int64 = 0
    var wide: UInt64 = 0
    var narrow: UInt32 = 0
    var real = 0.0
    var inner: Inner?
    var names: [String] = []
    var inners: [Inner] = []
    var numbers: [Int64] = []
    var labels: [String: String] = [:]
    /// Unpacked on the wire; written packed by us, which every reader must accept.
    var loose: [Int64] = []
    var far = ""

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &text)
        try wire.field(2, &maybe)
        try wire.field(3, &data)
        try wire.field(4, &flag)
        try wire.field(5, &long)
        try wire.field(6, &short)
        try wire.field(7, &size)
        try wire.zigZag(8, &signed)
        try wire.fixed64(9, &wide)
        try wire.fixed32(10, &narrow)
        try wire.field(11, &real)
        try wire.field(12, &inner)
        try wire.field(13, &names)
        try wire.field(14, &inners)
        try wire.field(15, &numbers)
        try wire.field(16, &labels)
        try wire.field(17, &loose)
        try wire.field(536_870_911, &far)
    }
}
