// A chip of the fake device is a file that stands where the driver's device node would: lines that describe the chip, and
// from octet 4096 on 64 octets for each of its cores, in which the process that holds the core says how much memory it
// has reserved. Who makes the files, who opens them and who only looks at them share this text and nothing else.

/// What is not a fake chip's file, in a few words that continue "it is no fake chip: ".
package struct FakeChipError: Error, Equatable, CustomStringConvertible {
    /// The words.
    package let description: String

    /// An error in its words.
    package init(_ description: String) { self.description = description }
}

/// The description of a fake chip, and where its file has what.
package struct FakeChipFile: Hashable, Sendable {
    /// The first line of the file, which tells it from any other.
    package static let mark = "neuron-fake-device 1\n"
    /// Octets before the cores' entries.
    package static let headerSize = 4_096
    /// Octets of a core's entry.
    package static let entrySize = 64

    /// N of `/dev/neuronN` on the host, 0 to 4,095.
    package var index: Int
    /// Logical cores, 1 to 64.
    package var cores: Int
    /// Device memory in octets, which the cores share; 1 to 2^50.
    package var memory: Int

    /// A chip.
    package init(index: Int, cores: Int, memory: Int) {
        self.index = index
        self.cores = cores
        self.memory = memory
    }

    /// Reads the description from the start of a file.
    ///
    /// - Parameter start: at least the first 512 octets, or the whole of a shorter file.
    /// - Throws: `FakeChipError` where the file does not begin with the mark, or a value is missing or out of range.
    package init(parsing start: some Sequence<UInt8>) throws(FakeChipError) {
        let text = String(decoding: start.prefix(512).prefix { $0 != 0 }, as: UTF8.self)
        let mark = Self.mark.dropLast()
        let lines = text.split(separator: "\n")
        guard lines.first == mark else {
            throw FakeChipError("it does not begin with \"\(mark)\"")
        }
        func value(_ key: String, _ range: ClosedRange<Int>) throws(FakeChipError) -> Int {
            let line = lines.first { $0.hasPrefix(key + ": ") } ?? ""
            let text = line.dropFirst(key.count + 2)
            guard let number = Int(text), range.contains(number) else {
                throw FakeChipError("its \(key) is \"\(text)\"")
            }
            return number
        }
        index = try value("index", 0...4_095)
        cores = try value("cores", 1...64)
        memory = try value("memory", 1...(1 << 50))
    }

    /// The whole file of a chip whose cores nobody holds.
    package var octets: [UInt8] {
        var octets = Array("\(Self.mark)index: \(index)\ncores: \(cores)\nmemory: \(memory)\n".utf8)
        octets += [UInt8](repeating: 0, count: max(0, Self.headerSize - octets.count))
        for _ in 0..<cores { octets += Self.entry(reserved: 0) }
        return octets
    }

    /// Where a core's entry begins.
    package static func offset(ofCore core: Int) -> Int { headerSize + entrySize * core }

    /// A core's entry: octets of memory in decimal, filled up with zeros.
    package static func entry(reserved: Int) -> [UInt8] {
        let digits = Array("\(reserved)\n".utf8)
        return digits + [UInt8](repeating: 0, count: max(0, entrySize - digits.count))
    }

    /// What an entry says is reserved; nothing where it is damaged.
    package static func reserved(_ entry: some Sequence<UInt8>) -> Int {
        Int(String(decoding: entry.prefix(entrySize).prefix { 48...57 ~= $0 }, as: UTF8.self)) ?? 0
    }
}
