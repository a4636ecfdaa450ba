// "Did you mean ...?": the known word that takes the fewest changes, if they are few for a word of its length.

/// The candidate that is most like `word`, or nil when none is near; the first of equals.
public func nearest(to word: String, among candidates: [String]) -> String? {
    let allowed = max(2, word.count / 3)
    return
        candidates
        .map { (candidate: $0, distance: editDistance(Array(word), Array($0))) }
        .filter { $0.distance <= allowed && $0.distance < word.count }
        .min { $0.distance < $1.distance }?
        .candidate ?? candidates.first { word.count >= 3 && $0.hasPrefix(word) }
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    guard !left.isEmpty, !right.isEmpty, left.count <= 64, right.count <= 64 else {
        return max(left.count, right.count)
    }
    var before: [Int] = []
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var distance = min(
                previous[column] + (character == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1
            )
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                distance = min(distance, before[column - 1] + 1)
            }
            current.append(distance)
        }
        before = previous
        previous = current
    }
    return previous[right.count]
}
