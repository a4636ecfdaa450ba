// State machines are tested as tables: what each event gives in each state, and which state comes next. A machine keeps
// its state to itself, so states are told apart by what they answer.

/// The table of a state machine that cannot be copied or looked into.
package struct StateTable<
    State: Hashable & CaseIterable & Sendable, Event: Hashable & CaseIterable & Sendable
>: Sendable {
    /// What an event gives, and the state that it leads to.
    package typealias Entry = (outcome: String, next: State)

    private let paths: @Sendable (State) -> [Event]
    private let run: @Sendable ([Event]) -> [String]
    private let rows: [State: [Event: Entry]]

    /// - Parameters:
    ///   - rows: an entry for each state and event.
    ///   - paths: the events that lead a new machine to a state.
    ///   - run: what a new machine answers to some events, one after the other.
    package init(
        _ rows: [State: [Event: Entry]], paths: @escaping @Sendable (State) -> [Event],
        run: @escaping @Sendable ([Event]) -> [String]
    ) {
        self.rows = rows
        self.paths = paths
        self.run = run
    }

    /// Where the machine is not as the table says, or the table says nothing: a sentence each.
    package var faults: [String] {
        State.allCases.flatMap { state in Event.allCases.flatMap { faults(state, $0) } }
    }

    private func faults(_ state: State, _ event: Event) -> [String] {
        guard let entry = rows[state]?[event] else {
            return ["the table says nothing of \(event) in \(state)"]
        }
        var faults: [String] = []
        let path = paths(state) + [event]
        let outcome = run(path).last ?? ""
        if outcome != entry.outcome {
            faults.append("\(event) in \(state) gives \(outcome), not \(entry.outcome)")
        }
        for probe in Event.allCases where run(path + [probe]).last != run(paths(entry.next) + [probe]).last {
            faults.append("\(event) in \(state) does not lead to \(entry.next): \(probe) tells")
        }
        return faults
    }
}
