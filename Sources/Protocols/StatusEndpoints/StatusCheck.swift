// What a probe asks, and what was found.

/// Which question a probe asks.
package enum StatusProbe: Equatable, Sendable {
    /// `/healthz`, `/livez`: would a restart help? A peer that is not there is no reason for one.
    case live
    /// `/readyz`: does the daemon do its work?
    case ready
}

/// One thing that was looked at for a probe.
package struct StatusCheck: Equatable, Sendable {
    /// What was looked at.
    package var name: String
    /// What is wrong with it, in one sentence; nil when it is well.
    package var fault: String?

    /// A check and what came of it.
    package init(name: String, fault: String?) {
        self.name = name
        self.fault = fault
    }

    /// `[+] name`, or `[-] name: fault`.
    var line: String { fault.map { "[-] \(name): \($0)\n" } ?? "[+] \(name)\n" }
}
