// What stands in files and comes from the driver: JSON, a model's header and vocabulary, numbers of sysfs.

internal import Glibc
internal import JSON
internal import NeuronRuntime
internal import Placement
internal import SystemIO

@testable internal import Neuron

let fileTargets = [
    FuzzTarget("json") { input in
        guard let value = try? JSON(parsing: input) else { return }
        let text = value.serialized()
        guard let again = try? JSON(parsing: text) else {
            require(false, "\(String(decoding: text, as: UTF8.self)) is not read back")
            return
        }
        require(again == value, "\(value) comes back as \(again)")
    },
    // A file of a header that is announced rightly, and data behind it.
    FuzzTarget("safetensors") { input in
        var choices = Choices(input)
        let data = Int(choices.octet())
        let header = choices.rest
        var length = UInt64(header.count)
        if data == 255 { length = length << 32 | UInt64(header.count) }
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        guard let path = inMemory(prefix + header + [UInt8](repeating: 1, count: data)) else { return }
        guard let file = try? SafeTensors(path: path) else { return }
        for name in ["a", "b", "weight"] {
            for shape in [[], [1], [2, 2], [0]] {
                guard let floats = try? file.floats(name, shape: shape) else { continue }
                require(floats.count == shape.reduce(1, *), "\(floats.count) values for shape \(shape)")
            }
        }
    },
    FuzzTarget("wordpiece", longest: 300) { input in
        var choices = Choices(input)
        let limit = 2 + Int(choices.octet())
        let own = choices.octets(Int(choices.octet()))
        guard let tokenizer = own.isEmpty ? plainTokenizer : tokenizer(own) else { return }
        let ids = tokenizer.encode(String(decoding: choices.rest, as: UTF8.self), limit: limit)
        require((2...limit).contains(ids.count), "\(ids.count) ids, the limit is \(limit)")
        require(ids.allSatisfy { (0..<Int32(tokenizer.vocabularyCount)).contains($0) }, "an id of no token")
    },
    FuzzTarget("neuron", longest: 100) { input in
        let text = String(decoding: input, as: UTF8.self)
        if let version = DriverVersion(text) {
            require(DriverVersion(version.description) == version, "version \(text)")
        }
        if let address = PCIAddress(text) {
            require(PCIAddress(address.description) == address, "address \(text)")
        }
        if let cores = try? CoreSet(parsing: text) {
            require((try? CoreSet(parsing: cores.description)) == cores, "cores \(text)")
        }
        _ = DriverQuery.address(in: input)
    },
]

/// A tokenizer of few words, and those of `own`, one a line.
private func tokenizer(_ own: [UInt8]) -> WordPieceTokenizer? {
    let words = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nhello\n##lo\n!\n".utf8)
    return try? WordPieceTokenizer(vocabulary: words + own, subject: "vocabulary")
}

private let plainTokenizer = tokenizer([])

/// The one file in memory that inputs are written to; it has no name.
private let memoryFile: FileDescriptor? = {
    let path = "/dev/shm/ganglion-fuzz-\(getpid())"
    defer { unlink(path) }
    return try? FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
}()

/// Puts octets into a file and gives its path.
private func inMemory(_ octets: [UInt8]) -> String? {
    guard let memoryFile, ftruncate(memoryFile.number, 0) == 0,
        pwrite(memoryFile.number, octets, octets.count, 0) == octets.count
    else { return nil }
    return "/proc/self/fd/\(memoryFile.number)"
}
