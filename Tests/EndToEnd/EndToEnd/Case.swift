// A case is a sentence that must be true of a cluster, and what is done to find out. It passes by returning.

/// One case.
package struct Case: Sendable {
    /// The name that --filter and --skip choose by.
    package let name: String
    /// What must be true, in a sentence.
    package let sentence: String
    let run: @Sendable (CaseContext) async throws -> Void

    init(_ name: String, _ sentence: String, run: @escaping @Sendable (CaseContext) async throws -> Void) {
        self.name = name
        self.sentence = sentence
        self.run = run
    }
}

/// The cluster does not do what the case says.
struct CaseFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The case cannot be done on this cluster, or the suite may not.
struct LeftOut: Error, CustomStringConvertible {
    /// Why, and what would mend it.
    let description: String
    init(_ description: String) { self.description = description }
}

/// Fails the case with a sentence unless the condition holds.
func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(CaseFailure) {
    guard condition else { throw CaseFailure(sentence()) }
}

/// Fails the case where a verdict has found a fault.
///
/// - Parameter what: what the fault is of.
func accept(_ fault: String?, _ what: String) throws(CaseFailure) {
    if let fault { throw CaseFailure("\(what): \(fault)") }
}

extension Case {
    /// All cases, in the order in which they are run: what takes the cluster apart comes last.
    package static let all: [Case] =
        nodeCases + coreCases + containerCases + [churn] + healthCases + restartCases + modelServerCases
        + [claimCase] + scalingCases + schedulerCases + lifecycleCases

    /// The cases to run.
    ///
    /// - Parameters:
    ///   - filters: parts of names, any of which must be in a case's name; all cases where there are none.
    ///   - skips: parts of names, none of which may.
    package static func selected(from cases: [Case] = all, filters: [String], skips: [String]) -> [Case] {
        cases.filter { item in
            (filters.isEmpty || filters.contains { item.name.contains($0) })
                && !skips.contains { item.name.contains($0) }
        }
    }
}
