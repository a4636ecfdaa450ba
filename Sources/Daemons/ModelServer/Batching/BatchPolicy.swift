// How the requests for one model are put together. The names that other servers have for the same things are read by
// `BatchPolicy+Names`.

/// What may be computed together, and how long a request may wait for others and for a group.
package struct BatchPolicy: Equatable, Sendable {
    /// Texts of one pass, at least 1.
    package var texts = 32
    /// Tokens of one pass, at least 1; a longer text goes alone. A program that takes fewer has the last word.
    package var tokens = 16_384
    /// Numbers of texts that the program likes best, in rising order; with a delay the largest of them ends it.
    package var preferred: [Int] = []
    /// How long the oldest request may wait for others while a group is idle.
    package var delay = Duration.zero
    /// Requests that may wait; 0 takes only what a group can begin at once.
    package var queueLimit = 256
    /// How long a request may wait for a group.
    package var timeout = Duration.seconds(60)
    /// How long a group may compute one pass; then it is taken for lost.
    package var computeTimeout = Duration.seconds(120)
    /// How long a group may take to take a model, whose weights may be large; then it is taken for lost.
    package var loadTimeout: Duration { computeTimeout * 10 }
    /// Levels of priority; 1 is the highest, and requests that name none have the middle one.
    package var priorities = 3

    /// Percent of the groups' time that the model is to have while others wait as well; nil for an equal part of what the
    /// others leave.
    package var share: Int?

    /// 32 texts, no delay, 256 requests, 60 seconds in the queue, 120 on a group.
    package init() {}

    /// The level of a request that names none.
    package var defaultPriority: Int { (priorities + 1) / 2 }

    /// The largest size that is preferred among so many texts; nil where none is.
    func preferredSize(of count: Int) -> Int? { preferred.last { $0 <= min(count, texts) } }
}
