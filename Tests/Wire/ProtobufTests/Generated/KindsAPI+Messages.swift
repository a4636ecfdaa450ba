// One field of every kind that scripts/generate-messages knows: what it makes of them is compared with the octets of
// Google's implementation.
//
// Made from Proto/kinds.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// Every kind of field.
package enum KindsAPI {
    /// A level.
    package enum Level: Int32, Sendable, CaseIterable {
        /// The first.
        case lowLevel = 0
        /// The second.
        case highLevel = 1
    }

    /// What can be in a oneof, a map and a list.
    package struct Part: FieldMessage {
        /// A number.
        package var number: Int32 = 0

        package init() {}

        package init(number: Int32 = 0) { self.number = number }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &number)
        }
    }

    /// Every kind of field.
    package struct Kinds: FieldMessage {
        /// What stands inside of the message.
        package struct Inner: FieldMessage {
            /// Values inside of it.
            package enum Grade: Int32, Sendable, CaseIterable {
                /// The first.
                case fair = 0
                /// The second.
                case good = 1
            }

            /// A value of its own.
            package var grade: Grade = .fair

            package init() {}

            package init(grade: Grade = .fair) { self.grade = grade }

            package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
                try wire.field(1, &grade, unknown: .fair)
            }
        }

        /// One of several.
        package enum ChoiceOfTwo: Equatable, Sendable {
            /// A string.
            case chosenText(String)
            /// A message.
            case chosenPart(Part)
        }

        /// A bool.
        package var flag: Bool = false
        /// Bytes.
        package var data: [UInt8] = []
        /// A double.
        package var real: Double = 0
        /// An int32.
        package var short: Int32 = 0
        /// An int64.
        package var long: Int64 = 0
        /// A string.
        package var text: String = ""
        /// A uint32.
        package var narrow: UInt32 = 0
        /// A uint64.
        package var wide: UInt64 = 0
        /// An enum.
        package var level: Level = .lowLevel
        /// A message.
        package var part: Part? = nil
        /// A message that stands inside.
        package var inner: Inner? = nil
        /// A string that may be left out.
        package var note: String? = nil
        /// An int32 that may be left out.
        package var coreID: Int32? = nil
        /// A uint64 that may be left out.
        package var size: UInt64? = nil
        /// One of several.
        package var choiceOfTwo: ChoiceOfTwo? = nil
        /// Strings.
        package var podUIDs: [String] = []
        /// Bytes.
        package var blocks: [[UInt8]] = []
        /// Messages.
        package var parts: [Part] = []
        /// int32s.
        package var shortNumbers: [Int32] = []
        /// int64s.
        package var longs: [Int64] = []
        /// Strings by strings.
        package var labels: [String: String] = [:]
        /// Messages by strings.
        package var partsByName: [String: Part] = [:]

        package init() {}

        package init(
            flag: Bool = false, data: [UInt8] = [], real: Double = 0, short: Int32 = 0, long: Int64 = 0,
            text: String = "", narrow: UInt32 = 0, wide: UInt64 = 0, level: Level = .lowLevel,
            part: Part? = nil, inner: Inner? = nil, note: String? = nil, coreID: Int32? = nil,
            size: UInt64? = nil, choiceOfTwo: ChoiceOfTwo? = nil, podUIDs: [String] = [],
            blocks: [[UInt8]] = [], parts: [Part] = [], shortNumbers: [Int32] = [], longs: [Int64] = [],
            labels: [String: String] = [:], partsByName: [String: Part] = [:]
        ) {
            self.flag = flag
            self.data = data
            self.real = real
            self.short = short
            self.long = long
            self.text = text
            self.narrow = narrow
            self.wide = wide
            self.level = level
            self.part = part
            self.inner = inner
            self.note = note
            self.coreID = coreID
            self.size = size
            self.choiceOfTwo = choiceOfTwo
            self.podUIDs = podUIDs
            self.blocks = blocks
            self.parts = parts
            self.shortNumbers = shortNumbers
            self.longs = longs
            self.labels = labels
            self.partsByName = partsByName
        }

        /// A string.
        ///
        /// Nil while `choiceOfTwo` is another; to set nil changes nothing.
        package var chosenText: String? {
            get { if case .chosenText(let value) = choiceOfTwo { value } else { nil } }
            set { if let newValue { choiceOfTwo = .chosenText(newValue) } }
        }

        /// A message.
        ///
        /// Nil while `choiceOfTwo` is another; to set nil changes nothing.
        package var chosenPart: Part? {
            get { if case .chosenPart(let value) = choiceOfTwo { value } else { nil } }
            set { if let newValue { choiceOfTwo = .chosenPart(newValue) } }
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &flag)
            try wire.field(2, &data)
            try wire.field(3, &real)
            try wire.field(4, &short)
            try wire.field(5, &long)
            try wire.field(6, &text)
            try wire.field(7, &narrow)
            try wire.field(8, &wide)
            try wire.field(9, &level, unknown: .lowLevel)
            try wire.field(10, &part)
            try wire.field(11, &inner)
            try wire.field(13, &note)
            try wire.field(14, &coreID)
            try wire.field(15, &size)
            try wire.field(16, &chosenText)
            try wire.field(17, &chosenPart)
            try wire.field(18, &podUIDs)
            try wire.field(19, &blocks)
            try wire.field(20, &parts)
            try wire.field(21, &shortNumbers)
            try wire.field(22, &longs)
            try wire.field(23, &labels)
            try wire.field(24, &partsByName)
        }
    }
}
