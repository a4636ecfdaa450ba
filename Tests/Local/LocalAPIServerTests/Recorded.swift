import SystemIO

/// What happened, in order, told from anywhere.
final class Recorded<Element: Sendable>: Sendable {
    private let elements = Lock<[Element]>([])

    func append(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }
}
