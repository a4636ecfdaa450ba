// Two texts that belong together, such as a question and what may answer it, as one sequence with token types.

/// Two texts as one sequence.
package struct EncodedPair: Equatable, Sendable {
    /// Numbers of tokens, marks included.
    package var ids: [Int32] = []
    /// The type of each.
    package var types: [Int32] = []
    /// Where each text's tokens are.
    package var texts = [0..<0, 0..<0]
}

extension Tokenizer {
    /// Marks around two texts together.
    package var pairMarkCount: Int { template.pairMarkCount }

    /// Two texts with the marks that belong to them.
    ///
    /// - Parameter count: how many tokens there may be, marks included: the longer text is cut off first (`longest_first`).
    package func encodePair(_ first: String, _ second: String, count: Int = .max) -> EncodedPair {
        let (one, two) = (encode(first), encode(second))
        let room = max(0, count - pairMarkCount)
        let lengths = Self.longestFirst(one.count, two.count, room: room)
        return pair(one.prefix(lengths.first), two.prefix(lengths.second))
    }

    /// Joins the tokens of two texts as the model's template says; without one, the second is of type 1.
    package func pair(_ first: ArraySlice<Int32>, _ second: ArraySlice<Int32>) -> EncodedPair {
        var result = EncodedPair()
        for (part, type) in template.pair?.parts ?? [(.text(0), 0), (.text(1), 1)] {
            let start = result.ids.count
            switch part {
            case .token(let id): result.ids.append(id)
            case .text(let number):
                result.ids += number == 0 ? first : second
                result.texts[number] = start..<result.ids.count
            }
            result.types += repeatElement(type, count: result.ids.count - start)
        }
        return result
    }

    /// How much is left of each of two texts: as `tokenizers` reckons, which for an odd room gives one more to the longer.
    static func longestFirst(_ first: Int, _ second: Int, room: Int) -> (first: Int, second: Int) {
        var (short, long) = (min(first, second), max(first, second))
        long = short > room ? short : max(short, room - short)
        if short + long > room {
            short = room / 2
            long = short + room % 2
        }
        return first > second ? (long, short) : (short, long)
    }
}
