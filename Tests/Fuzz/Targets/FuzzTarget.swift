// A target takes octets as a peer or a file would give them. Whatever they are, it must come to an end, stay within its
// limits and keep the promises that `require` states; a trap, a report of the address sanitizer or a broken promise is
// a finding.

/// One thing to fuzz.
struct FuzzTarget: Sendable {
    /// As on the command line, and of its file in Tests/Fuzz/Corpus.
    let name: String
    /// Octets of the longest input.
    let longest: Int
    let run: @Sendable ([UInt8]) -> Void

    init(_ name: String, longest: Int = 1024, run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.longest = longest
        self.run = run
    }

    static let all: [FuzzTarget] =
        hpackTargets + http2Targets + grpcTargets + protobufTargets + http1Targets + fileTargets
        + languageTargets + modelSourceTargets + planningTargets
}

/// Ends the process with a finding when a promise is broken.
func require(_ holds: Bool, _ promise: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError("broken promise: \(promise())")
}

/// Octets of an input that decide what happens, from its front; zeros when they are used up.
struct Choices {
    private var octets: ArraySlice<UInt8>

    init(_ octets: [UInt8]) { self.octets = octets[...] }

    var isEmpty: Bool { octets.isEmpty }
    /// What has not been taken.
    var rest: [UInt8] { Array(octets) }

    mutating func octet() -> UInt8 { octets.popFirst() ?? 0 }

    mutating func octets(_ count: Int) -> [UInt8] {
        defer { octets = octets.dropFirst(count) }
        return Array(octets.prefix(count))
    }
}

/// The octets in pieces of at most `size`.
func pieces(_ octets: [UInt8], _ size: Int) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: octets.count, by: max(1, size)).map {
        octets[$0..<min($0 + max(1, size), octets.count)]
    }
}

/// A digest of what happened, to compare two ways of doing the same.
struct Trace: Equatable {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ octets: some Sequence<UInt8>) {
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        add(octets.underestimatedCount)
    }

    mutating func add(_ number: some BinaryInteger) {
        hash = (hash ^ UInt64(truncatingIfNeeded: number)) &* 0x100_0000_01b3
    }
}
