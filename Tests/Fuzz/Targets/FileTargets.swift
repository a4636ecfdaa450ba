// What stands in files and comes from the driver: JSON, a model's header and vocabulary, numbers of sysfs.

internal import Glibc
internal import JSON
internal import Models
internal import NeuronArtifact
internal import Placement
internal import SystemIO
internal import Tokenizers

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
    // A header whose sizes and checksum are right, and some data behind it.
    FuzzTarget("artifact") { input in
        var choices = Choices(input)
        let data = [UInt8](repeating: 1, count: Int(choices.octet()) * 64)
        let header = choices.rest
        let dataOffset = (64 + header.count + 4095) / 4096 * 4096
        var file = [UInt8](repeating: 0, count: dataOffset) + data
        file.replaceSubrange(64..<64 + header.count, with: header)
        file.withUnsafeMutableBytes { file in
            file.copyBytes(from: Artifact.magic)
            file.storeBytes(of: Artifact.version, toByteOffset: 8, as: UInt32.self)
            file.storeBytes(of: UInt32(header.count), toByteOffset: 12, as: UInt32.self)
            let words = [UInt64(file.count), UInt64(dataOffset), header.withUnsafeBytes(Checksum.of)]
            for (index, word) in words.enumerated() {
                file.storeBytes(of: word, toByteOffset: 16 + 8 * index, as: UInt64.self)
            }
        }
        file.withUnsafeBytes { octets in
            guard let (header, start) = try? Artifact.check(octets, path: "x", verifies: false) else {
                return
            }
            for section in header.sections {
                require(
                    section.offset >= 0 && section.size >= 0
                        && start + section.offset + section.size <= octets.count,
                    "\(section) lies outside of \(octets.count) octets")
            }
        }
    },
    // A NEFF whose sizes are right around an archive whose headers' sums are, or around any octets.
    FuzzTarget("neff", longest: 4096) { input in
        var choices = Choices(input)
        let kind = choices.octet()
        var header = [UInt8](repeating: 0, count: 1024)
        for place in [168, 552, 24] { header[place] = choices.octet() }
        var archive: [UInt8] = []
        if kind < 64 {
            archive = choices.rest
        } else {
            while !choices.isEmpty {
                var block = [UInt8](repeating: 0, count: 512)
                let content = choices.octets(Int(choices.octet()))
                let name =
                    kind & 1 == 0 ? Array("sg00/def.json".utf8) : choices.octets(Int(choices.octet()) % 100)
                block.replaceSubrange(0..<name.count, with: name)
                let size = kind & 2 == 0 ? content.count : Int(choices.octet()) << 20
                block.replaceSubrange(124..<135, with: octal(size, 11))
                block[156] = choices.octet()
                block.replaceSubrange(148..<156, with: [UInt8](repeating: 32, count: 8))
                block.replaceSubrange(148..<154, with: octal(block.reduce(0) { $0 + Int($1) }, 6))
                block[154] = 0
                archive += block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
            }
        }
        header.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: 1, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: 1024, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: UInt64(archive.count), toByteOffset: 16, as: UInt64.self)
        }
        (header + archive).withUnsafeBytes { octets in
            guard let neff = try? NEFF(octets, path: "x", limit: 1 << 20) else { return }
            require((1...1024).contains(neff.cores), "\(neff.cores) cores")
            require(neff.weights >= 0, "\(neff.weights) octets of weights")
        }
    },
    FuzzTarget("wordpiece", longest: 300) { input in
        var choices = Choices(input)
        let limit = 2 + Int(choices.octet())
        let own = choices.octets(Int(choices.octet()))
        guard let tokenizer = own.isEmpty ? plainTokenizer : tokenizer(own) else { return }
        let ids = tokenizer.encodeWithMarks(String(decoding: choices.rest, as: UTF8.self), count: limit)
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
private func tokenizer(_ own: [UInt8]) -> Tokenizer? {
    let words = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nhello\n##lo\n!\n".utf8)
    return try? Tokenizer(vocabulary: words + own, subject: "vocabulary")
}

private let plainTokenizer = tokenizer([])

/// The one file in memory that inputs are written to; it has no name.
private let memoryFile: FileDescriptor? = {
    let path = "/dev/shm/ganglion-fuzz-\(getpid())"
    defer { unlink(path) }
    return try? FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
}()

/// Puts octets into a file and gives its path.
func inMemory(_ octets: [UInt8]) -> String? {
    guard let memoryFile, ftruncate(memoryFile.number, 0) == 0,
        pwrite(memoryFile.number, octets, octets.count, 0) == octets.count
    else { return nil }
    return "/proc/self/fd/\(memoryFile.number)"
}
