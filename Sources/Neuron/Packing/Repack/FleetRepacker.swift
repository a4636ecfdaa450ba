// A fleet that runs is repacked by few moves: the instances that cost most for what they hold are given up, as many as can be,
// and their models find places on the others, which may each give a model or two away for it.

/// What becomes of a running fleet.
package struct FleetRepacking: Sendable {
    /// The instances with their models at the end: those that there were, in their order, then those that were bought. One that
    /// is given up has no places.
    package var instances: [FleetInstance]
    /// Numbers of the instances that are given up, ascending.
    package var closed: [Int]
    /// How many of the last instances are bought.
    package var bought: Int
    /// What happens one after the other: each model is loaded at its new place, which has room then, before it leaves the old.
    package var moves: [Move]
    /// What an hour costs before, in millionths.
    package var costBefore: Int
    /// What an hour costs after it, in millionths.
    package var cost: Int
    /// What an hour of any fleet for these models costs at least, in millionths.
    package var bound: Int

    /// A model's way.
    package struct Move: Equatable, Sendable {
        /// The model's index.
        package var model: Int
        /// Where it was; nil for one that had no place.
        package var from: Spot?
        /// Where it goes.
        package var to: Spot
    }

    /// A place on a fleet.
    package struct Spot: Hashable, Sendable {
        /// The instance's number.
        package var instance: Int
        /// The first of its units that are meant.
        package var start: Int
    }

    /// Moves of models that had a place: what the budget is about.
    package var moveCount: Int { moves.count { $0.from != nil } }
}

/// Repacks a fleet within a budget of moves.
package struct FleetRepacker: Sendable {
    /// The streams that search side by side, whatever the number of cores.
    static let streams = 4

    let problem: FleetProblem
    let instances: [FleetInstance]
    let budget: Int
    let seed: UInt64

    /// A repacker.
    ///
    /// - Parameters:
    ///   - instances: the fleet as it stands; models that are on none are new. One may hold more than it has room for.
    ///   - budget: how many moves are permitted, detours counted.
    package init(_ problem: FleetProblem, _ instances: [FleetInstance], budget: Int, seed: UInt64 = 1) {
        self.problem = problem
        self.instances = instances
        self.budget = max(budget, 0)
        self.seed = seed
    }

    /// Why there is no answer.
    package enum Fault: Error, Equatable {
        /// So many models have no room where they are, and the budget does not let all of them move.
        case budget(needed: Int)
    }

    /// Repacks.
    ///
    /// - Parameters:
    ///   - rounds: how often a failure is tried again, longer each time.
    ///   - control: when to stop; what has been found by then is the answer.
    ///   - progress: told of each better answer: its instances, what an hour of them costs, and the bound.
    package func solve(
        rounds: Int = 12, control: PackingControl = PackingControl(),
        progress: @Sendable (_ instances: Int, _ cost: Int, _ bound: Int) -> Void = { _, _, _ in }
    ) async throws(Fault) -> FleetRepacking {
        var course = try RepackCourse(self)
        while let attempt = course.next(rounds: rounds), !control.isOver {
            let found = await withTaskGroup(of: (Int, RepackCourse.Found?).self) { group in
                for stream in 0..<Self.streams {
                    let course = course
                    group.addTask { (stream, course.perform(attempt, stream: stream, control: control)) }
                }
                var all: [(Int, RepackCourse.Found)] = []
                for await (stream, found) in group { if let found { all.append((stream, found)) } }
                return all.min { ($0.1.steps.count, $0.0) < ($1.1.steps.count, $1.0) }?.1
            }
            // A cut-off attempt says nothing about what is possible.
            if found == nil, control.isOver { break }
            course.take(attempt, found)
            if found != nil { progress(course.instanceCount, course.cost, course.bound) }
        }
        return course.answer()
    }

    /// Repacks on this thread alone, with less effort: for one change among many.
    ///
    /// - Parameter level: how hard to try at most, from 0.
    package func solved(level: Int) throws(Fault) -> FleetRepacking {
        var course = try RepackCourse(self)
        while let attempt = course.next(rounds: level), attempt.level <= level {
            course.take(attempt, course.perform(attempt, stream: 0, control: PackingControl()))
        }
        return course.answer()
    }
}
