// A static program of ten megabytes starts by running much code once: runtime set-up, the command line, the first scan.
// Those pages stay mapped and count as the process's memory, although they are never run again.

internal import CLinux

/// The memory that this process holds for its code.
public enum ProgramMemory {
    /// Lets go of the pages of code and constants, and of free heap. What runs again is mapped again from the page
    /// cache, which costs one fault for each 64 KiB; what is never run again no longer counts.
    ///
    /// - Returns: octets of the program's read-only segments, resident or not; 0 where the kernel refused.
    @discardableResult
    public static func trim() -> Int { Int(ganglion_trim_program()) }

    /// Trims after `first`, when a service has settled, and then again and again: what is resident is what was used
    /// since.
    public static func keepTrimmed(
        on loop: EventLoop, after first: Duration = .seconds(10), interval: Duration = .seconds(30)
    ) {
        loop.schedule(after: first) {
            trim()
            keepTrimmed(on: loop, after: interval, interval: interval)
        }
    }
}
