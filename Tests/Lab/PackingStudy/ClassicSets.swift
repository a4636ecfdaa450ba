// The classic test sets of bin packing, made anew from their published definitions: whoever wants the very instances finds
// them in BPPLIB, whose licence does not let them lie here.

package import Packing

/// A class of instances.
package enum ClassicSet: String, CaseIterable, Sendable {
    /// Falkenauer (1996): sizes 20 to 100, bins of 150.
    case falkenauerUniform = "falkenauer-u"
    /// Falkenauer (1996): three items fill a bin of 1,000 exactly.
    case falkenauerTriplet = "falkenauer-t"
    /// Scholl, Klein and Jürgens (1997), first set: bins of 100, 120 or 150.
    case scholl1 = "scholl-1"
    /// Second set: bins of 1,000, sizes around a third to a ninth.
    case scholl2 = "scholl-2"
    /// Third set: bins of 100,000, 200 sizes from 20,000 to 35,000.
    case scholl3 = "scholl-3"
    /// Schwerin and Wäscher (1997): bins of 1,000, sizes 150 to 200.
    case schwerin
    /// Like Wäscher and Gau (1996): bins of 10,000.
    case waescher = "waescher-like"
    /// Like Schoenfield's Hard28 (2002): bins of 1,000, 160 to 200 sizes from 1 to 800.
    case hard = "hard28-like"

    /// How many items an instance has: those that the set is known with.
    package var sizes: [Int] {
        switch self {
        case .falkenauerUniform: [120, 250, 500, 1_000]
        case .falkenauerTriplet: [60, 120, 249, 501]
        case .scholl1, .scholl2: [50, 100, 200, 500]
        case .scholl3: [200]
        case .schwerin: [100, 120]
        case .waescher: [60, 120, 240]
        case .hard: [160, 180, 200]
        }
    }

    /// The instance of a number.
    package func instance(_ count: Int, number: Int) -> VectorProblem? {
        var random = PackingRandom(seed: UInt64(count * 1_000 + number))
        func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        switch self {
        case .falkenauerUniform:
            return try? VectorProblem(capacity: [150], sizes: (0..<count).map { _ in draw(20...100) })
        case .falkenauerTriplet:
            let sizes = (0..<count / 3).flatMap { _ -> [Int] in
                let first = draw(380...490)
                let second = draw(250...(1_000 - first) / 2)
                return [first, second, 1_000 - first - second]
            }
            return try? VectorProblem(capacity: [1_000], sizes: sizes)
        case .scholl1:
            let capacity = [100, 120, 150][number % 3]
            let least = [1, 20, 30][number / 3 % 3]
            return try? VectorProblem(capacity: [capacity], sizes: (0..<count).map { _ in draw(least...100) })
        case .scholl2:
            let mean = 1_000 / [3, 5, 7, 9][number % 4]
            let spread = [20, 50, 90][number / 4 % 3]
            let range = max(1, mean * (100 - spread) / 100)...mean * (100 + spread) / 100
            return try? VectorProblem(capacity: [1_000], sizes: (0..<count).map { _ in draw(range) })
        case .scholl3:
            return try? VectorProblem(
                capacity: [100_000], sizes: (0..<count).map { _ in draw(20_000...35_000) })
        case .schwerin:
            return try? VectorProblem(capacity: [1_000], sizes: (0..<count).map { _ in draw(150...200) })
        case .waescher:
            let most = [2_500, 3_300, 5_000][number % 3]
            return try? VectorProblem(capacity: [10_000], sizes: (0..<count).map { _ in draw(1...most) })
        case .hard:
            return try? VectorProblem(capacity: [1_000], sizes: (0..<count).map { _ in draw(1...800) })
        }
    }
}

/// Ten classes of two dimensions after Spieksma (1994) and Caprara and Toth (2001). Of class 9 only the size range is known to
/// us; its bins are made such that eight items fill one on average.
package enum VectorClasses {
    /// An instance of a class from 1 to 10.
    package static func instance(_ kind: Int, _ count: Int, number: Int) -> VectorProblem? {
        var random = PackingRandom(seed: UInt64((kind * 1_000 + count) * 100 + number))
        func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func pairs(_ range: ClosedRange<Int>) -> [Int] { (0..<2 * count).map { _ in draw(range) } }
        switch kind {
        case 1: return try? VectorProblem(capacity: [1_000, 1_000], sizes: pairs(100...400))
        case 2: return try? VectorProblem(capacity: [1_000, 1_000], sizes: pairs(1...1_000))
        case 3: return try? VectorProblem(capacity: [1_000, 1_000], sizes: pairs(200...800))
        case 4: return try? VectorProblem(capacity: [1_000, 1_000], sizes: pairs(50...200))
        case 5: return try? VectorProblem(capacity: [1_000, 1_000], sizes: pairs(25...100))
        case 6: return try? VectorProblem(capacity: [150, 150], sizes: pairs(20...100))
        case 7, 8:
            let sizes = (0..<count).flatMap { _ -> [Int] in
                let first = draw(20...100)
                return [first, kind == 7 ? draw(first - 10...first + 10) : draw(110 - first...130 - first)]
            }
            return try? VectorProblem(capacity: [150, 150], sizes: sizes)
        case 9:
            let sizes = pairs(100...400)
            let sums = [0, 1].map { first in
                stride(from: first, to: sizes.count, by: 2).reduce(0) { $0 + sizes[$1] }
            }
            let capacity = max(400, (sums[0] + sums[1]) * 4 / max(count, 1) + 1)
            return try? VectorProblem(capacity: [capacity, capacity], sizes: sizes)
        case 10:
            let sizes = (0..<count / 3).flatMap { _ -> [Int] in
                let lines = (0..<2).map { _ -> [Int] in
                    let first = draw(25...50)
                    let second = draw(max(10, 50 - first)...min(50, 90 - first))
                    return [first, second, 100 - first - second].shuffled(using: &random)
                }
                return (0..<3).flatMap { [lines[0][$0], lines[1][$0]] }
            }
            return try? VectorProblem(capacity: [100, 100], sizes: sizes)
        default: return nil
        }
    }

    /// Models of mixed sizes for chips of 7.4 GB and 83 %: MB, and hundredths of a percent.
    package static func mixed(_ count: Int, number: Int) -> VectorProblem? {
        var random = PackingRandom(seed: UInt64(count * 100 + number))
        let sizes = (0..<count).flatMap { _ in
            [Int.random(in: 100...799, using: &random), Int.random(in: 100...875, using: &random)]
        }
        return try? VectorProblem(capacity: [7_400, 8_300], sizes: sizes)
    }

    /// As many models as in the seed's picture, cut out of `bins` chips that are filled to the last MB: that is the optimum.
    package static func planted(bins: Int, models: Int, number: Int) -> VectorProblem? {
        var random = PackingRandom(seed: UInt64(bins * 1_000 + models * 10 + number))
        var sizes: [[Int]] = []
        for bin in 0..<bins {
            let count = models / bins + (bin < models % bins ? 1 : 0)
            var rest = [7_400, 8_300 - Int.random(in: 0...200, using: &random)]
            for left in stride(from: count, to: 0, by: -1) {
                let piece = rest.map {
                    left == 1 ? $0 : $0 / left * Int.random(in: 70...130, using: &random) / 100
                }
                sizes.append(piece)
                for dimension in 0..<2 { rest[dimension] -= piece[dimension] }
            }
        }
        return try? VectorProblem(
            capacity: [7_400, 8_300], sizes: sizes.shuffled(using: &random).flatMap { $0 })
    }
}
