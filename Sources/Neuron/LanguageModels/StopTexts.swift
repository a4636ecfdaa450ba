// Stops a text where one of some texts begins. A text may begin in one piece and end in another, so what may still become
// one is held back.

/// Looks for texts at which to stop.
struct StopTexts: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

    /// Takes the next piece.
    ///
    /// - Returns: what may be given, and whether one of the texts has come.
    mutating func take(_ piece: String) -> (text: String, hasStopped: Bool) {
        guard !stops.isEmpty else { return (piece, false) }
        held += Array(piece.utf8)
        var first: Int?
        for stop in stops {
            guard let place = Self.place(of: stop, in: held) else { continue }
            first = min(first ?? place, place)
        }
        if let first {
            defer { held = [] }
            return (String(decoding: held[..<first], as: UTF8.self), true)
        }
        let whole = held.count - unfinished
        defer { held.removeFirst(whole) }
        return (String(decoding: held[..<whole], as: UTF8.self), false)
    }

    /// What was held back, when nothing more comes.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// Octets at the end with which one of the texts may begin.
    private var unfinished: Int {
        var longest = 0
        for stop in stops {
            for count in stride(from: min(stop.count - 1, held.count), to: longest, by: -1)
            where held.suffix(count).elementsEqual(stop.prefix(count)) {
                longest = count
                break
            }
        }
        // Not to cut a character: a text begins where a character does.
        return longest
    }

    private static func place(of stop: [UInt8], in text: [UInt8]) -> Int? {
        guard text.count >= stop.count else { return nil }
        return (0...text.count - stop.count).first { text[$0...].starts(with: stop) }
    }
}
